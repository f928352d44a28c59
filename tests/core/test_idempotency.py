"""What a client's key may look like."""

import pytest

from core.idempotency import IdempotencyKeyNotValid, check_key


@pytest.mark.parametrize("key", ["0192f0c1-7d1e-7c4b-9c1a-2f6f0a5f7c11", "my-first-report", "a" * 8, "a" * 64])
def test_a_uuid_and_other_safe_words_are_keys(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["", "short", "a" * 65, "with space", "换一个键试试看", "line\nbreak1"])
def test_anything_else_is_no_key(key: str) -> None:
    with pytest.raises(IdempotencyKeyNotValid):
        check_key(key)
