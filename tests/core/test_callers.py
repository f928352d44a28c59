"""Whose word about a caller's address is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http.callers import Proxies, read_networks

BEHIND_ONE = Proxies(read_networks("127.0.0.1, 10.0.0.0/8,2001:db8:1::/48"))


@given(st.lists(st.text(max_size=40) | st.ip_addresses().map(str), max_size=5))
def test_without_a_trusted_proxy_no_header_has_any_effect(invented: list[str]) -> None:
    assert "203.0.113.7" == Proxies().caller_of("203.0.113.7", invented)
    assert "203.0.113.7" == BEHIND_ONE.caller_of("203.0.113.7", invented)


@given(st.lists(st.text(max_size=40) | st.ip_addresses().map(str), max_size=5))
def test_what_a_caller_invents_stands_before_what_the_proxy_wrote_and_has_no_effect(invented: list[str]) -> None:
    assert "203.0.113.7" == BEHIND_ONE.caller_of("127.0.0.1", [", ".join([*invented, "203.0.113.7"])])
    assert "203.0.113.7" == BEHIND_ONE.caller_of("127.0.0.1", [*invented, "203.0.113.7"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        ("127.0.0.1", ["10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7, 198.51.100.9:443, 10.1.2.3"], "10.1.2.3"),
        ("::ffff:127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("2001:db8:5:6:7:8:9:a", [], "2001:db8:5:6::/64"),
        ("2001:db8:1::5", ["2001:db8:5:6:ffff:8:9:a"], "2001:db8:5:6::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["203.0.113.7"], ""),
    ],
)
def test_the_caller_is_the_last_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert expected == BEHIND_ONE.caller_of(peer, forwarded)


def test_a_proxy_that_was_not_named_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    proxies = Proxies()
    for _ in range(3):
        proxies.caller_of("10.1.2.3", ["203.0.113.7"])
    assert 1 == caplog.text.count("STATION_TRUSTED_PROXIES")
