"""The rules: replaced as a whole, every wrong one named, on record, in force at the next reading."""

import asyncio
from dataclasses import replace

import pytest

from community.duplicates.models import CategoryReach, DuplicateRules, Reach
from community.duplicates.queries import get_rules
from community.duplicates.rules import replace_rules
from community.duplicates.suggest import get_duplicates
from core.access.models import Actor, Grant, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import InvalidInput
from core.queries import list_events
from tests.community.duplicates.scene import SECRETARY, report
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
RULES = DuplicateRules(
    default=Reach(80, 10),
    categories=(CategoryReach("litter", 20, 5), CategoryReach("rubble", 0, 1)),
    related=(("greenery", "litter"),),
)


async def test_the_first_rules_have_a_default_and_related_pairs(conn: Connection) -> None:
    rules = await get_rules(conn, district_id=DISTRICT)
    assert Reach(50, 30) == rules.reach_of("litter") == rules.default
    assert Reach(0, 1) == rules.reach_of("help")
    assert ("litter", "rubble") == rules.akin_to("litter")
    assert ("road_damage", "missing_cover", "standing_water") == rules.akin_to("road_damage")


async def test_what_is_put_takes_the_place_of_all_before_and_is_on_record(conn: Connection) -> None:
    before = await get_rules(conn, district_id=DISTRICT)
    assert RULES == await replace_rules(conn, rules=RULES, actor=ADMIN, now=START)
    assert RULES == await get_rules(conn, district_id=DISTRICT)
    (event,) = await list_events(conn, district_id=DISTRICT, subject="duplicate_rules", subject_id=DISTRICT)
    assert {"radius_m": before.default.radius_m, "within_days": 30} == event.data["from"]["default"]  # type: ignore[index]
    assert {"radius_m": 80, "within_days": 10} == event.data["to"]["default"]  # type: ignore[index]


async def test_a_new_rule_holds_from_the_next_reading(conn: Connection) -> None:
    case = await report(conn, 1)
    await report(conn, 2, east=30)
    await report(conn, 3, category="rubble")
    green = await report(conn, 4, category="greenery")
    await replace_rules(conn, rules=RULES, actor=ADMIN, now=START)
    detail = await get_duplicates(conn, case_id=case.id, actor=SECRETARY)
    assert [green.id] == [suggestion.case.id for suggestion in detail.suggestions]
    assert (Reach(20, 5), ("litter", "greenery")) == (detail.reach, detail.categories)


@pytest.mark.parametrize(
    ("categories", "related", "expected"),
    [
        (["no_such"], [], ["/categories/0/category"]),
        (["litter", "litter"], [], ["/categories/0/category", "/categories/1/category"]),
        ([], [("litter", "no_such")], ["/related/0/1"]),
        ([], [("litter", "litter")], ["/related/0"]),
        ([], [("litter", "rubble"), ("litter", "rubble")], ["/related/0", "/related/1"]),
        (["x"], [("y", "z")], ["/categories/0/category", "/related/0/0", "/related/0/1"]),
    ],
)
async def test_every_wrong_rule_is_named_and_nothing_is_stored(
    conn: Connection, categories: list[str], related: list[tuple[str, str]], expected: list[str]
) -> None:
    before = await get_rules(conn, district_id=DISTRICT)
    own = tuple(CategoryReach(code, 10, 1) for code in categories)
    with pytest.raises(InvalidInput) as refused:
        await replace_rules(conn, rules=DuplicateRules(Reach(9, 9), own, tuple(related)), actor=ADMIN, now=START)
    assert expected == [error.pointer for error in refused.value.errors]
    assert before == await get_rules(conn, district_id=DISTRICT)


async def test_an_inactive_category_may_keep_its_rule(conn: Connection) -> None:
    await conn.execute("update category set is_active = false where code = 'litter'")
    assert RULES == await replace_rules(conn, rules=RULES, actor=ADMIN, now=START)


async def test_two_who_replace_them_at_once_do_so_one_after_the_other(pool: Pool) -> None:
    wanted = [replace(RULES, default=Reach(radius, 10)) for radius in (10, 20, 30)]

    async def put(rules: DuplicateRules) -> None:
        async with pool_transaction(pool) as conn:
            await replace_rules(conn, rules=rules, actor=ADMIN, now=START)
            await asyncio.sleep(0.05)

    await asyncio.gather(*[put(rules) for rules in wanted])
    async with pool_transaction(pool) as conn:
        events = await list_events(conn, district_id=DISTRICT, subject="duplicate_rules", subject_id=DISTRICT)
        steps = [(event.data["from"]["default"], event.data["to"]["default"]) for event in events]  # type: ignore[index]
        assert [to for _, to in steps[:-1]] == [before for before, _ in steps[1:]]
        assert await get_rules(conn, district_id=DISTRICT) in wanted
