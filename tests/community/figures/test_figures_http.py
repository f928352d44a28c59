"""Figures over HTTP: the shape of the answer, what is refused by field, who is kept out, and the words behind it."""

import io
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from app.figures_page import figures_markdown
from community.figures.definitions import Rate, Span
from community.figures.models import By, FigureRow, Figures, RateFigure, SpanFigure
from community.figures.sweep import sweep_figures
from community.figures.workbook import write_workbook
from core.access.models import Actor, Role
from core.database import connected
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, hire, located, open_report
from tests.conftest import DISTRICT, START, Client, Database, FakeClock
from tests.sessions import open_long_session

ROOT = Path(__file__).resolve().parents[3]
MARCH = "from=2026-03-01&to=2026-04-01"


async def signed_in(database: Database, role: Role, area_path: str) -> dict[str, str]:
    """Hire someone and give his header."""
    async with connected(database.sweeper_dsn) as conn:
        who: Actor = await hire(conn, f"{role} {area_path}", role, area_path)
        assert who.id is not None
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def make_cases(database: Database) -> None:
    """Two cases in COMMUNITY, one in NEIGHBOUR; nobody has done anything yet."""
    async with connected(database.sweeper_dsn) as conn, conn.transaction():
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
        for number, path in enumerate([COMMUNITY, COMMUNITY, NEIGHBOUR]):
            await open_report(conn, number, at=located(path))
        await sweep_figures(conn, district_id=DISTRICT, now=START)


async def test_an_answer_states_period_area_denominators_and_the_moment(client: Client, database: Database) -> None:
    await make_cases(database)
    secretary = await signed_in(database, Role.SECRETARY, COMMUNITY)
    answer = await client.get(f"/api/v1/figures?{MARCH}", headers=secretary)
    figures = await answer.json()
    assert (200, COMMUNITY, "2026-03-01", "2026-04-01", "2026-03-10T02:00:00Z", False) == (
        answer.status,
        *(figures[name] for name in ("area", "opened_from", "opened_before", "as_of", "outside")),
    )
    (row,) = figures["rows"]
    assert (2, list(Rate), list(Span)) == (row["opened"], list(row["rates"]), list(row["spans"]))
    excluded = {"rejected": 0, "voided": 0, "duplicates": 0, "not_yet_due": 2, "not_applicable": 0}
    assert {
        "numerator": 0,
        "denominator": 0,
        "rate": None,
        "excluded": excluded,
        "suppressed": False,
    } == row["rates"]["response"]
    assert {"median_s": None, "p90_s": None, "n": 0} == row["spans"]["filed"]


async def test_the_workbook_holds_the_same_numbers_and_the_words_behind_them(
    client: Client, database: Database
) -> None:
    await make_cases(database)
    admin = await signed_in(database, Role.DISTRICT_ADMIN, "")
    answer = await client.get(f"/api/v1/figures/export?{MARCH}&by=category", headers=admin)
    assert ('attachment; filename="figures-20260301-20260401.xlsx"', 200) == (
        answer.headers["Content-Disposition"],
        answer.status,
    )
    book = openpyxl.load_workbook(io.BytesIO(await answer.read()))
    numbers, words = book["统计"], book["口径"]
    columns = [cell.value for cell in numbers[5]]
    row = dict(zip(columns, [cell.value for cell in numbers[6]], strict=True))
    assert ("暴露垃圾", 3, 0, 0) == (row["对象"], row["收到"], row["响应率 分子"], row["响应率 分母"])
    assert ("截至", "2026-03-10 10:00 CST") == (numbers["A3"].value, numbers["B3"].value)
    assert "响应率" in [cell.value for cell in words["A"]]


async def test_a_workbook_is_given_only_to_who_has_proved_lately_who_he_is(
    client: Client, database: Database, clock: FakeClock
) -> None:
    admin = await signed_in(database, Role.DISTRICT_ADMIN, "")
    clock.advance(timedelta(minutes=11))
    answer = await client.get(f"/api/v1/figures/export?{MARCH}", headers=admin)
    assert (403, "/docs/problems#recent-sign-in-needed") == (answer.status, (await answer.json())["type"])


def test_a_name_is_never_a_formula_and_what_is_suppressed_says_so() -> None:
    hidden = RateFigure(None, None, None, None, suppressed=True)
    row = FigureRow("x", None, dict.fromkeys(Rate, hidden), dict.fromkeys(Span, SpanFigure(60.0, None, None)))
    figures = Figures(date(2026, 2, 1), date(2026, 3, 1), "", None, None, By.CATEGORY, START, True, (row,))
    body = write_workbook(figures, {"x": "=1+1"}, language="en", timezone=ZoneInfo("Asia/Shanghai"))
    cells = openpyxl.load_workbook(io.BytesIO(body))["Figures"][6]
    assert ("=1+1", "s") == (cells[0].value, cells[0].data_type)
    assert "below 5, not shown" == cells[2].value


async def test_rows_are_asked_for_by_name(client: Client, database: Database) -> None:
    await make_cases(database)
    admin = await signed_in(database, Role.DISTRICT_ADMIN, "")
    answer = await client.get(f"/api/v1/figures?{MARCH}&area=37/01&by=area&category=litter", headers=admin)
    assert {COMMUNITY: 2, NEIGHBOUR: 1} == {row["key"]: row["opened"] for row in (await answer.json())["rows"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-03-01", "/query/to"),
        ("to=2026-03-01", "/query/from"),
        ("from=2026-03-32&to=2026-04-01", "/query/from"),
        ("from=2026-04-01&to=2026-03-01", "/query/to"),
        ("from=2016-01-01&to=2026-04-01", "/query/to"),
        (f"{MARCH}&by=hour", "/query/by"),
        (f"{MARCH}&area=37/77", "/query/area"),
        (f"{MARCH}&category=nothing", "/query/category"),
        (f"{MARCH}&department=77", "/query/department"),
        (f"{MARCH}&colour=red", "/query/colour"),
    ],
)
async def test_a_wrong_question_is_named_by_its_field(
    client: Client, database: Database, query: str, expected: str
) -> None:
    await make_cases(database)
    admin = await signed_in(database, Role.DISTRICT_ADMIN, "")
    answer = await client.get(f"/api/v1/figures?{query}", headers=admin)
    assert (422, [expected]) == (answer.status, [e["pointer"] for e in (await answer.json())["errors"]])


async def test_figures_are_for_staff_and_a_foreign_grid_is_not_found(client: Client, database: Database) -> None:
    await make_cases(database)
    assert 401 == (await client.get(f"/api/v1/figures?{MARCH}")).status
    secretary = await signed_in(database, Role.SECRETARY, COMMUNITY)
    answer = await client.get("/api/v1/figures?from=2026-02-01&to=2026-03-01&area=37/01/03", headers=secretary)
    assert (404, "/docs/problems#figures-not-shown") == (answer.status, (await answer.json())["type"])


async def test_the_words_behind_each_figure_are_served(client: Client) -> None:
    words = await (await client.get("/api/v1/figures/definitions")).json()
    assert list(Rate) == [rate["code"] for rate in words["rates"]]
    assert "应结案" in next(rate for rate in words["rates"] if rate["code"] == "closing")["denominator"]["zh"]


def test_the_committed_page_of_definitions_is_current() -> None:
    assert figures_markdown() == (ROOT / "docs/figures.md").read_text()
