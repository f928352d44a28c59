"""Templates over HTTP."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.api import Id
from community.desk.errors import TemplateNotFound
from community.desk.seen import get_seen_case
from community.desk.templates import keep, queries
from community.desk.templates.models import Placeholder, Rendering, Template, TemplateDraft, TemplateFilter, Words
from community.desk.templates.render import render
from community.workflow import Verb
from core.access.wall import Work, acting
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.wiring import RING, actor, now, transaction

MAX_PAGE = 200


class TemplatesQuery(Input):
    """Which templates: for a case, for the words of a verb, or for inner notes. Those after the template `after`."""

    case_id: Id | None = None
    verb: Verb | None = None
    field: Words | None = None
    category: str | None = Field(None, max_length=40)
    for_notes: bool = False
    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = 100


class TemplateBody(Input):
    """Words to use again; `{…}` places are filled by the case.

    `verb` and `field` say which words they serve; without a verb, inner notes. With `area`, an area path, they are
    shared with everyone there; without it they are the writer's own.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "title": "结案答复",
                    "body": "您好，您反映的{category}（{case_number}）已由{department}处理：{result}",
                    "verb": "close",
                    "field": "result",
                    "category": "litter",
                    "area": "370211/005/001",
                }
            ]
        },
    )

    title: Annotated[str, Field(min_length=1, max_length=40), SHOWN]
    body: str = Field(min_length=1, max_length=1000)
    verb: Verb | None = None
    field: Words = Words.NOTE
    category: str | None = Field(None, min_length=1, max_length=40)
    area: str | None = Field(None, max_length=400)

    def draft(self) -> TemplateDraft:
        """Give it as the room takes it."""
        return TemplateDraft(self.title, self.body, self.verb, self.field, self.category, self.area)


class RenderBody(Input):
    """The case that fills the template."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"case_id": 123}]})

    case_id: Id


@dataclass(frozen=True, slots=True)
class Templates:
    """Some templates, every place that one can hold, and where the next page begins; None on the last."""

    templates: tuple[Template, ...]
    placeholders: tuple[Placeholder, ...]
    next_after: int | None


async def get_templates(request: web.Request, query: TemplatesQuery) -> Templates:
    """List the caller's own templates and those shared with him, or all that serve him on the case `case_id`."""
    caller, limit = actor(request), max(1, min(query.limit, MAX_PAGE))
    wanted = TemplateFilter(query.verb, query.field, query.category, query.for_notes)
    async with transaction(request) as conn:
        case = None if query.case_id is None else await get_seen_case(conn, case_id=query.case_id, actor=caller)
        async with nullcontext() if case is None else acting(conn, Work.NAMES):
            found = await keep.list_templates(
                conn, actor=caller, case=case, wanted=wanted, after_id=query.after, limit=limit + 1
            )
    shown = tuple(found[:limit])
    return Templates(shown, tuple(Placeholder), shown[-1].id if len(found) > limit else None)


async def create_template(request: web.Request, body: TemplateBody) -> Created[Template]:
    """Save a template for oneself, or for an area that one keeps.

    A place that nothing can fill is refused by name, with those there are.
    """
    async with transaction(request) as conn:
        template = await keep.create_template(conn, draft=body.draft(), actor=actor(request), now=now(request))
    return Created(template, location="/api/v1/templates")


async def replace_template(request: web.Request, template_id: int, body: TemplateBody) -> Template:
    """Write a template anew; with another `area` it is shared there instead."""
    async with transaction(request) as conn:
        return await keep.replace_template(
            conn, template_id=template_id, draft=body.draft(), actor=actor(request), now=now(request)
        )


async def delete_template(request: web.Request, template_id: int) -> None:
    """Delete a template of one's own, or of an area that one keeps."""
    async with transaction(request) as conn:
        await keep.delete_template(conn, template_id=template_id, actor=actor(request), now=now(request))


async def render_template(request: web.Request, template_id: int, body: RenderBody) -> Rendering:
    """Fill a template for a case, in the district's local time, and give the text to read and send.

    What the case has nothing for stands as “—” and is named in `missing`.
    """
    caller = actor(request)
    async with transaction(request) as conn:
        case = await get_seen_case(conn, case_id=body.case_id, actor=caller)
        async with acting(conn, Work.NAMES):
            template = await queries.find_template(conn, district_id=caller.district_id, template_id=template_id)
        if template is None or not keep.serves(template, actor=caller, case=case):
            raise TemplateNotFound()
        return await render(conn, ring=request.app[RING], body=template.body, case=case, actor=caller)
