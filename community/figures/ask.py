"""Answering a question about figures: what may be asked, by whom, and the rows."""

from datetime import date, datetime

from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.figures import queries
from community.figures.cells import ITSELF, NO_DEPARTMENT
from community.figures.compare import compared_rows
from community.figures.definitions import Rate
from community.figures.models import By, FigureRow, Figures, Question
from community.figures.period import period_errors, pieces_of
from community.figures.tally import OPENED, rate_figure, span_figures
from community.queries import find_category
from community.routing.queries import find_department
from community.sight import AREA_ROLES, sight_of
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.queries import get_timezone

_NAME_AN_AREA = Text("您有多个辖区，请指明区域。", "You hold several areas: name one.")


def question_for(
    actor: Actor,
    *,
    area_path: str | None,
    first: date,
    before: date,
    category_code: str | None,
    department_id: int | None,
    by: By | None,
) -> Question:
    """Fill in what was left open: the one area, or the one department, that the caller answers for.

    Raises `InvalidInput` where he holds several.
    """
    sight = sight_of(actor)
    if area_path is None:
        if len(sight.area_paths) > 1:
            raise InvalidInput([FieldError("/query/area", _NAME_AN_AREA)])
        area_path = sight.area_paths[0] if sight.area_paths else ""
    if department_id is None and not sight.area_paths and len(sight.department_ids) == 1:
        department_id = sight.department_ids[0]
    return Question(area_path, first, before, category_code, department_id, by)


async def answer(conn: Connection, *, actor: Actor, question: Question, now: datetime) -> Figures:
    """Give the figures asked for; small counts are suppressed where the area is not the caller's.

    Raises `InvalidInput`, `UnknownArea`, `UnknownCategory`, `UnknownDepartment`, `FiguresNotShown`, `NoComparison`.
    """
    if errors := period_errors(question):
        raise InvalidInput(errors)
    await _check_names(conn, actor.district_id, question)
    today = now.astimezone(await get_timezone(conn, district_id=actor.district_id)).date()
    outside = not _is_inside(actor, question)
    # First the moment, then the sums: what is counted in between is more than was promised, never less.
    async with acting(conn, Work.COMPARE):
        as_of = await queries.get_complete_until(conn, district_id=actor.district_id, now=now)
    if outside:
        async with acting(conn, Work.COMPARE):
            rows = await compared_rows(conn, actor=actor, question=question, today=today)
    else:
        rows = await _rows(conn, actor=actor, question=question, today=today)
    return Figures(
        opened_from=question.first,
        opened_before=question.before,
        area=question.area_path,
        category=question.category_code,
        department=question.department_id,
        by=question.by,
        as_of=as_of,
        outside=outside,
        rows=tuple(rows),
    )


def _is_inside(actor: Actor, question: Question) -> bool:
    """Tell whether he sees every case that is counted; a department sees what was dispatched to it, wherever."""
    return actor.reaches(question.area_path, *AREA_ROLES) or question.department_id in sight_of(actor).department_ids


async def _check_names(conn: Connection, district_id: int, question: Question) -> None:
    path, code, department_id = question.area_path, question.category_code, question.department_id
    if path and not await queries.has_area(conn, district_id=district_id, path=path):
        raise UnknownArea(pointer="/query/area", code=path)
    if code is not None and await find_category(conn, district_id=district_id, code=code) is None:
        raise UnknownCategory(pointer="/query/category", code=code)
    if department_id is not None and (
        await find_department(conn, district_id=district_id, department_id=department_id) is None
    ):
        raise UnknownDepartment(pointer="/query/department", department_id=department_id)


async def _rows(conn: Connection, *, actor: Actor, question: Question, today: date) -> list[FigureRow]:
    pieces = pieces_of(question, today)
    sums = await queries.sum_up(conn, district_id=actor.district_id, question=question, pieces=pieces)
    if question.by is None:
        sums = {"": sums.get("", {})}
    return [
        FigureRow(
            key=_shown_key(key, question.by),
            opened=counts.get(OPENED, 0),
            rates={rate.value: rate_figure(rate, counts) for rate in Rate},
            spans=span_figures(counts),
        )
        for key, counts in sums.items()
    ]


def _shown_key(key: str, by: By | None) -> str | None:
    is_none = by is None or (by is By.DEPARTMENT and key == str(NO_DEPARTMENT)) or key.rpartition("/")[2] == ITSELF
    return None if is_none else key
