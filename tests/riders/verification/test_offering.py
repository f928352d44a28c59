"""Who is offered a look: near enough by his own word, appointed there, willing, not his own report, not asleep."""

import random
from datetime import datetime, time, timedelta

import pytest

from community.models import State
from community.verification.models import Answer, Looks
from core.access.models import Actor
from core.database import Connection
from geo.models import Point
from riders.models import TrustLevel
from riders.verification.answer import answer
from riders.verification.models import Offer, Said, TaskState, Willingness
from riders.verification.offers.nearness import Way
from riders.verification.offers.offering import MOST_TOLD, list_offers
from riders.verification.offers.willingness import set_willingness
from riders.verification.take import accept
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, open_report, put_in_state
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    SPOT,
    add_reporter,
    appoint,
    begin_look,
    need_looks,
    open_at_spot,
    react,
    reread,
    tasks_of,
    told_of,
)


async def offers_to(
    conn: Connection, rider: Actor, way: Way | None = None, *, within_m: float = 2_000, now: datetime = START
) -> list[Offer]:
    return await list_offers(conn, actor=rider, way=way, within_m=within_m, limit=20, now=now)


async def is_offered(conn: Connection, rider: Actor, now: datetime = START) -> bool:
    """Tell whether a look is offered to a rider; whoever is told of it must see it too."""
    await begin_look(conn, now=now)
    is_listed = bool(await offers_to(conn, rider, now=now))
    assert is_listed == (await told_of(conn, rider) == ["offered"])
    return is_listed


async def test_a_reporter_who_may_verify_there_and_wants_to_be_asked_is(conn: Connection) -> None:
    assert await is_offered(conn, await add_reporter(conn))


@pytest.mark.parametrize("area_path", [STREET, "37"])
async def test_an_appointment_above_the_community_counts(conn: Connection, area_path: str) -> None:
    assert await is_offered(conn, await add_reporter(conn, area_path=area_path))


@pytest.mark.parametrize("area_path", [NEIGHBOUR, f"{COMMUNITY}/001", "37/01/0", "37/01/022", "37/011"])
async def test_other_areas_are_never_offered(conn: Connection, area_path: str) -> None:
    assert not await is_offered(conn, await add_reporter(conn, area_path=area_path))


@pytest.mark.parametrize("trust_level", [TrustLevel.LOOKED_AT_FIRST, TrustLevel.FILED_AT_ONCE])
async def test_only_the_highest_trust_verifies_for_others(conn: Connection, trust_level: TrustLevel) -> None:
    assert not await is_offered(conn, await add_reporter(conn, trust_level=trust_level))


@pytest.mark.parametrize("may_be_asked", [None, False])
async def test_whoever_has_not_chosen_to_be_asked_is_not(conn: Connection, may_be_asked: bool | None) -> None:
    assert not await is_offered(conn, await add_reporter(conn, may_be_asked=may_be_asked))


async def test_a_revoked_appointment_counts_no_more(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await conn.execute(
        "update appointment set revoked_at = $1, revoked_by = appointed_by, revoke_reason = '不再担任'", START
    )
    assert not await is_offered(conn, rider)


@pytest.mark.parametrize(("days", "counts"), [(-1, False), (0, True), (29, True), (30, False)])
async def test_an_appointment_counts_within_its_term(conn: Connection, days: int, counts: bool) -> None:
    rider = await add_reporter(conn)
    assert counts == await is_offered(conn, rider, START + timedelta(days=days))


async def test_a_rider_is_never_sent_to_his_own_report(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn, actor=rider)
    await react(conn, case)
    assert (0, 1) == (len(await offers_to(conn, rider)), len(await offers_to(conn, other)))
    assert ([], ["offered"]) == (await told_of(conn, rider), await told_of(conn, other))


async def test_a_rider_is_never_sent_to_what_he_reported_as_a_duplicate(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    case, his = await open_at_spot(conn), await open_report(conn, "his", actor=rider)
    await put_in_state(conn, his, State.DUPLICATE)
    await conn.execute("update community_case set duplicate_of = $1 where id = $2", case.id, his.id)
    await react(conn, case)
    assert ([], []) == (await offers_to(conn, rider), await told_of(conn, rider))


async def test_a_staff_member_with_the_same_number_as_a_rider_is_another_person(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn, actor=Actor("staff", rider.id, DISTRICT))
    await react(conn, case)
    assert 1 == len(await offers_to(conn, rider))


# It is 10:00 in the district at the start of these tests.
@pytest.mark.parametrize(
    ("quiet", "is_told"),
    [
        ((time(10), time(11)), False),
        ((time(9), time(10)), True),
        ((time(22), time(7)), True),
        ((time(22), time(10, 1)), False),
        ((time(9, 59), time(1)), False),
        ((time(2), time(3)), True),  # two in the morning is not two in UTC
    ],
)
async def test_in_quiet_hours_nobody_is_told_and_whoever_asks_himself_still_sees(
    conn: Connection, quiet: tuple[time, time], is_told: bool
) -> None:
    rider = await add_reporter(conn, 1, quiet=quiet)
    await add_reporter(conn, 2)
    await begin_look(conn)
    assert (["offered"] if is_told else [], 1) == (await told_of(conn, rider), len(await offers_to(conn, rider)))


async def test_where_all_are_asleep_the_grid_worker_is_told_at_once(conn: Connection) -> None:
    await add_reporter(conn, quiet=(time(9), time(12)))
    assert TaskState.FALLBACK is (await reread(conn, await begin_look(conn))).state


async def test_at_most_five_are_told_those_who_answered_least_first(conn: Connection) -> None:
    riders = [await add_reporter(conn, number) for number in range(MOST_TOLD + 2)]
    for busy in riders[:2]:
        await conn.execute("update rider_willingness set may_be_asked = rider_id = $1", busy.id)
        task = await begin_look(conn, now=START + timedelta(seconds=busy.id or 0))
        await accept(conn, actor=busy, task_id=task.id, now=START)
        await _answer(conn, busy, task.id)
    await conn.execute("update rider_willingness set may_be_asked = true")
    await conn.execute("delete from notice")
    await begin_look(conn)
    assert [[], [], *[["offered"]] * MOST_TOLD] == [await told_of(conn, rider) for rider in riders]
    assert [1] * len(riders) == [len(await offers_to(conn, rider)) for rider in riders]
    await conn.execute("delete from notice")
    await begin_look(conn, now=START + timedelta(days=8))
    assert [*[["offered"]] * MOST_TOLD, [], []] == [await told_of(conn, rider) for rider in riders]


async def _answer(conn: Connection, rider: Actor, task_id: int) -> None:
    await answer(conn, actor=rider, task_id=task_id, said=Said(Answer.PRESENT), now=START)


async def test_before_he_takes_it_a_rider_sees_the_place_to_a_hundred_metres_and_no_words(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await begin_look(conn)
    (offer,) = await offers_to(conn, rider)
    assert (Point(120.181, 35.961), None) == (offer.near, offer.distance_m)
    assert ("litter", "暴露垃圾", "现场有这个问题吗？") == (offer.category_code, offer.category.zh, offer.question.zh)
    assert "一堆" not in str(offer)


@pytest.mark.parametrize(
    ("way", "distance_m"),
    [
        (Way(Point(120.181, 35.961)), 0),
        (Way(Point(120.181, 35.970)), 1000),
        (Way(Point(120.181, 35.970), Point(120.181, 35.950)), 0),  # he passes by
        (Way(Point(120.171, 35.970), Point(120.191, 35.970)), 1000),  # he passes on the street to the north
        (Way(Point(120.181, 35.970), Point(120.181, 35.990)), 1000),  # he goes away from it
        (Way(Point(120.181, 35.990)), None),
        (Way(Point(120.30, 35.961), Point(120.25, 35.961)), None),
    ],
)
async def test_near_is_from_where_he_is_or_off_the_way_he_goes(
    conn: Connection, way: Way, distance_m: int | None
) -> None:
    rider = await add_reporter(conn)
    await begin_look(conn)
    assert ([] if distance_m is None else [distance_m]) == [
        offer.distance_m for offer in await offers_to(conn, rider, way)
    ]


async def test_the_nearest_comes_first_and_without_a_position_the_oldest(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    ids = []
    for ref, north in enumerate((0.009, 0.0, 0.004)):
        case = await open_at_spot(conn, ref, point=Point(SPOT.lon, SPOT.lat + north))
        await react(conn, case)
        ids += [task.id for task in await tasks_of(conn, case)]
    assert [ids[1], ids[2], ids[0]] == [offer.id for offer in await offers_to(conn, rider, Way(SPOT))]
    assert ids == [offer.id for offer in await offers_to(conn, rider)]


async def test_two_appointments_one_within_the_other_show_a_look_once(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await appoint(conn, rider, STREET)
    await begin_look(conn)
    assert 1 == len(await offers_to(conn, rider))


async def test_what_is_held_left_or_expired_is_not_listed(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    task = await begin_look(conn)
    assert [] == await offers_to(conn, rider, now=task.expires_at)
    await accept(conn, actor=other, task_id=task.id, now=START)
    assert [] == await offers_to(conn, rider)
    await conn.execute("update verification_task set state = 'fallback', accept_until = null")
    assert [] == await offers_to(conn, rider)


async def test_whoever_is_told_sees_it_and_may_take_it_whatever_the_appointments(conn: Connection) -> None:
    chance = random.Random(7)
    paths = ["37", STREET, COMMUNITY, NEIGHBOUR, f"{COMMUNITY}/001", "37/011/02", "37/0"]
    riders = []
    for number in range(12):
        rider = await add_reporter(
            conn,
            number,
            area_path=chance.choice(paths),
            trust_level=chance.choice([1, 2, 3, 3]),
            may_be_asked=chance.random() < 0.8,
        )
        if chance.random() < 0.5:
            await appoint(conn, rider, chance.choice(paths))
        riders.append(rider)
    await need_looks(conn, Looks.BOTH)
    for ref in range(8):
        await conn.execute("delete from notice")
        area_path = chance.choice([COMMUNITY, NEIGHBOUR, f"{COMMUNITY}/001", "37/011/02", "37/011/02/003"])
        case = await open_at_spot(conn, ref, area_path=area_path, actor=chance.choice([None, *riders]))
        await react(conn, case)
        (task,) = await tasks_of(conn, case)
        seeing = [rider for rider in riders if task.id in {offer.id for offer in await offers_to(conn, rider)}]
        told = [rider for rider in riders if await told_of(conn, rider)]
        assert seeing[:MOST_TOLD] == told


async def test_the_last_word_on_being_asked_holds(conn: Connection) -> None:
    rider = await add_reporter(conn)
    await begin_look(conn)
    await set_willingness(conn, actor=rider, willingness=Willingness(False, None, None), now=START)
    assert [] == await offers_to(conn, rider)
