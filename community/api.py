"""Cases, categories and departments over HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from community import queries
from community.acts import Act
from community.categories import set_category
from community.departments import list_serving
from community.detail import CaseDetail, get_case_detail
from community.lists.models import CaseFilter, CasePage, Order
from community.lists.pages import list_cases
from community.models import (
    Case,
    Category,
    Channel,
    Choice,
    ClosingPhotos,
    Department,
    Kind,
    Origin,
    Question,
    Satisfaction,
    State,
)
from community.triage import carry_out
from community.workflow import Verb
from core.http.endpoint import Input
from core.http.fields import SHOWN
from core.http.wiring import RING, actor, district_id, now, transaction

#: An id as PostgreSQL can hold it.
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Label = Annotated[str, Field(min_length=1, max_length=80), SHOWN]
#: A time that can be reckoned with.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
#: Open311's attribute types.
Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class CasesQuery(Input):
    """What to list. `area` is an area path and means its whole subtree; `state` and `category` may be repeated."""

    state: tuple[State, ...] = ()
    category: tuple[str, ...] = ()
    origin: Origin | None = None
    department_id: Id | None = None
    assignee_id: Id | None = None
    area: str | None = Field(None, max_length=400)
    duty_desk: bool = False
    overdue: bool = False
    number: str | None = Field(None, max_length=24)
    opened_from: Moment | None = None
    opened_before: Moment | None = None
    order: Order = Order.DUE
    cursor: str | None = Field(None, max_length=200)
    limit: int = 50

    def wanted(self) -> CaseFilter:
        """Give what is asked for without the page."""
        return CaseFilter(
            states=self.state,
            category_codes=self.category,
            origin=self.origin,
            department_id=self.department_id,
            assignee_id=self.assignee_id,
            area_path=self.area,
            duty_desk=self.duty_desk,
            overdue=self.overdue,
            number=self.number,
            opened_from=self.opened_from,
            opened_before=self.opened_before,
        )


class ActBody(Input):
    """What is said along with a verb; the case's `verbs` tell which fields each needs and takes.

    `reached` false says that a contact was tried in vain: it is kept, and the clock runs on. `partner_ids` are the
    departments beside the lead, `until` ends a hold, `extend_by` counts in the unit of the handling limit, `photos`
    name photos that the case has already. `version`, if sent, is the version the caller looked at: the act is refused
    when the case has changed since.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {},
                {"note": "已与居民通话，约定上门时间", "channel": "phone"},
                {"note": "电话无人接听", "channel": "phone", "reached": False},
                {"department_id": 3, "partner_ids": [5]},
                {"note": "材料待购", "until": "2026-12-01T09:00:00+08:00"},
                {"result": "已清理，现场干净"},
                {"note": "电话回访", "satisfaction": "satisfied"},
            ]
        },
    )

    note: str | None = Field(None, min_length=1, max_length=2000)
    result: str | None = Field(None, min_length=1, max_length=2000)
    channel: Channel | None = None
    reached: bool | None = None
    kind: Kind | None = None
    promised_at: Moment | None = None
    assignee_id: Id | None = None
    department_id: Id | None = None
    partner_ids: tuple[Id, ...] | None = Field(None, max_length=10)
    area_code: str | None = Field(None, min_length=1, max_length=40)
    duplicate_of: Id | None = None
    until: Moment | None = None
    extend_by: int | None = Field(None, ge=1, le=10_000)
    satisfaction: Satisfaction | None = None
    photos: tuple[Sha256, ...] | None = Field(None, max_length=20)
    version: Id | None = None


class ChoiceBody(Input):
    """One answer a question offers."""

    key: str = Field(min_length=1, max_length=40)
    zh: Label
    en: Label


class QuestionBody(Input):
    """What a category asks besides place and text; `datatype` is one of Open311's attribute types."""

    variable: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    datatype: Datatype
    required: bool = False
    zh: Label
    en: Label
    values: tuple[ChoiceBody, ...] = Field((), max_length=40)


class CategoryBody(Input):
    """A kind of case. `closing_photos` says which photos closing it needs."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [{"zh": "暴露垃圾", "en": "Litter in the open", "closing_photos": "before_after"}]
        },
    )

    zh: Annotated[str, Field(min_length=1, max_length=40), SHOWN]
    en: Label
    questions: tuple[QuestionBody, ...] = Field((), max_length=20)
    closing_photos: ClosingPhotos = ClosingPhotos.NONE
    default_department_id: Id | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Categories:
    """Every active category."""

    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Departments:
    """Every active department."""

    departments: tuple[Department, ...]


async def get_cases(request: web.Request, query: CasesQuery) -> CasePage:
    """List the cases within the caller's area or department.

    Ordered by what is due next among the open ones, or newest first. Follow `next_cursor` to the end; `limit` is at
    most 200.
    """
    async with transaction(request) as conn:
        return await list_cases(
            conn,
            actor=actor(request),
            wanted=query.wanted(),
            order=query.order,
            cursor=query.cursor,
            limit=query.limit,
            now=now(request),
        )


async def get_case(request: web.Request, case_id: int) -> CaseDetail:
    """Show a case with its history, its clocks and what the caller may do next."""
    async with transaction(request) as conn:
        return await get_case_detail(conn, ring=request.app[RING], case_id=case_id, actor=actor(request))


async def act_on_case(request: web.Request, case_id: int, verb: Verb, body: ActBody) -> Case:
    """Do a verb of the workflow to a case and give it as it is now.

    Which fields a verb needs and takes, the case's `verbs` say. What no longer fits the state is a conflict that names
    the state the case is in now. A department acts on its own work order: only the lead's acts move the case.
    """
    async with transaction(request) as conn:
        return await carry_out(
            conn, case_id=case_id, verb=verb, act=Act(**body.model_dump()), actor=actor(request), now=now(request)
        )


async def get_categories(request: web.Request) -> Categories:
    """List the categories a report or an appeal may have, with their questions and limits."""
    async with transaction(request) as conn:
        return Categories(tuple(await queries.list_categories(conn, district_id=district_id(request))))


async def put_category(request: web.Request, code: str, body: CategoryBody) -> Category:
    """Add a category or replace what is said of it, for the cases to come; `is_active` false retires it."""
    category = Category(
        code=code,
        zh=body.zh,
        en=body.en,
        questions=tuple(
            Question(
                question.variable,
                question.datatype,
                question.required,
                question.zh,
                question.en,
                tuple(Choice(choice.key, choice.zh, choice.en) for choice in question.values),
            )
            for question in body.questions
        ),
        closing_photos=body.closing_photos,
        default_department_id=body.default_department_id,
        is_active=body.is_active,
    )
    async with transaction(request) as conn:
        return await set_category(conn, category=category, actor=actor(request), now=now(request))


async def get_departments(request: web.Request) -> Departments:
    """List the departments that serve anything of the caller's areas; a case may be dispatched to those of its own."""
    async with transaction(request) as conn:
        return Departments(await list_serving(conn, actor=actor(request)))
