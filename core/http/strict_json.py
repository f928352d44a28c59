"""JSON as we take it, stricter than its parsers are: what two readers could read differently is refused.

orjson tells what is JSON at all: UTF-8 without a byte order mark, no NaN or Infinity, no half surrogates. It keeps the
last of two equal names and makes a float of a number that is too long, both without a word; so the standard library
reads the text once more and only looks at those. For a body of 200 bytes both together take about 7 µs.
"""

import json

import orjson

from core.errors import Text
from core.http.problems import MalformedBody

MOST_DEPTH = 32

_BIGINT = 2**63


def read_json(raw: bytes) -> object:
    """Parse a body. Raises `MalformedBody`, which says what is wrong with it."""
    if b"\\u0000" in raw:  # PostgreSQL cannot store one
        raise MalformedBody(reason=Text("含有空字符", "it holds a NUL character"))
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(reason=str(error)) from None
    # As many brackets as this at least make it so deep; most bodies need not be walked.
    if raw.count(b"{") + raw.count(b"[") > MOST_DEPTH and not _is_flat(value, MOST_DEPTH):
        raise MalformedBody(reason=Text(f"嵌套超过 {MOST_DEPTH} 层", f"it is nested deeper than {MOST_DEPTH}"))
    _SECOND_READER.decode(raw.decode())
    return value


def _is_flat(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_is_flat(part, levels - 1) for part in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_is_flat(part, levels - 1) for part in value)
    return True


def _refuse_repeated_names(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise MalformedBody(reason=Text("同一对象中字段名重复", "an object names a field twice"))


def _refuse_long_numbers(digits: str) -> None:
    if len(digits) > 20 or not -_BIGINT <= int(digits) < _BIGINT:  # Python itself fails above 4,300 digits
        raise MalformedBody(reason=Text("整数超出 64 位", "an integer is beyond 64 bits"))


_SECOND_READER = json.JSONDecoder(object_pairs_hook=_refuse_repeated_names, parse_int=_refuse_long_numbers)
