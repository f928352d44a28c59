"""Appeals over HTTP: a resident's own, by a token instead of a sign-in, and those that staff enter for one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints

from community.appeals import contact
from community.appeals.contact import AppealCopy
from community.appeals.models import AppealDraft, Entered, Intake
from community.appeals.on_behalf import enter_appeal
from community.appeals.own import add_words, get_appeal_progress, withdraw_appeal
from community.appeals.submit import submit_appeal
from community.models import Channel, Contact, Place
from community.progress import Progress
from core.access.wall import Work, acting
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.traffic import check_area
from core.http.wiring import RECORDS, RING, actor, district_id, now, transaction
from core.idempotency import HEADER
from geo.api import LOCATE, MeasuredPositionBody
from geo.datum import point_from

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class AppealBody(Input):
    """What a resident asks for. Neither a name nor a phone nor a place is needed."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [{"category": "help", "text": "想咨询孩子入学的手续", "contact_phone": "19900000001"}]
        },
    )

    category: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=4000)
    contact_name: Annotated[str, Field(min_length=1, max_length=40), SHOWN] | None = None
    contact_phone: str | None = Field(None, pattern=r"^\+?[0-9 -]{5,20}$")
    place: MeasuredPositionBody | None = None


class OnBehalfBody(AppealBody):
    """What a resident asked for in person or by phone, entered by staff.

    `channel` is how he came. Face to face, and only then, `words` say what was agreed: they are the proof of the first
    contact. `area_code` names the community where there is no place; without both it lies at the duty desk.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "category": "help",
                    "text": "到站咨询孩子入学的手续",
                    "contact_phone": "19900000001",
                    "area_code": "370299001001",
                    "channel": "face_to_face",
                    "words": "已当面说明所需材料，约定今日答复",
                }
            ]
        },
    )

    channel: Channel
    words: Words | None = None
    area_code: str | None = Field(None, min_length=1, max_length=40)


class ContactBody(Input):
    """How the resident can be reached from now on; what is left out is removed."""

    model_config = ConfigDict(
        str_strip_whitespace=True, json_schema_extra={"examples": [{"contact_phone": "19900000002"}]}
    )

    contact_name: str | None = Field(None, min_length=1, max_length=40)
    contact_phone: str | None = Field(None, pattern=r"^\+?[0-9 -]{5,20}$")


class WordsBody(Input):
    """What the resident adds to his appeal."""

    model_config = ConfigDict(
        str_strip_whitespace=True, json_schema_extra={"examples": [{"text": "小的孩子今年上一年级"}]}
    )

    text: Words


class WithdrawBody(Input):
    """Why the resident takes his appeal back; he need not say."""

    model_config = ConfigDict(
        str_strip_whitespace=True, json_schema_extra={"examples": [{}, {"text": "已经自己办好了"}]}
    )

    text: Words | None = None


@dataclass(frozen=True, slots=True)
class AppealReceived:
    """What the resident keeps: `token` opens the state of the appeal, whoever holds it."""

    token: str
    submitted_at: datetime


async def post_appeal(request: web.Request, body: AppealBody) -> Created[AppealReceived]:
    """Take a resident's appeal, with or without a place.

    Send a header `Idempotency-Key` made by the client: the same key and body again give the same answer.
    """
    draft = _draft(body)
    area = None if draft.place is None else request.app[LOCATE](draft.place.point).area
    check_area(request, None if area is None else area.path)
    async with transaction(request) as conn:
        appeal = await submit_appeal(
            conn,
            ring=request.app[RING],
            key=request.headers.get(HEADER, ""),
            draft=draft,
            locate=request.app[LOCATE],
            actor=actor(request),
            now=now(request),
        )
    return Created(AppealReceived(appeal.token, appeal.submitted_at), location=f"/api/v1/appeals/{appeal.token}")


async def post_appeal_on_behalf(request: web.Request, body: OnBehalfBody) -> Created[Entered]:
    """Enter the appeal of a resident who came in person or phoned.

    Send a header `Idempotency-Key`. Said face to face, the first contact is met at once. Nobody is given a token: with
    it, staff could answer or withdraw in the resident's place.
    """
    async with transaction(request) as conn:
        entered = await enter_appeal(
            conn,
            ring=request.app[RING],
            key=request.headers.get(HEADER, ""),
            draft=_draft(body),
            intake=Intake(body.channel, body.words, body.area_code),
            locate=request.app[LOCATE],
            actor=actor(request),
            now=now(request),
        )
    return Created(entered, location=f"/api/v1/cases/{entered.case_id}")


def _draft(body: AppealBody) -> AppealDraft:
    place = None
    if body.place is not None:
        received = body.place.received()
        place = Place(point_from(received), received, body.place.accuracy_m)
    return AppealDraft(body.category, body.text, Contact(body.contact_name, body.contact_phone), place)


async def get_appeal(request: web.Request, token: str) -> Progress:
    """Show how far the appeal of this token has come, and after closing the link by which to answer."""
    async with transaction(request) as conn:
        return await get_appeal_progress(
            conn, district_id=district_id(request), token=token, link_ring=request.app[RING]
        )


async def post_words(request: web.Request, token: str, body: WordsBody) -> Progress:
    """Add words to the appeal of this token; the same words again, with none in between, are added once."""
    async with transaction(request) as conn:
        await add_words(conn, district_id=district_id(request), token=token, words=body.text, now=now(request))
        return await get_appeal_progress(
            conn, district_id=district_id(request), token=token, link_ring=request.app[RING]
        )


async def withdraw(request: web.Request, token: str, body: WithdrawBody) -> Progress:
    """Take the appeal of this token back, as long as its case is open; again it changes nothing."""
    async with transaction(request) as conn:
        await withdraw_appeal(conn, district_id=district_id(request), token=token, words=body.text, now=now(request))
        return await get_appeal_progress(
            conn, district_id=district_id(request), token=token, link_ring=request.app[RING]
        )


async def get_appeal_copy(request: web.Request, token: str) -> AppealCopy:
    """Give the resident all that is kept of the appeal of this token, his contact included."""
    async with transaction(request) as conn, acting(conn, Work.CONSEQUENCE):
        return await contact.copy_appeal(
            conn, ring=request.app[RING], district_id=district_id(request), token=token, now=now(request)
        )


async def put_contact(request: web.Request, token: str, body: ContactBody) -> AppealCopy:
    """Correct the contact left with the appeal of this token."""
    async with transaction(request) as conn, acting(conn, Work.CONSEQUENCE):
        return await contact.change_contact(
            conn,
            ring=request.app[RING],
            district_id=district_id(request),
            token=token,
            contact=Contact(body.contact_name, body.contact_phone),
            now=now(request),
        )


async def delete_contact(request: web.Request, token: str) -> None:
    """Erase the contact left with the appeal of this token, at once and for good; the case goes on without it."""
    async with transaction(request) as conn, acting(conn, Work.CONSEQUENCE):
        await contact.erase_contact(
            conn,
            ring=request.app[RING],
            district_id=district_id(request),
            token=token,
            records=request.app[RECORDS],
            now=now(request),
        )
