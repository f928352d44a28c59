"""A period of local days cut into whole months and odd days, as sums are kept for both. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from community.figures.cells import is_kept
from community.figures.models import By, Grain, Question
from core.errors import FieldError, Text

MAX_DAYS = 3_660
#: Rows of an answer at most, by what they stand for.
MAX_ROWS = 370


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a period, its end not included: added up from kept sums (`from_cells`), else case by case."""

    grain: Grain
    first: date
    before: date
    from_cells: bool


def period_errors(question: Question) -> list[FieldError]:
    """Name what is wrong with the period that is asked for."""
    days = (question.before - question.first).days
    if days <= 0:
        return [
            FieldError(
                "/query/to",
                Text("应晚于 from；to 当日不计入。", "It must be later than from; the day itself is not included."),
            )
        ]
    if days > MAX_DAYS:
        return [FieldError("/query/to", Text(f"一次最多 {MAX_DAYS} 天。", f"At most {MAX_DAYS} days at once."))]
    rows = {By.DAY: days, By.WEEK: days // 7 + 1}.get(question.by) if question.by else None
    if rows and rows > MAX_ROWS:
        return [FieldError("/query/by", Text(f"一次最多 {MAX_ROWS} 行。", f"At most {MAX_ROWS} rows at once."))]
    return []


def month_of(day: date) -> date:
    """Give the first of the month."""
    return day.replace(day=1)


def month_after(day: date) -> date:
    """Give the first of the month after that of `day`."""
    return month_of(month_of(day) + timedelta(days=31))


def pieces_of(question: Question, today: date) -> list[Piece]:
    """Cut the period. No case is opened after today, so that a month which ends after it counts as whole."""

    def piece(grain: Grain, first: date, before: date) -> list[Piece]:
        kept = is_kept(grain, question.cut, question.depth)
        return [Piece(grain, first, before, kept)] if first < before else []

    first, before = question.first, question.before
    if question.by in (By.DAY, By.WEEK):
        return piece(Grain.DAY, first, before)
    if before > today:
        before = max(month_of(before), month_after(today))
    first_month = first if first.day == 1 else month_after(first)
    last_month = month_of(before)
    if first_month >= last_month:
        return piece(Grain.DAY, first, before)
    return [
        *piece(Grain.MONTH, first_month, last_month),
        *piece(Grain.DAY, first, first_month),
        *piece(Grain.DAY, last_month, before),
    ]
