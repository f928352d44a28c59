"""Figures over HTTP."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import ConfigDict, Field

from community.api import Id
from community.figures import queries
from community.figures.ask import answer, question_for
from community.figures.definitions import RATES, RULES, SPANS, RateDefinition, SpanDefinition
from community.figures.models import By, Figures, Question
from community.figures.workbook import write_workbook
from core.access.sessions import require_recent_sign_in
from core.errors import Text
from core.http.endpoint import Input
from core.http.wiring import actor, district_id, language, now, transaction
from core.queries import get_timezone

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

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
    async with transaction(request) as conn:
        return await answer(conn, actor=actor(request), question=_question(request, query), now=now(request))


async def export_figures(request: web.Request, query: FiguresQuery) -> web.Response:
    """Give the same as a workbook (.xlsx) with the words behind it, to whoever has proved lately who he is."""
    require_recent_sign_in(actor(request), now(request))
    async with transaction(request) as conn:
        figures = await answer(conn, actor=actor(request), question=_question(request, query), now=now(request))
        keys = [row.key for row in figures.rows if row.key is not None]
        names = await queries.name_keys(conn, district_id=district_id(request), keys=keys, by=query.by)
        names |= await queries.name_keys(conn, district_id=district_id(request), keys=[figures.area], by=By.AREA)
        timezone = await get_timezone(conn, district_id=district_id(request))
    body = await asyncio.to_thread(write_workbook, figures, names, language=language(request), timezone=timezone)
    name = f"figures-{query.first:%Y%m%d}-{query.before:%Y%m%d}.xlsx"
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=WORKBOOK, headers=headers)


def _question(request: web.Request, query: FiguresQuery) -> Question:
    return question_for(
        actor(request),
        area_path=query.area,
        first=query.first,
        before=query.before,
        category_code=query.category,
        department_id=query.department,
        by=query.by,
    )


async def get_figure_definitions() -> Definitions:
    """Say word for word what each figure counts, over what, and what it leaves out."""
    return Definitions(RULES, RATES, SPANS)
