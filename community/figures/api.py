"""Figures over HTTP."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.api import Id
from community.figures.ask import answer, question_for
from community.figures.definitions import RATES, RULES, SPANS, RateDefinition, SpanDefinition
from community.figures.models import By, Figures
from core.errors import Text
from core.http.endpoint import Input
from core.http.wiring import actor, now, transaction

#: A day that can be reckoned with.
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]


class FiguresQuery(Input):
    """Which cases: those opened from the local day `from` up to, not including, `to`.

    Without `area` the caller's own, without `by` one row for all of it. `area` is a path and means its whole subtree.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"from": "2026-03-01", "to": "2026-04-01", "area": "370211/001", "by": "area"}]}
    )

    first: Day = Field(alias="from")
    before: Day = Field(alias="to")
    area: str | None = Field(None, max_length=400)
    category: str | None = Field(None, max_length=40)
    department: Id | None = None
    by: By | None = None


@dataclass(frozen=True, slots=True)
class Definitions:
    """What every figure says, and what holds for all of them."""

    rules: tuple[Text, ...]
    rates: tuple[RateDefinition, ...]
    spans: tuple[SpanDefinition, ...]


async def get_figures(request: web.Request, query: FiguresQuery) -> Figures:
    """Give rates and times of the cases of a period, each with its denominator, up to the moment `as_of`.

    `by` gives a row for each area beneath, category, department, month, ISO week (by its Monday) or day that has any
    case. Outside the caller's area only rates of one whole ended month are shown, and small counts are suppressed.
    """
    caller = actor(request)
    question = question_for(
        caller,
        area_path=query.area,
        first=query.first,
        before=query.before,
        category_code=query.category,
        department_id=query.department,
        by=query.by,
    )
    async with transaction(request) as conn:
        return await answer(conn, actor=caller, question=question, now=now(request))


async def get_figure_definitions() -> Definitions:
    """Say word for word what each figure counts, over what, and what it leaves out."""
    return Definitions(RULES, RATES, SPANS)
