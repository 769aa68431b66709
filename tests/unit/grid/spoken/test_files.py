"""What readers of files of readings find wrong has German, with the same figures in it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from grid.domain.spoken.book import BOOK
from grid.domain.spoken.files import ROWS, STEPS, WHOLE
from kernel.phrases import PLACE

ENERGY = Path(__file__).resolve().parents[4] / "energy"
READERS = [
    *sorted((ENERGY / "adapters").glob("readings_*.py")),
    ENERGY / "adapters" / "delimited_text.py",
    ENERGY / "domain" / "day_folding.py",
    ENERGY / "services" / "import_staging.py",
    ENERGY / "services" / "imports.py",
]
TELLERS = {"CannotReadFile", "CannotImport", "RowProblem", "_tell", "self._tell", "tell"}
FILLED = {"n": "7", "q": "has errors", None: "Elm"}


def texts(node: ast.expr) -> Iterator[str]:
    """A sentence with a figure, or with a name, in its places."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (node.value.replace("{:g}", "7").replace("{}", "Elm"),)
    elif isinstance(node, ast.JoinedStr):
        for filled in ("7", "Elm"):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else filled for v in node.values).replace("{}", "Elm")


def told() -> Iterator[tuple[str, list[str]]]:
    for path in READERS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TELLERS:
                for one in node.args:
                    found = [text for text in texts(one) if " " in text and "/" not in text.split(" ")[0]]
                    if found:
                        yield f"{path.name}:{node.lineno}", found


def test_each_sentence_of_a_reader_is_said() -> None:
    found = list(told())
    assert len(found) > 50
    unsaid = [(place, tried[0]) for place, tried in found if all(BOOK.german(text) in (None, text) for text in tried)]
    assert unsaid == []


@pytest.mark.parametrize("phrase", [*WHOLE, *STEPS, *ROWS], ids=lambda phrase: phrase.english[:40])
def test_a_sentence_is_read_back_with_its_places(phrase) -> None:
    english = PLACE.sub(lambda place: FILLED[place[2]], phrase.english)
    german = BOOK.german(english)
    assert german
    assert german != english
    assert german.count("7") == english.count("7")
    assert german.count("Elm") == english.count("Elm")
