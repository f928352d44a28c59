"""What is kept how long: told to anybody, set within bounds, and gone when its time is over, not before."""

import asyncio
from datetime import timedelta
from typing import Any

from app.retention import SWEPT, sweep_retention
from core.database import pool_transaction
from core.files import place_of
from core.privacy.retention import get_spans
from tests.conftest import DISTRICT
from tests.riders.privacy.people import Town, rows
from tests.riders.privacy.village import Caller

RETENTION = "/retention"


def admin(town: Town, position: str = "whole") -> Caller:
    return town.caller(f"district_admin/{position}")


async def end_cases(town: Town) -> None:
    """End what is open in the community, looks too, so that the time of everything begins to run."""
    sql = """
        update community_case set state = 'voided', closed_at = $1 where closed_at is null and area_path is not null
        returning id
    """
    assert await rows(town.pool, sql, town.clock())
    sql = """
        update verification_task set state = 'cancelled', accept_until = null
        where state in ('open', 'accepted', 'fallback')
        returning id
    """
    assert await rows(town.pool, sql)


async def days_later(town: Town, days: float) -> None:
    town.clock.advance(timedelta(days=days))
    await sweep_retention(town.client.app)


async def one(town: Town, sql: str, *values: Any) -> Any:
    ((value,),) = await rows(town.pool, sql, *values)
    return value


async def test_anybody_may_read_what_is_kept_how_long(town: Town) -> None:
    told = await town.caller("anonymous/none").do("GET", RETENTION)
    by_purpose = {rule["purpose"]: rule for rule in told["rules"]}
    assert (30, 1, 180) == tuple(by_purpose["phone_positions"][key] for key in ("days", "least_days", "most_days"))
    assert None is by_purpose["audit"]["days"]
    assert all(rule["zh"] and rule["en"] for rule in told["rules"])


async def test_whatever_has_a_time_is_swept(town: Town) -> None:
    async with pool_transaction(town.pool) as conn:
        purposes = set(await get_spans(conn, district_id=DISTRICT))
    assert purposes == set(SWEPT) | {"sign_in_codes", "sessions", "bulk_answers"}


async def test_it_is_set_within_bounds_by_the_whole_districts_administrator(town: Town) -> None:
    who = admin(town)
    assert 120 == (await who.do("PUT", f"{RETENTION}/photos", {"days": 120}))["days"]
    for days in (89, 1826):
        status, text = await who.ask("PUT", f"{RETENTION}/photos", {"days": days})
        assert (422, True) == (status, "须为 90 至 1825 天" in text)
    assert [404, 404] == [(await who.ask("PUT", f"{RETENTION}/{each}", {"days": 200}))[0] for each in ("audit", "x")]
    assert 403 == (await admin(town, "parent").ask("PUT", f"{RETENTION}/photos", {"days": 120}))[0]
    changed = await rows(
        town.pool, "select actor_id, data from audit_entry where act = 'retention.set' order by id limit 1"
    )
    assert [(who.actor.id, {"days": 120, "before": 365})] == changed


async def test_positions_of_phones_go_a_month_after_the_case_ended_and_the_grid_stays(town: Town) -> None:
    exact = "select count(received_lon) from {}"
    await days_later(town, 40)
    assert 2 == await one(town, exact.format("report"))  # however old: their cases are open, but for the duplicate
    await end_cases(town)
    await days_later(town, 29.9)
    assert 2 == await one(town, exact.format("report"))
    await days_later(town, 0.2)
    assert 0 == await one(town, exact.format("report"))
    assert 0 == await one(town, "select count(*) from report where observed_at is not null or accuracy_m is not null")
    assert 0 == await one(town, "select count(received_lon) from community_case where closed_at is not null")
    assert 3 == await one(town, "select count(*) from report where area_path = '37/01/02'")
    assert 120.0043217 == await one(town, "select max(lon) from community_case")


async def test_the_place_of_a_case_is_kept_to_100_metres_after_a_year(town: Town) -> None:
    await end_cases(town)
    await days_later(town, 364.9)
    assert 120.0043217 == await one(town, "select max(lon) from community_case")
    await days_later(town, 0.2)
    assert (120.004, 36.007) == (await rows(town.pool, "select max(lon), max(lat) from community_case"))[0]


async def test_contacts_go_half_a_year_after_the_case_ended(town: Town) -> None:
    sql = "select count(contact_phone) from appeal where id = $1"
    appeal_id = await one(town, "select origin_ref::bigint from community_case where id = $1", town.ids["other_id"])
    await days_later(town, 179.9)
    assert 1 == await one(town, sql, appeal_id)
    await days_later(town, 0.2)
    assert 0 == await one(town, sql, appeal_id)
    # The one whose case is open is still to be reached.
    assert 1 == await one(town, "select count(contact_phone) from appeal where id <> $1", appeal_id)


async def test_identity_numbers_go_a_month_after_the_application_was_decided(town: Town) -> None:
    await rows(
        town.pool,
        """
        insert into application
            (district_id, rider_id, area_path, status, applied_at, decided_at, decided_by, reason, id_number)
        select 1, rider.id, '37/01', status, $1::timestamptz, decided_at,
            case when status = 'declined' then staff.id end, '', $2
        from (select min(id) as id from rider) as rider, (select min(id) as id from staff) as staff,
            (values ('declined', $1::timestamptz), ('waiting', null)) as asked (status, decided_at)
        """,
        town.clock(),
        b"\x01\x00\x01 sealed",
    )
    kept = "select count(*) from application where status = '{}' and id_number is not null"
    await days_later(town, 29.9)
    assert [1, 1] == [await one(town, kept.format(each)) for each in ("declined", "waiting")]
    await days_later(town, 0.2)
    assert [0, 1] == [await one(town, kept.format(each)) for each in ("declined", "waiting")]


async def test_photos_go_with_their_files_a_year_after_the_case_ended(town: Town) -> None:
    file = place_of(town.photos, await one(town, "select stored_sha256 from case_photo"))
    await end_cases(town)
    await days_later(town, 364.9)
    assert (True, 1) == (file.exists(), await one(town, "select count(*) from case_photo"))
    await days_later(town, 0.2)
    assert (False, 0, 0) == (
        file.exists(),
        await one(town, "select count(*) from case_photo"),
        await one(town, "select count(*) from photo_removal"),
    )
    assert 1 == await one(town, "select count(*) from event where kind = 'case.photo_added'")


async def test_a_file_that_another_photo_names_stays(town: Town) -> None:
    await end_cases(town)
    sql = """
        insert into case_photo
            (district_id, case_id, sha256, stored_sha256, stage, media_type, size, by_kind, by_id, stored_at)
        select district_id, $1::bigint, sha256, stored_sha256, stage, media_type, size, by_kind, by_id, $2
        from case_photo returning 1
    """
    await rows(town.pool, sql, town.ids["other_id"], town.clock() + timedelta(days=300))
    await days_later(town, 365.1)
    assert place_of(town.photos, await one(town, "select stored_sha256 from case_photo")).exists()
    assert 0 == await one(town, "select count(*) from photo_removal")


async def test_what_is_due_at_other_times_goes_then(town: Town) -> None:
    await end_cases(town)
    counted = {
        "notices": (180, "select count(*) from notice"),
        "looks": (365, "select count(*) from verification_task where state in ('answered', 'expired', 'cancelled')"),
        "keys of reports": (90, "select count(*) from report where body_hash <> ''"),
        "keys of appeals": (90, "select count(*) from appeal where body_hash <> ''"),
    }
    before = {name: await one(town, sql) for name, (_, sql) in counted.items()}
    assert all(before.values()), before
    passed = 0.0
    for days in sorted({days for days, _ in counted.values()}):
        await days_later(town, days - 0.1 - passed)
        assert [] == [name for name, (due, sql) in counted.items() if due == days and await one(town, sql) == 0]
        await days_later(town, 2.2)  # looks end up to two days after they are asked for
        passed = days + 2.1
        assert [] == [name for name, (due, sql) in counted.items() if due == days and await one(town, sql)]


async def test_nothing_is_lost_of_the_trail_the_ledger_and_the_figures(town: Town) -> None:
    await end_cases(town)
    kept = [
        "select id, hash from audit_entry order by id",
        "select id, points from point_entry order by id",
        "select id, state, category_code, area_path, opened_at, closed_at from community_case order by id",
        "select id, kind from event where subject = 'case' order by id",
        "select id, purpose, is_given from consent order by id",
    ]
    before = [await rows(town.pool, sql) for sql in kept]
    await days_later(town, 4000)
    assert before == [await rows(town.pool, sql) for sql in kept]


async def test_sweeps_at_once_and_a_second_time_find_no_more(town: Town) -> None:
    await end_cases(town)
    town.clock.advance(timedelta(days=400))
    await asyncio.gather(*(sweep_retention(town.client.app) for _ in range(3)))
    sql = "select (select count(received_lon) from report) + (select count(*) from case_photo)"
    assert 0 == await one(town, sql)
    await sweep_retention(town.client.app)


async def test_a_shorter_time_holds_from_the_next_sweep_on(town: Town) -> None:
    await admin(town).do("PUT", f"{RETENTION}/notices", {"days": 30})
    await days_later(town, 29.9)
    assert 0 < await one(town, "select count(*) from notice")
    await days_later(town, 0.2)
    assert 0 == await one(town, "select count(*) from notice")
