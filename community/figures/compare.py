"""What is shown of areas that are not the asker's: rates of one whole month that has ended, and nothing small."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from community.figures import queries
from community.figures.cells import KEPT_DEPTH
from community.figures.definitions import SMALL, Rate
from community.figures.errors import FiguresNotShown, NoComparison
from community.figures.models import By, FigureRow, Question, RateFigure, SpanFigure
from community.figures.period import month_after, month_of, pieces_of
from community.figures.suppression import Share, foreign_part, hidden_paths
from community.figures.tally import FIRST_SPAN_SLOT, rate_figure, span_figures
from community.sight import sight_of
from core.access.models import Actor, is_within
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text

_ONLY_WHOLE_MONTHS = Text(
    "辖区以外只提供已结束的一个整月。", "Outside your area only one whole month that has ended is shown."
)
_ONLY_BY_AREA = Text("辖区以外只能按区域比较。", "Outside your area figures are compared by area only.")

_SUPPRESSED = RateFigure(numerator=None, denominator=None, rate=None, excluded=None, suppressed=True)

#: A sum of slots.
Counts = Mapping[int, int]


async def compared_rows(conn: Connection, *, actor: Actor, question: Question, today: date) -> list[FigureRow]:
    """Give the rows that someone outside may see. Raises `InvalidInput`, `NoComparison`, `FiguresNotShown`."""
    _check(actor, question, today)
    district_id = actor.district_id
    comparable = await queries.list_areas_above_leaves(conn, district_id=district_id, deepest=KEPT_DEPTH)
    if question.area_path not in comparable:
        raise FiguresNotShown(pointer="/query/area", path=question.area_path, deepest=KEPT_DEPTH)
    tree = await queries.sum_up_tree(conn, district_id=district_id, month=question.first, below_slot=FIRST_SPAN_SLOT)
    asked = await _sum_up(conn, district_id, question, today)
    own = {
        scope: (await _sum_up(conn, district_id, replace(question, area_path=scope, by=None), today)).get("", {})
        for scope in sight_of(actor).area_paths
    }
    hidden = _hidden({path: tree.get(path, {}) for path in comparable}, own)
    if question.by is None:
        shown = {question.area_path: asked.get("", {})}
    else:
        shown = {path: asked.get(path, {}) for path in comparable if path.rpartition("/")[0] == question.area_path}
    return [
        FigureRow(
            key=path if question.by else None,
            opened=None,
            rates={
                rate.value: _SUPPRESSED if path in hidden[rate] else replace(rate_figure(rate, counts), excluded=None)
                for rate in Rate
            },
            spans=_medians(counts, [part for scope, part in own.items() if is_within(scope, path)]),
        )
        for path, counts in shown.items()
    ]


async def _sum_up(conn: Connection, district_id: int, question: Question, today: date) -> dict[str, dict[int, int]]:
    return await queries.sum_up(conn, district_id=district_id, question=question, pieces=pieces_of(question, today))


def _hidden(tree: Mapping[str, Counts], own: Mapping[str, Counts]) -> dict[Rate, frozenset[str]]:
    """Tell for each rate the areas of which it is not shown."""

    def shares(of: Mapping[str, Counts], rate: Rate) -> dict[str, Share]:
        figures = {path: rate_figure(rate, counts) for path, counts in of.items()}
        return {path: Share(figure.numerator or 0, figure.denominator or 0) for path, figure in figures.items()}

    return {rate: hidden_paths(foreign_part(shares(tree, rate), shares(own, rate))) for rate in Rate}


def _medians(counts: Counts, own: list[Counts]) -> dict[str, SpanFigure]:
    """Give the medians alone, and none that a few cases beside the asker's own would give away."""
    known = [span_figures(part) for part in own]
    return {
        span: SpanFigure(
            figure.median_s if (figure.n or 0) - sum(part[span].n or 0 for part in known) >= SMALL else None,
            p90_s=None,
            n=None,
        )
        for span, figure in span_figures(counts).items()
    }


def _check(actor: Actor, question: Question, today: date) -> None:
    if sight_of(actor).department_ids:  # it knows its own cases everywhere, and could take them off every sum
        raise NoComparison(pointer="/query/area")
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
