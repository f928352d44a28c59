"""Saying which categories need a look on site, and what is refused about it."""

import pytest

from community.errors import UnknownCategory
from community.models import State
from community.verification.models import LookRule, Looks, Purpose, purpose_in
from community.verification.queries import get_look_rule, list_look_rules
from community.verification.rules import set_look_rule
from core.access.models import Role
from core.database import Connection
from core.errors import InvalidInput
from core.queries import list_events
from tests.community.district import hire
from tests.conftest import DISTRICT, START


async def test_at_first_no_category_needs_a_look(conn: Connection) -> None:
    assert {(Looks.NONE, 30, 1440)} == {
        (rule.looks, rule.offer_minutes, rule.expire_minutes)
        for rule in await list_look_rules(conn, district_id=DISTRICT)
    }


async def test_a_rule_is_changed_for_one_category_and_recorded(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    rule = LookRule("litter", Looks.BOTH, 20, 600)
    assert rule == await set_look_rule(conn, rule=rule, actor=admin, now=START)
    assert rule == await get_look_rule(conn, district_id=DISTRICT, category_code="litter")
    assert Looks.NONE is (await get_look_rule(conn, district_id=DISTRICT, category_code="rubble")).looks
    (event,) = await list_events(conn, district_id=DISTRICT, subject="district", subject_id=DISTRICT)
    assert ("category.looks_set", "litter", "both") == (event.kind, event.data["category"], event.data["looks"])


async def test_a_rule_of_a_category_that_is_not_there_or_no_longer_used_is_refused(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    await conn.execute("update category set is_active = false where code = 'rubble'")
    for code in ("nothing", "rubble"):
        with pytest.raises(UnknownCategory):
            await set_look_rule(conn, rule=LookRule(code, Looks.BOTH, 30, 1440), actor=admin, now=START)


async def test_a_look_is_not_given_up_before_its_offer_is_over(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    with pytest.raises(InvalidInput):
        await set_look_rule(conn, rule=LookRule("litter", Looks.BOTH, 30, 30), actor=admin, now=START)


@pytest.mark.parametrize(
    ("looks", "purposes"),
    [
        (Looks.NONE, []),
        (Looks.BEFORE_FILING, [Purpose.BEFORE_FILING]),
        (Looks.BEFORE_CLOSING, [Purpose.BEFORE_CLOSING]),
        (Looks.BOTH, [Purpose.BEFORE_FILING, Purpose.BEFORE_CLOSING]),
    ],
)
def test_a_rule_says_for_what_it_wants_looks(looks: Looks, purposes: list[Purpose]) -> None:
    assert purposes == [purpose for purpose in Purpose if looks.need(purpose)]


def test_a_look_is_good_for_something_in_two_states() -> None:
    assert {State.COLLECTED: Purpose.BEFORE_FILING, State.HANDLED: Purpose.BEFORE_CLOSING} == {
        state: purpose for state in State if (purpose := purpose_in(state))
    }
