"""The description for machines: OpenAPI 3.1, without warnings, each answer with an example that is one."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def contents(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body that is sent or answered as JSON on success, with where it stands."""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            bodies = {"request": operation.get("requestBody", {})}
            bodies |= {code: body for code, body in operation["responses"].items() if code.startswith("2")}
            for kind, body in bodies.items():
                if found := body.get("content", {}).get("application/json"):
                    yield f"{method} {path} {kind}", found


def test_the_description_is_valid_and_complete(description: dict[str, Any]) -> None:
    validate_schema(description)
    assert description["openapi"].startswith("3.1")
    assert not GENERATOR_STATS


def test_each_body_has_an_example_of_its_own_shape(description: dict[str, Any]) -> None:
    seen = 0
    for where, content in contents(description):
        assert content.get("examples"), f"{where} has no example"
        schema = {**content["schema"], "components": description["components"]}
        for example in content["examples"].values():
            jsonschema.Draft202012Validator(schema).validate(example["value"])
            seen += 1
    assert seen >= 20
