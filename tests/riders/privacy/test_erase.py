"""Erasing a rider over HTTP: nothing leads to him any more, and every case goes on as it was."""

import pytest

from core.http.photos import PARTIALS
from core.http.wiring import RECORDS, RING
from core.partials import folder_of
from core.privacy.erasures import read_erasures
from riders.signup.queries import insert_rider
from tests.conftest import DISTRICT
from tests.riders.privacy.people import OF_THE_RIDER, RIDER_PHONE, Town, holding, rows

ME = "/riders/me"


async def erase(town: Town) -> None:
    rider = await town.sign_in_again()
    assert 204 == (await rider.ask("DELETE", f"{ME}?confirm=erase"))[0]


async def test_before_it_the_person_stands_in_many_tables(town: Town) -> None:
    tables = {each.partition(":")[0] for each in await holding(town.database.sweeper_dsn, OF_THE_RIDER)}
    assert {"report", "community_case", "case_note", "event", "point_entry", "point_objection"} <= tables


async def test_after_it_no_word_in_any_table_leads_to_him(town: Town) -> None:
    await erase(town)
    left = await holding(town.database.sweeper_dsn, OF_THE_RIDER)
    # Where the matter lies stays for those who put it right.
    assert {"community_case: 0043217"} == left
    await town.react()
    assert left == await holding(town.database.sweeper_dsn, OF_THE_RIDER)


async def test_photos_that_had_not_arrived_whole_go_with_him_and_no_others(town: Town) -> None:
    uploads = town.client.app[PARTIALS]
    his, others = (folder_of(uploads, "rider", town.rider.actor.id + more) / "half" for more in (0, 1000))
    for place in (his, others):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"with all that a camera writes")
    await erase(town)
    assert (False, True) == (his.parent.exists(), others.exists())


async def test_the_cases_stay_with_everything_but_the_person(town: Town) -> None:
    of_case = (
        "select id, state, category_code, lon, lat, area_path, version, next_due_at from community_case order by id"
    )
    photos = "select case_id, sha256, stage from case_photo order by 1, 2"
    steps = "select id, kind, occurred_at from event where subject = 'case' order by id"
    before = [await rows(town.pool, sql) for sql in (of_case, photos, steps)]
    await erase(town)
    assert before == [await rows(town.pool, sql) for sql in (of_case, photos, steps)]
    seen = await town.secretary.do("GET", f"/cases/{town.ids['cover_case_id']}")
    assert "我是＊＊＊，电话＊＊＊，证件 ＊＊＊，井盖没了" == seen["case"]["description"]
    assert (
        "没了" in (await town.secretary.do("GET", f"/reports/{town.ids['cover_report_id']}"))["report"]["description"]
    )


async def test_points_and_figures_stay_and_no_balance_changes(town: Town) -> None:
    ledger = "select id, rider_id, ground, points, case_id from point_entry order by id"
    before = await rows(town.pool, ledger)
    await erase(town)
    assert before == await rows(town.pool, ledger)


async def test_only_words_of_erased_riders_can_be_taken_out_of_the_ledger(town: Town) -> None:
    with pytest.raises(Exception, match="only added"):
        await rows(town.pool, "update point_entry set reason_zh = '' returning id")
    await erase(town)
    with pytest.raises(Exception, match="only added"):
        await rows(town.pool, "update point_entry set points = 9 returning id")
    with pytest.raises(Exception, match="only added"):
        await rows(town.pool, "delete from point_entry returning id")


async def test_he_is_signed_out_everywhere_and_serves_no_term(town: Town) -> None:
    other = await town.sign_in_again()
    await erase(town)
    assert 401 == (await other.ask("GET", ME))[0]
    assert [] == await rows(
        town.pool, "select id from appointment where rider_id = $1 and ends_at > $2", town.rider.actor.id, town.clock()
    )
    for sql in (
        "select 1 from rider_willingness where rider_id = $1",
        "select 1 from notice where recipient_kind = 'rider' and recipient_id = $1",
        "select 1 from session where kind = 'rider' and subject_id = $1",
    ):
        assert [] == await rows(town.pool, sql, town.rider.actor.id)


async def test_without_the_word_that_confirms_nobody_is_erased(town: Town) -> None:
    assert 422 == (await town.rider.ask("DELETE", ME))[0]
    assert 422 == (await town.rider.ask("DELETE", f"{ME}?confirm=yes"))[0]
    assert 200 == (await town.rider.ask("GET", ME))[0]


async def test_the_same_phone_signs_up_as_somebody_new(town: Town) -> None:
    await erase(town)
    async with town.pool.acquire() as conn:
        anew = await insert_rider(
            conn, ring=town.client.app[RING], district_id=DISTRICT, phone=f"+86{RIDER_PHONE}", now=town.clock()
        )  # type: ignore[arg-type]
    assert anew not in (None, town.rider.actor.id)


async def test_it_stands_in_the_audit_trail_and_on_the_list_outside_without_the_person(town: Town) -> None:
    await erase(town)
    (entry,) = await rows(
        town.pool, "select actor_kind, actor_id, subject_id from audit_entry where act = 'rider.erased'"
    )
    assert ("rider", town.rider.actor.id, str(town.rider.actor.id)) == entry
    (listed,) = read_erasures(town.client.app[RECORDS], district_id=DISTRICT)
    assert ("rider", town.rider.actor.id) == (listed.kind, listed.id)
    text = next(town.client.app[RECORDS].glob("erasures*")).read_text()
    assert not [word for word in OF_THE_RIDER if word in text]


async def test_where_the_list_cannot_be_written_nobody_is_erased(town: Town) -> None:
    records = town.client.app[RECORDS]
    records.rmdir() if records.exists() else None
    records.write_text("not a folder")
    status, _ = await (await town.sign_in_again()).ask("DELETE", f"{ME}?confirm=erase")
    assert status >= 500
    assert 200 == (await town.rider.ask("GET", ME))[0]


async def test_a_look_he_holds_is_on_offer_again(town: Town) -> None:
    looker = await town.sign_in_again("rider/own")
    task_id = town.ids["task_id"]
    await looker.do("POST", f"/verification-tasks/{task_id}/accept", {})
    assert 204 == (await looker.ask("DELETE", f"{ME}?confirm=erase"))[0]
    assert [("open", None)] == await rows(
        town.pool, "select state, rider_id from verification_task where id = $1", task_id
    )
