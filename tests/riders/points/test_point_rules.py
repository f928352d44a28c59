"""Rules are versions: a change counts from its moment on, and what was given before keeps its rule."""

from datetime import timedelta

import pytest

from community.errors import UnknownCategory
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import NotFound
from riders.points.models import Ground, PointRule, RuleTerms
from riders.points.rules.queries import list_rules
from riders.points.rules.setting import retire_rule, set_rule, terms_of
from tests.conftest import DISTRICT, START
from tests.riders.points.reporters import Reporting

LATER = START + timedelta(hours=1)


@pytest.fixture
def admin(work: Reporting) -> Actor:
    return Actor("staff", work.secretary.id, DISTRICT, grants=(Grant(Role.DISTRICT_ADMIN, ""),))


def terms(points: int, category: str | None = None, ground: Ground = Ground.FILED) -> RuleTerms:
    return RuleTerms(ground, category, points, 10, "上报已立案", "Your report was filed")


async def in_force(conn: Connection) -> dict[tuple[Ground, str | None], int]:
    return {(r.ground, r.category_code): r.points for r in await list_rules(conn, district_id=DISTRICT)}


async def points_of_a_filing(work: Reporting, category: str = "litter", *, late: bool = False) -> int:
    case = await work.do(await work.report(category=category, now=LATER), Verb.FILE, now=START if late else LATER)
    await work.work_off(case)
    return (await work.entries())[-1].points


async def test_the_house_begins_with_a_rule_for_each_ground(conn: Connection) -> None:
    grounds = {Ground.FILED: 2, Ground.CLOSED: 3, Ground.VERIFIED: 2, Ground.HELPFUL: 1}
    assert {(ground, None): points for ground, points in grounds.items()} == await in_force(conn)


async def test_a_new_version_counts_from_now_on_and_old_entries_keep_their_rule(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    await points_of_a_filing(work)
    new = await set_rule(conn, actor=admin, terms=terms(5), now=LATER)
    assert 5 == await points_of_a_filing(work)
    old_entry, new_entry = await work.entries()
    assert (2, new.id) == (old_entry.points, new_entry.rule_id)
    assert old_entry.rule_id != new.id


async def test_what_happened_before_the_change_is_paid_by_the_rule_of_then(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    await set_rule(conn, actor=admin, terms=terms(5), now=LATER)
    assert 2 == await points_of_a_filing(work, late=True)


async def test_a_category_with_a_rule_of_its_own_is_paid_by_it_and_others_are_not(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    await set_rule(conn, actor=admin, terms=terms(7, "rubble"), now=START)
    assert (7, 2) == (await points_of_a_filing(work, "rubble"), await points_of_a_filing(work, "litter"))


async def test_a_category_that_is_not_there_gets_no_rule(conn: Connection, admin: Actor) -> None:
    with pytest.raises(UnknownCategory):
        await set_rule(conn, actor=admin, terms=terms(7, "nothing"), now=START)


async def test_saying_again_what_is_in_force_makes_no_new_version(conn: Connection, admin: Actor) -> None:
    first: PointRule = await set_rule(conn, actor=admin, terms=terms(5), now=START)
    assert first == await set_rule(conn, actor=admin, terms=terms_of(first), now=LATER)


async def test_a_retired_rule_gives_nothing_any_more_and_is_retired_once(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    rule = await set_rule(conn, actor=admin, terms=terms(5), now=START)
    await retire_rule(conn, actor=admin, rule_id=rule.id, now=START)
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    assert [] == await work.entries()
    with pytest.raises(NotFound):
        await retire_rule(conn, actor=admin, rule_id=rule.id, now=LATER)


async def test_a_retired_rule_of_a_category_leaves_it_to_the_one_for_all(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    rule = await set_rule(conn, actor=admin, terms=terms(7, "rubble"), now=START)
    await retire_rule(conn, actor=admin, rule_id=rule.id, now=START)
    assert 2 == await points_of_a_filing(work, "rubble")
