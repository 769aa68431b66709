"""Sentences that modules make about what is wrong, and whether they have their German."""

import ast
import gettext
import re
from collections.abc import Iterable
from pathlib import Path

from kernel.phrases import PhraseBook

ROOT = Path(__file__).resolve().parents[3]
GERMAN = gettext.translation("django", ROOT / "locale", ["de"])
IN_A_PLACE = "x7"
LEADING_PLACE = re.compile(r"^x7(: )?(?=['A-Zt])")


def phrase_book() -> PhraseBook:
    """All phrases of the room, read from the text: to import them would need settings."""
    listed = [
        node.args[0].value
        for path in sorted((ROOT / "billing" / "selectors").glob("*phrases.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "gettext_noop"
        and isinstance(node.args[0], ast.Constant)
    ]
    return PhraseBook.of(*listed)


def unsaid(sentences: Iterable[str]) -> list[str]:
    """Those that nothing says in German."""
    book = phrase_book()

    def is_said(text: str) -> bool:
        return book.german(text, GERMAN.gettext) not in (None, text)

    return [text for text in sentences if not (is_said(text) or is_said(LEADING_PLACE.sub("", text)))]


def sentences_of(path: Path, *callers: str) -> list[str]:
    """The last argument of each call of `callers` in a module, as a sentence with something in its places; constants by their value."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    told = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in callers and node.args:
            last = node.args[-1]
            if isinstance(last, ast.Constant):
                told.append(str(last.value))
            elif isinstance(last, ast.JoinedStr):
                told.append("".join(str(v.value) if isinstance(v, ast.Constant) else IN_A_PLACE for v in last.values))
            elif isinstance(last, ast.Name) and last.id in constants:
                told.append(constants[last.id])
    return told
