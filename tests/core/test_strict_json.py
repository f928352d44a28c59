"""JSON that two readers could read differently, and names that look like others."""

import json
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from core.http.fields import SHOWN
from core.http.problems import MalformedBody
from core.http.strict_json import MOST_DEPTH, read_json
from core.text import drop_invisible

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    SCALARS, lambda parts: st.lists(parts, max_size=5) | st.dictionaries(NAMES, parts, max_size=5), max_leaves=30
)


@given(VALUES, st.booleans())
def test_whatever_is_plain_json_is_read_as_it_was_meant(value: object, as_ascii: bool) -> None:
    assert value == read_json(json.dumps(value, ensure_ascii=as_ascii).encode())


@given(NAMES, SCALARS, SCALARS, st.integers(0, 10))
def test_a_name_given_twice_is_refused_however_deep_and_however_it_is_spelt(
    name: str, first: object, second: object, depth: int
) -> None:
    spelt = '"' + "".join(f"\\u{ord(sign):04x}" if ord(sign) < 2**16 else sign for sign in name) + '"'
    pair = f"{{{json.dumps(name)}: {json.dumps(first)}, {spelt}: {json.dumps(second)}}}"
    with pytest.raises(MalformedBody):
        read_json(("[" * depth + pair + "]" * depth).encode())


@given(st.integers().filter(lambda number: not -(2**63) <= number < 2**63) | st.integers(2**63, 2**200))
def test_an_integer_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(MalformedBody):
        read_json(f'{{"count": [{number}]}}'.encode())


@given(st.integers(1, 200), st.booleans())
def test_nesting_ends_at_32(depth: int, of_objects: bool) -> None:
    body = '{"a":' * depth + "1" + "}" * depth if of_objects else "[" * depth + "]" * depth
    if depth <= MOST_DEPTH:
        assert read_json(body.encode()) is not None
    else:
        with pytest.raises(MalformedBody):
            read_json(body.encode())


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    try:
        value = read_json(raw)
    except MalformedBody:
        return
    assert json.loads(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"NaN",
        b'{"a": Infinity}',
        b"[-Infinity]",
        b"[1e999]",
        b'"\\ud800"',
        b'"\\u0000"',
        b'"\x00"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[1,]",
        b"{'a': 1}",
        b"[01]",
        b"[%s]" % (b"9" * 5000),
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_what_is_no_json_or_holds_what_cannot_be_kept_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        read_json(raw)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert [[]] * 100 == read_json(json.dumps([[]] * 100).encode())


def test_digits_within_words_are_no_number() -> None:
    assert {"id": "9" * 40, "x": 0.1} == read_json(b'{"id": "%s", "x": 0.1}' % (b"9" * 40))


@given(st.text())
def test_nothing_invisible_is_left_in_a_name(text: str) -> None:
    kept = drop_invisible(text)
    assert kept == drop_invisible(kept)
    assert not set("\u200b\u2066\u202a\u202e\ufeff\n\r\t\0") & set(kept)


class Named(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=3), SHOWN]


def test_a_name_is_composed_and_without_what_turns_it_round() -> None:
    assert "\xe9" == Named(name="\u202ee\u200b\u0301").name


@pytest.mark.parametrize("name", ["\u200b\u202e ", 5])
def test_a_name_of_nothing_one_can_see_is_empty(name: object) -> None:
    with pytest.raises(ValueError, match="name"):
        Named.model_validate({"name": name})
