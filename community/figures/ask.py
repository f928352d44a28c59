"""Answering a question about figures: what may be asked, by whom, and the rows."""

from dataclasses import replace
from datetime import date, datetime

from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.figures import queries
from community.figures.cells import ITSELF, KEPT_DEPTH, NO_DEPARTMENT
from community.figures.definitions import SMALL, Rate
from community.figures.errors import FiguresNotShown
from community.figures.models import By, FigureRow, Figures, Question, RateFigure, SpanFigure
from community.figures.period import month_after, month_of, period_errors, pieces_of
from community.figures.suppression import Share, foreign_part, hidden_paths
from community.figures.tally import FIRST_SPAN_SLOT, OPENED, rate_figure, span_figures
from community.queries import find_category
from community.routing.queries import has_department
from community.sight import AREA_ROLES, sight_of
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.queries import get_timezone

_NAME_AN_AREA = Text("您有多个辖区，请指明区域。", "You hold several areas: name one.")
_ONLY_WHOLE_MONTHS = Text(
    "辖区以外只提供已结束的一个整月。", "Outside your area only one whole month that has ended is shown."
)
_ONLY_BY_AREA = Text("辖区以外只能按区域比较。", "Outside your area figures are compared by area only.")

_SUPPRESSED = RateFigure(numerator=None, denominator=None, rate=None, excluded=None, suppressed=True)


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

    Raises `InvalidInput`, `UnknownArea`, `UnknownCategory`, `UnknownDepartment`, `FiguresNotShown`.
    """
    if errors := period_errors(question):
        raise InvalidInput(errors)
    await _check_names(conn, actor.district_id, question)
    today = now.astimezone(await get_timezone(conn, district_id=actor.district_id)).date()
    outside = not _is_inside(actor, question)
    # First the moment, then the sums: what is counted in between is more than was promised, never less.
    as_of = await queries.get_complete_until(conn, district_id=actor.district_id, now=now)
    if outside:
        rows = await _compared_rows(conn, actor=actor, question=question, today=today)
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
    if department_id is not None and not await has_department(
        conn, district_id=district_id, department_id=department_id
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


async def _compared_rows(conn: Connection, *, actor: Actor, question: Question, today: date) -> list[FigureRow]:
    """Give the rows that someone outside may see: areas above the grids, in one month that has ended."""
    _check_comparison(question, today)
    comparable = await queries.list_areas_above_leaves(conn, district_id=actor.district_id, deepest=KEPT_DEPTH)
    if question.area_path not in comparable:
        raise FiguresNotShown(pointer="/query/area", path=question.area_path, deepest=KEPT_DEPTH)
    tree = await queries.sum_up_tree(
        conn, district_id=actor.district_id, month=question.first, below_slot=FIRST_SPAN_SLOT
    )
    rates = {path: {rate: rate_figure(rate, tree.get(path, {})) for rate in Rate} for path in comparable}
    own = {
        scope: await queries.sum_up(
            conn,
            district_id=actor.district_id,
            question=replace(question, area_path=scope, by=None),
            pieces=pieces_of(replace(question, area_path=scope, by=None), today),
        )
        for scope in sight_of(actor).area_paths
    }
    hidden = {
        rate: hidden_paths(
            foreign_part(
                {path: _share(of[rate]) for path, of in rates.items()},
                {scope: _share(rate_figure(rate, sums.get("", {}))) for scope, sums in own.items()},
            )
        )
        for rate in Rate
    }
    sums = await _rows(conn, actor=actor, question=question, today=today)
    spans = {row.key or question.area_path: row.spans for row in sums}
    shown = [path for path in comparable if path.rpartition("/")[0] == question.area_path]
    return [
        FigureRow(
            key=path if question.by else None,
            opened=None,
            rates={
                rate.value: _SUPPRESSED if path in hidden[rate] else replace(rates[path][rate], excluded=None)
                for rate in Rate
            },
            spans={span: _only_median(figure) for span, figure in spans.get(path, {}).items()},
        )
        for path in (shown if question.by else [question.area_path])
    ]


def _share(figure: RateFigure) -> Share:
    return Share(figure.numerator or 0, figure.denominator or 0)


def _only_median(figure: SpanFigure) -> SpanFigure:
    return SpanFigure(figure.median_s if (figure.n or 0) >= SMALL else None, p90_s=None, n=None)


def _check_comparison(question: Question, today: date) -> None:
    errors = []
    is_month = question.first == month_of(question.first) and question.before == month_after(question.first)
    if not is_month or question.before > today:
        errors.append(FieldError("/query/to", _ONLY_WHOLE_MONTHS))
    if question.category_code is not None:
        errors.append(FieldError("/query/category", _ONLY_BY_AREA))
    if question.department_id is not None:
        errors.append(FieldError("/query/department", _ONLY_BY_AREA))
    if question.by not in (None, By.AREA):
        errors.append(FieldError("/query/by", _ONLY_BY_AREA))
    if errors:
        raise InvalidInput(errors)
