"""Who came in, who failed to and what was refused to whom stands in the log, and nothing that was sent does."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.access.accounts import MAX_FAILURES
from core.access.models import Grant, Role
from core.database import Pool, pool_transaction
from core.http.traffic import Keeper
from riders.signup.codes.models import TRIES_A_CODE, WAIT_BETWEEN_CODES, WRONG_AN_HOUR
from tests.conftest import START, Client, Database, FakeClock, serving
from tests.riders.phones import Inbox
from tests.staff import Person, add_staff

PHONE, NONCE, TOKEN = (
    "13800005678",
    "device-nonce-0001",
    "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
)
HERE = {"address": "127.0.0.1"}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def town(database: Database, clock: FakeClock, tmp_path: Path, inbox: Inbox) -> AsyncIterator[Client]:
    async with serving(database, clock, tmp_path, sms=inbox) as started:
        yield started


@pytest_asyncio.fixture
async def wang(pool: Pool) -> Person:
    async with pool_transaction(pool) as conn:
        return await add_staff(conn, "wang", Grant(Role.SECRETARY, "370299/370299001"), now=START)


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> "Events":
    caplog.set_level(logging.INFO, logger="security")
    return Events(caplog)


class Events:
    """The security events that were noted, before they are summed up."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def take(self) -> list[tuple[str, dict[str, object]]]:
        taken = [(record.getMessage(), record.facts) for record in self._caplog.records if hasattr(record, "facts")]
        self._caplog.clear()
        return taken


async def test_a_failed_and_a_successful_sign_in_of_staff_name_the_account_and_the_address(
    town: Client, wang: Person, events: Events
) -> None:
    tried = {"route": "POST /api/v1/session"} | HERE
    failed = tried | {"status": 401, "problem": "wrong-sign-in", "caller": "anonymous"}
    await town.post("/api/v1/session", json={"username": "wang", "password": "not his"})
    assert [("proof failed", failed | {"account_id": wang.id})] == events.take()
    await town.post("/api/v1/session", json={"username": "nobody here", "password": "not his"})
    assert [("proof failed", failed)] == events.take()
    await town.post("/api/v1/session", json=wang.body())
    assert [("signed in", tried | {"caller": "staff", "caller_id": wang.id})] == events.take()


async def test_locks_are_told_of_staff_and_of_phones(
    town: Client, wang: Person, events: Events, inbox: Inbox, clock: FakeClock
) -> None:
    for _ in range(MAX_FAILURES):
        await town.post("/api/v1/session", json={"username": "wang", "password": "not his"})
    assert [{"caller": "staff", "caller_id": wang.id}] == [_without_origin(facts) for facts in _locks(events)]
    for _ in range(WRONG_AN_HOUR // TRIES_A_CODE):
        await town.post("/api/v1/riders/codes", json={"phone": PHONE, "device_nonce": NONCE})
        for _ in range(TRIES_A_CODE):
            await town.post(
                "/api/v1/riders/sessions", json={"phone": PHONE, "device_nonce": NONCE, "code": inbox.wrong_code}
            )
        clock.advance(WAIT_BETWEEN_CODES)
    assert [{"caller": "rider"}] == [_without_origin(facts) for facts in _locks(events)]


async def test_a_failed_and_a_successful_sign_in_of_a_rider_are_told_without_his_phone(
    town: Client, events: Events, inbox: Inbox
) -> None:
    asked = {"phone": PHONE, "device_nonce": NONCE}
    await town.post("/api/v1/riders/codes", json=asked)
    await town.post("/api/v1/riders/sessions", json=asked | {"code": inbox.wrong_code})
    ((what, failed),) = events.take()
    assert ("proof failed", "code-not-accepted", 422) == (what, failed["problem"], failed["status"])
    answer = await town.post("/api/v1/riders/sessions", json=asked | {"code": inbox.code})
    rider = (await answer.json())["rider_id"]
    entered = {"route": "POST /api/v1/riders/sessions", "caller": "rider", "caller_id": rider} | HERE
    assert [("signed in", entered)] == events.take()


async def test_what_is_refused_is_told_with_who_asked_and_what_for(town: Client, wang: Person, events: Events) -> None:
    tokens = await (await town.post("/api/v1/session", json=wang.body())).json()
    here = {"Authorization": f"Bearer {tokens['access']}"}
    events.take()
    wang_asks = {"caller": "staff", "caller_id": wang.id} | HERE
    for path, headers, facts in [
        ("/api/v1/cases", {}, {"status": 401, "caller": "anonymous", "route": "GET /api/v1/cases"} | HERE),
        ("/api/v1/audit", here, {"status": 403, "route": "GET /api/v1/audit"} | wang_asks),
        ("/api/v1/cases/4711", here, {"status": 404, "route": "GET /api/v1/cases/{case_id}"} | wang_asks),
    ]:
        answer = await town.get(path, headers=headers)
        assert facts["status"] == answer.status
        ((what, told),) = events.take()
        assert ("refused", facts) == (what, {name: told[name] for name in told if name != "problem"})


async def test_too_many_requests_are_told_though_nobody_has_looked_who_asks(
    database: Database, clock: FakeClock, tmp_path: Path, events: Events
) -> None:
    async with serving(database, clock, tmp_path, keeper=Keeper(connections=10, clock=lambda: 0.0)) as town:
        statuses = [(await town.get("/api/v1/riders/challenge")).status for _ in range(61)]
    assert [429] == statuses[60:]
    told = {"status": 429, "problem": "too-many-requests", "route": "GET /api/v1/riders/challenge"} | HERE
    assert [("refused", told)] == events.take()


async def test_an_address_that_is_no_route_is_noise_and_no_event(town: Client, events: Events) -> None:
    assert 404 == (await town.get("/wp-login.php")).status
    assert [] == events.take()


async def test_nothing_that_was_sent_stands_in_an_event(town: Client, wang: Person, events: Events) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    await town.post("/api/v1/session", json={"username": "wang", "password": "secret words of his"})
    await town.post("/api/v1/session", json={"username": "typed password", "password": "x"})
    await town.post("/api/v1/session/refresh", json={"refresh": TOKEN})
    await town.get(f"/api/v1/appeals/{TOKEN}")
    await town.get("/api/v1/verification-tasks?lon=120.123456&lat=36.123456", headers=bearer)
    await town.post("/api/v1/riders/sessions", json={"phone": PHONE, "device_nonce": NONCE, "code": "654321"})
    told = events.take()
    assert 6 == len(told)
    sent = ("wang", "secret", "typed", TOKEN, "120.123", "36.123", PHONE, NONCE, "654321")
    assert [] == [word for word in sent if word in str(told)]


def _locks(events: Events) -> list[dict[str, object]]:
    return [facts for what, facts in events.take() if what == "locked"]


def _without_origin(facts: dict[str, object]) -> dict[str, object]:
    return {name: fact for name, fact in facts.items() if name not in ("route", "address")}
