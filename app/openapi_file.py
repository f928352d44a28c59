"""Writes the OpenAPI description as `docs/openapi.yaml`. Needs PyYAML, which only developers have."""

from typing import Any

import yaml


def to_yaml(document: dict[str, Any]) -> str:
    """Write `document` as YAML, in the order of the routes page."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
