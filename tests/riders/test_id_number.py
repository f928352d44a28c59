"""Numbers of identity cards: what is taken, what it costs to leave one, and who sees how much of it."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from core.access.models import Actor
from core.database import Connection
from riders.errors import ConsentNeeded, IdNumberNotValid
from riders.models import Application
from riders.reporters.applications import apply, list_applications
from riders.reporters.id_number import check_sign, parse_id_number
from riders.signup.consents import IDENTITY, decide_consent
from tests.community.district import COMMUNITY, add_areas
from tests.conftest import RING, START

NUMBER = "11010519491231002X"  # the example of GB 11643


@pytest.mark.parametrize(
    "typed", [NUMBER, "11010519491231002x", " 110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_a_number_has_one_written_form(typed: str) -> None:
    assert NUMBER == parse_id_number(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "110105194912310021",
        "11010519491231002",
        "01010519491231002X",
        "11010519491331002X",
        "110105X9491231002X",
        "9" * 40,
    ],
)
def test_what_is_no_number_of_a_card_is_refused_by_field(typed: str) -> None:
    with pytest.raises(IdNumberNotValid) as refused:
        parse_id_number(typed)
    assert "/id_number" == refused.value.pointer


def test_a_day_that_never_was_is_refused_though_the_check_sign_fits() -> None:
    digits = "11010519490230002"
    with pytest.raises(IdNumberNotValid):
        parse_id_number(digits + check_sign(digits))


def test_no_single_wrong_or_swapped_digit_goes_unnoticed() -> None:
    for at in range(17):
        for digit in set("0123456789") - {NUMBER[at]}:
            wrong = NUMBER[:at] + digit + NUMBER[at + 1 : 17]
            assert NUMBER[17] != check_sign(wrong)


@pytest_asyncio.fixture
async def rider(conn: Connection, add_rider: Callable[..., Awaitable[Actor]]) -> Actor:
    await add_areas(conn, COMMUNITY)
    return await add_rider(conn)


async def ask(conn: Connection, rider: Actor, number: str | None) -> Application:
    code = COMMUNITY.rpartition("/")[2]
    return await apply(conn, ring=RING, actor=rider, area_code=code, motivation="", id_number=number, now=START)


async def test_a_number_needs_its_own_consent_and_applying_needs_no_number(conn: Connection, rider: Actor) -> None:
    with pytest.raises(ConsentNeeded) as refused:
        await ask(conn, rider, NUMBER)
    assert "/id_number" == refused.value.pointer
    assert (await ask(conn, rider, None)).id_number is None


async def test_of_a_number_everybody_is_shown_the_end_and_the_table_shows_nothing(
    conn: Connection, rider: Actor, add_secretary: Callable[..., Awaitable[Actor]]
) -> None:
    await decide_consent(conn, actor=rider, purpose=IDENTITY, version=1, is_given=True, now=START)
    assert "**************002X" == (await ask(conn, rider, NUMBER)).id_number
    secretary = await add_secretary(conn, COMMUNITY)
    (seen,) = await list_applications(conn, ring=RING, actor=secretary, status=None, before=None, limit=5)
    assert "**************002X" == seen.id_number
    assert NUMBER.encode() not in await conn.fetchval("select id_number from application")
