"""OpenAPI 3.1 out of the routes page and the handlers' annotations: what is documented is what runs."""

import inspect
from collections import Counter
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from core.http.endpoint import Route, Signature, read_signature

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `errors` names each wrong field by JSON pointer.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

#: A tuple in the program, and an object on the wire (`core.http.endpoint.to_json`).
_TEXT = {
    "type": "object",
    "description": "Words in both languages.",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}


def describe(routes: tuple[Route, ...], *, title: str, version: str, description: str) -> dict[str, Any]:
    """Describe every route; raises where a handler's annotations cannot be described."""
    signatures = [read_signature(route) for route in routes]
    schemas, components = _schemas(signatures)
    names = Counter(route.handler.__name__ for route in routes)
    paths: dict[str, dict[str, Any]] = {}
    for route, signature in zip(routes, signatures, strict=True):
        operation = _operation(route, signature, schemas)
        if names[route.handler.__name__] > 1:
            operation["operationId"] = f"{route.handler.__module__.split('.')[0]}_{route.handler.__name__}"
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components | {"Problem": _PROBLEM, "Text": _TEXT},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(signatures: list[Signature]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Give the schema of every body and answer by its type, and the definitions they refer to."""
    inputs = [model for signature in signatures for model in (signature.query, signature.body) if model is not None]
    by_model, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(inputs)], ref_template=_REF
    )
    answers = [signature.answer for signature in signatures if signature.answer not in (None, type(None))]
    by_answer, answer_definitions = TypeAdapter.json_schemas(
        [(answer, "serialization", TypeAdapter(answer)) for answer in dict.fromkeys(answers)], ref_template=_REF
    )
    schemas: dict[Any, Any] = {model: schema for (model, _), schema in by_model.items()}
    schemas |= {answer: schema for (answer, _), schema in by_answer.items()}
    components = definitions.get("$defs", {}) | answer_definitions.get("$defs", {})
    return schemas, dict(sorted(components.items()))


def _operation(route: Route, signature: Signature, schemas: dict[Any, Any]) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(route.handler.__doc__ or route.handler.__name__).partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "tags": [route.handler.__module__.split(".")[0]],
        "summary": summary,
        "description": (rest.strip() + f"\n\nWho may call: {route.policy.name}.").strip(),
        "responses": {
            str(route.status): _answer(route, signature, schemas),
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if "anonymous" not in route.policy.kinds:
        operation["security"] = [{"bearer": []}]
    parameters = _path_parameters(signature) + _query_parameters(signature.query)
    if parameters:
        operation["parameters"] = parameters
    if signature.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[signature.body]}},
        }
    elif route.accepts:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.accepts, binary)}
    return operation


def _answer(route: Route, signature: Signature, schemas: dict[Any, Any]) -> dict[str, Any]:
    if signature.answer in (None, type(None)):
        return {"description": "Done" if route.status != 204 else "Done, nothing to say"}
    schema = schemas.get(signature.answer, {"type": "string"})
    return {"description": "Done", "content": {route.media_type: {"schema": schema}}}


def _path_parameters(signature: Signature) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}
        for name, adapter in signature.path.items()
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inline(property_schema, definitions),
        }
        | ({"description": property_schema["description"]} if "description" in property_schema else {})
        for name, property_schema in schema.get("properties", {}).items()
    ]


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """Put definitions of enums and the like in place, as query parameters have no components of their own."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inline(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inline(value, definitions) for key, value in schema.items() if key != "description"}
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    return schema
