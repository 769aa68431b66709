"""From a document's content to PDF bytes, by typst; the same content gives the same bytes."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).resolve().parent / "document.typ"


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One compiler for the life of the process: fonts are read once."""
    return typst.Compiler(
        root=str(TEMPLATE.parent), font_paths=[str(TEMPLATE.parent / "fonts")], ignore_system_fonts=True
    )


def render_pdf(content: dict[str, Any], *, issued_at: int) -> bytes:
    """Render content (see `billing.selectors.paper`) as PDF; `issued_at` [Unix s] stands as its date inside."""
    result = _compiler().compile(
        str(TEMPLATE),
        format="pdf",
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=issued_at,
    )
    assert isinstance(result, bytes)
    return result
