"""Consent is per purpose and version, and can be taken back."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from core.access.models import Actor
from core.database import Connection
from riders.errors import ConsentNeeded, ConsentTextChanged
from riders.signup.consents import REPORT_LOCATION, decide_consent, list_consents, require_consents

AddRider = Callable[..., Awaitable[Actor]]
NEEDED = [(REPORT_LOCATION, "/point")]


async def decide(conn: Connection, rider: Actor, now: datetime, *, is_given: bool, version: int = 1) -> None:
    await decide_consent(conn, actor=rider, purpose=REPORT_LOCATION, version=version, is_given=is_given, now=now)


async def publish_version_two(conn: Connection) -> None:
    await conn.execute(
        """
        insert into consent_purpose (district_id, code, version, title_zh, title_en, text_zh, text_en, published_at)
        select district_id, code, 2, title_zh, title_en, '新', 'new', published_at
        from consent_purpose where code = $1
        """,
        REPORT_LOCATION,
    )


async def test_nothing_is_agreed_to_before_the_rider_says_so(conn: Connection, add_rider: AddRider) -> None:
    consents = await list_consents(conn, actor=await add_rider(conn, agrees=False))
    assert {"basic_service", "identity", "look_location", "photo", "report_location"} == {
        consent.purpose for consent in consents
    }
    assert not any(consent.is_in_force for consent in consents)


async def test_a_given_consent_is_in_force_until_it_is_withdrawn(
    conn: Connection, add_rider: AddRider, now: datetime
) -> None:
    rider = await add_rider(conn, agrees=False)
    await decide(conn, rider, now, is_given=True)
    await require_consents(conn, actor=rider, needed=NEEDED)
    await decide(conn, rider, now, is_given=False)
    with pytest.raises(ConsentNeeded):
        await require_consents(conn, actor=rider, needed=NEEDED)


async def test_every_decision_is_kept(conn: Connection, add_rider: AddRider, now: datetime) -> None:
    rider = await add_rider(conn, agrees=False)
    for is_given in (True, False, True):
        await decide(conn, rider, now, is_given=is_given)
    kept = await conn.fetch("select is_given from consent where rider_id = $1 order by id", rider.id)
    assert [True, False, True] == [row["is_given"] for row in kept]


async def test_a_new_text_asks_again(conn: Connection, add_rider: AddRider, now: datetime) -> None:
    rider = await add_rider(conn)
    await publish_version_two(conn)
    with pytest.raises(ConsentNeeded):
        await require_consents(conn, actor=rider, needed=NEEDED)
    await decide(conn, rider, now, is_given=True, version=2)
    await require_consents(conn, actor=rider, needed=NEEDED)


@pytest.mark.parametrize("version", [2, 99])
async def test_a_text_that_is_not_the_newest_cannot_be_agreed_to(
    conn: Connection, add_rider: AddRider, now: datetime, version: int
) -> None:
    rider = await add_rider(conn)
    with pytest.raises(ConsentTextChanged):
        await decide(conn, rider, now, is_given=True, version=version)


async def test_an_old_text_cannot_be_agreed_to_any_more(conn: Connection, add_rider: AddRider, now: datetime) -> None:
    rider = await add_rider(conn)
    await publish_version_two(conn)
    with pytest.raises(ConsentTextChanged):
        await decide(conn, rider, now, is_given=True, version=1)


async def test_one_riders_consent_is_not_anothers(conn: Connection, add_rider: AddRider) -> None:
    await add_rider(conn)
    other = await add_rider(conn, "+8613800000002", agrees=False)
    with pytest.raises(ConsentNeeded):
        await require_consents(conn, actor=other, needed=NEEDED)
