"""From a report's facts to PDF bytes, by typst; the same facts give the same bytes."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

TEMPLATE = Path(__file__).resolve().parent / "report.typ"


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One compiler for the life of the process: fonts are read once."""
    return typst.Compiler(root=str(TEMPLATE.parent), font_paths=[str(settings.DOCUMENT_FONTS)], ignore_system_fonts=True)


def render_report(content: dict[str, Any], *, made_at: int) -> bytes:
    """Render content (see `grid.selectors.event_paper`) as PDF; `made_at` [Unix s] stands as its date inside."""
    result = _compiler().compile(
        str(TEMPLATE), format="pdf", timestamp=made_at, sys_inputs={"content": json.dumps(content, ensure_ascii=False)}
    )
    assert isinstance(result, bytes)
    return result
