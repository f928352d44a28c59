"""Who may ask for which figures, what is kept from those outside, and what is refused by field."""

from datetime import date

import pytest

from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.figures.ask import answer, question_for
from community.figures.definitions import Rate, Span
from community.figures.errors import FiguresNotShown, NoComparison
from community.figures.models import By
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import InvalidInput
from tests.community.district import (
    COMMUNITY,
    NEIGHBOUR,
    STREET,
    add_areas,
    found,
    located,
    open_report,
)
from tests.community.figures.figure_world import ADMIN, DAY, GRID, HOUR, MARCH, ask, make_small_world, shares, sweep_all
from tests.conftest import DISTRICT, START


def staff(role: Role, area_path: str, department_id: int | None = None) -> Actor:
    return Actor("staff", 1, DISTRICT, "", (Grant(role, area_path, department_id),))


SECRETARY = staff(Role.SECRETARY, COMMUNITY)


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.GRID_WORKER, Role.AUDITOR, Role.SUBDISTRICT])
async def test_ones_own_area_is_shown_in_full(conn: Connection, role: Role) -> None:
    now = await make_small_world(conn)
    figures = await ask(conn, now, area=COMMUNITY, actor=staff(role, COMMUNITY))
    assert (False, 3, (1, 2)) == (figures.outside, figures.rows[0].opened, shares(figures.rows[0])[Rate.RESPONSE])


async def test_a_neighbours_small_counts_are_not_shown(conn: Connection) -> None:
    await make_small_world(conn)
    await add_child(conn, NEIGHBOUR)
    figures = await ask(conn, START + 30 * DAY, area=NEIGHBOUR, actor=SECRETARY)
    (row,) = figures.rows
    assert (True, None, {None}) == (figures.outside, row.opened, {figure.median_s for figure in row.spans.values()})
    response = row.rates[Rate.RESPONSE]
    assert (True, None, None, None, None) == (
        response.suppressed,
        response.numerator,
        response.denominator,
        response.rate,
        response.excluded,
    )
    assert not row.rates[Rate.SATISFACTION].suppressed  # there is none: nothing to hide


async def add_child(conn: Connection, path: str) -> None:
    """Put a grid beneath an area of the active generation."""
    await conn.execute(
        """
        insert into area (district_id, generation_id, code, parent_code, level, code_scheme, path, name, names,
            is_leaf, datum, geometry, min_lon, min_lat, max_lon, max_lat)
        values ($1, 1, $2 || '-1', $2, 'any', 'test', $3 || '/' || $2 || '-1', $2, '{}', true, 'wgs84', '', 0, 0, 0, 0)
        """,
        DISTRICT,
        path.rpartition("/")[2],
        path,
    )


async def test_a_secretary_compares_with_the_neighbours_and_cannot_subtract(conn: Connection) -> None:
    """Beneath the street: his own with 3 late, a neighbour with 2, others with 8 and 9, all unanswered.

    The 2 and, so that nothing tells it, the 8 are hidden; his own 3 is his to see.
    """
    counts = {COMMUNITY: 3, NEIGHBOUR: 2, f"{STREET}/04": 8, f"{STREET}/05": 9}
    await add_areas(conn, *counts)
    for path, count in counts.items():
        await add_child(conn, path)
        for number in range(count):
            await open_report(conn, f"{path} {number}", at=located(path))
    now = START + 30 * DAY
    await sweep_all(conn, now)
    rows = (await ask(conn, now, area=STREET, by=By.AREA, actor=SECRETARY)).rows
    assert {COMMUNITY: 3, NEIGHBOUR: None, f"{STREET}/04": None, f"{STREET}/05": 9} == {
        row.key: row.rates[Rate.RESPONSE].denominator for row in rows
    }
    (street,) = (await ask(conn, now, area=STREET, actor=SECRETARY)).rows
    assert (0, 22) == shares(street)[Rate.RESPONSE]
    (alone,) = (await ask(conn, now, area=f"{STREET}/04", actor=SECRETARY)).rows
    assert alone.rates[Rate.RESPONSE].suppressed  # asked by itself it is as hidden as among others


@pytest.mark.parametrize(("others", "is_shown"), [(4, False), (5, True)])
async def test_a_median_that_few_cases_of_others_went_into_is_not_shown(
    conn: Connection, others: int, is_shown: bool
) -> None:
    """The asker holds one grid of NEIGHBOUR and knows its six cases; what is left are those of `others`."""
    mine, beside = f"{NEIGHBOUR}/003", f"{NEIGHBOUR}/004"
    await add_areas(conn, mine, beside, COMMUNITY)
    for number in range(6 + others):
        await open_report(conn, number, at=located(mine if number < 6 else beside), trusted=True)
    now = START + 30 * DAY
    await sweep_all(conn, now)
    (row,) = (await ask(conn, now, area=NEIGHBOUR, actor=staff(Role.GRID_WORKER, mine))).rows
    assert is_shown is (row.spans[Span.FILED].median_s is not None)


async def test_an_area_without_any_case_has_noughts_and_no_medians(conn: Connection) -> None:
    await add_areas(conn, GRID, f"{NEIGHBOUR}/003")
    rows = (await ask(conn, START + 30 * DAY, area=STREET, by=By.AREA, actor=SECRETARY)).rows
    assert [COMMUNITY, NEIGHBOUR] == [row.key for row in rows]
    assert {(0, 0)} == {share for row in rows for share in shares(row).values()}
    assert [{None}] * 2 == [{row.spans[span].median_s for span in Span} for row in rows]


@pytest.mark.parametrize("area", [GRID, ""])
async def test_a_grid_and_the_whole_district_are_not_compared(conn: Connection, area: str) -> None:
    await make_small_world(conn)
    with pytest.raises(FiguresNotShown):
        await ask(conn, START + 30 * DAY, area=area, actor=staff(Role.SECRETARY, NEIGHBOUR))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"period": (date(2026, 3, 1), date(2026, 3, 20))}, "/query/to"),
        ({"period": (date(2026, 2, 1), date(2026, 4, 1))}, "/query/to"),
        ({"period": (date(2026, 4, 1), date(2026, 5, 1))}, "/query/to"),  # not over yet
        ({"category": "litter"}, "/query/category"),
        ({"by": By.DAY}, "/query/by"),
        ({"by": By.CATEGORY}, "/query/by"),
    ],
)
async def test_outside_only_whole_ended_months_by_area_are_shown(
    conn: Connection, asked: dict[str, object], expected: str
) -> None:
    await make_small_world(conn)
    with pytest.raises(InvalidInput) as refused:
        await ask(conn, START + 30 * DAY, area=STREET, actor=SECRETARY, **asked)  # type: ignore[arg-type]
    assert [expected] == [error.pointer for error in refused.value.errors]


async def test_a_department_sees_its_own_cases_everywhere_and_no_others(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    mine, other = await found(conn), await found(conn, "other")
    for number, department_id in enumerate([mine, mine, other, None]):
        case = await open_report(conn, number, at=located())
        await conn.execute(
            "update community_case set department_id = $2, department_ids = $3 where id = $1",
            case.id,
            department_id,
            [department_id] if department_id else [],
        )
    now = START + HOUR
    await sweep_all(conn, now)
    handler = staff(Role.DEPARTMENT, "", mine)
    question = question_for(
        handler, area_path=None, first=MARCH[0], before=MARCH[1], category_code=None, department_id=None, by=None
    )
    assert 2 == (await answer(conn, actor=handler, question=question, now=now)).rows[0].opened
    for department in (other, None):
        with pytest.raises(NoComparison):
            await ask(conn, now, area=STREET, department=department, actor=handler)


async def test_without_an_area_ones_own_is_meant(conn: Connection) -> None:
    left_open = {"first": MARCH[0], "before": MARCH[1], "category_code": None, "department_id": None, "by": None}
    assert COMMUNITY == question_for(SECRETARY, area_path=None, **left_open).area_path  # type: ignore[arg-type]
    assert "" == question_for(ADMIN, area_path=None, **left_open).area_path  # type: ignore[arg-type]
    two = Actor("staff", 1, DISTRICT, "", tuple(Grant(Role.SECRETARY, path) for path in (COMMUNITY, NEIGHBOUR)))
    with pytest.raises(InvalidInput) as refused:
        question_for(two, area_path=None, **left_open)  # type: ignore[arg-type]
    assert ["/query/area"] == [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"area": "37/99"}, UnknownArea),
        ({"category": "none_such"}, UnknownCategory),
        ({"department": 999}, UnknownDepartment),
    ],
)
async def test_what_does_not_exist_is_named(conn: Connection, asked: dict[str, object], expected: type) -> None:
    await add_areas(conn, COMMUNITY)
    with pytest.raises(expected) as refused:
        await ask(conn, START, **asked)  # type: ignore[arg-type]
    assert f"/query/{next(iter(asked))}" == refused.value.pointer


@pytest.mark.parametrize(
    ("period", "by", "expected"),
    [
        ((date(2026, 3, 1), date(2026, 3, 1)), None, "/query/to"),
        ((date(2026, 3, 2), date(2026, 3, 1)), None, "/query/to"),
        ((date(2000, 1, 1), date(2026, 3, 1)), None, "/query/to"),
        ((date(2025, 1, 1), date(2026, 3, 1)), By.DAY, "/query/by"),
    ],
)
async def test_a_bad_period_is_named(conn: Connection, period: tuple[date, date], by: By | None, expected: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await ask(conn, START, period=period, by=by)
    assert [expected] == [error.pointer for error in refused.value.errors]
