"""Whether an answer is what the OpenAPI document says: no field beyond those named, each of the type it names."""

import copy
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from app.docs_page import openapi_document
from tests.acceptance.matrix.row import Row


def asks_for(row: Row, method: str, path: str) -> bool:
    """Tell whether a row is a question to this route."""
    asked, parts = row.path.partition("?")[0].split("/"), path.split("/")
    return (
        row.method == method
        and len(asked) == len(parts)
        and all(part.startswith("{") or part == word for word, part in zip(asked, parts, strict=True))
    )


def beyond_description(row: Row, status: int, answer: Any) -> list[str]:
    """Say where an answer of success is not what its description says."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator(row.ask, status).iter_errors(answer)]


@cache
def _document() -> dict[str, Any]:
    """Give the document with every object closed: a field that is not named may not be there."""
    document = copy.deepcopy(openapi_document())
    _close(document["components"])
    return document


def _close(schema: Any) -> None:
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _close(each)
    if isinstance(schema, dict) and schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)


@cache
def _validator(ask: str, status: int) -> Draft202012Validator:
    document, row = _document(), Row(ask, frozenset(), frozenset())
    found = [path for path in document["paths"] if asks_for(row, row.method, path)]
    path = min(found, key=lambda each: each.count("{"))  # /cases/bulk is not a case called bulk
    content = document["paths"][path][row.method.lower()]["responses"][str(status)]["content"]
    return Draft202012Validator(content["application/json"]["schema"] | {"components": document["components"]})
