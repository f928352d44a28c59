"""Which addresses are this machine alone, and what goes to another only encrypted."""

import logging

import pytest

from app.boot import check_encrypted, is_loopback
from app.settings import SettingRefused, Settings


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("::ffff:0.0.0.0", False),
        ("192.168.1.2", False),
        ("station.example.org", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host: str, alone: bool) -> None:
    assert alone == is_loopback(host)


HERE = [
    "postgresql://app:x@127.0.0.1/station",
    "postgresql://app:x@[::1]:5433/station",
    "postgresql://app:x@localhost:5432/station",
    "postgresql://app:x@%2Frun%2Fpostgresql/station",
    "postgresql://app:x@/station?host=/run/postgresql",
    "postgresql:///station",
]
AWAY = [
    "postgresql://app:x@db.example.org/station",
    "postgresql://app:x@10.0.0.7:5432/station",
    "postgresql://app:x@[2001:db8::1]/station",
    "postgresql://app:x@127.0.0.1,db.example.org/station",
    "postgresql://app:x@/station?host=db.example.org",
    "postgresql:///station?service=district",
]


@pytest.mark.parametrize("url", HERE)
def test_a_database_on_this_machine_needs_no_tls(url: str) -> None:
    check_encrypted(Settings(database_url=url, owner_url=url, sweeper_url=url))


@pytest.mark.parametrize("url", AWAY)
@pytest.mark.parametrize("mode", ["", "disable", "allow", "prefer"])
@pytest.mark.parametrize("field", ["database_url", "owner_url", "sweeper_url"])
def test_a_database_elsewhere_is_refused_unless_tls_is_asked_for(url: str, mode: str, field: str) -> None:
    asked = f"{url}{'&' if '?' in url else '?'}sslmode={mode}" if mode else url
    with pytest.raises(SettingRefused, match="sslmode=verify-full") as refused:
        check_encrypted(Settings(**{"database_url": HERE[0], field: asked}))  # type: ignore[arg-type]
    assert ":x@" not in str(refused.value)


@pytest.mark.parametrize(("mode", "warned"), [("require", True), ("verify-ca", False), ("verify-full", False)])
def test_encryption_without_a_look_at_the_certificate_is_warned_of(
    mode: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check_encrypted(Settings(database_url=f"{AWAY[0]}?sslmode={mode}"))
    assert warned == ("verify-full" in caplog.text)
