"""Plays the planned cases through the rooms' own verbs, in the order of their times, as if it had all happened."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.demo.cases import PlannedAct, PlannedCase, fault_number
from app.demo.pictures import draw_picture
from app.demo.stations import FAULTS
from app.schedule import REACTIONS
from community.acts import Act
from community.appeals.models import AppealDraft
from community.appeals.queries import find_case_id
from community.appeals.submit import submit_appeal
from community.clocks.sweep import sweep_deadlines
from community.models import Case, Channel, Contact, Origin, Place, Satisfaction, State
from community.queries import find_case
from community.sight import roles_on
from community.triage import carry_out
from community.workflow import Verb, find_transition
from core import queries
from core.access.models import Actor, Role
from core.access.sessions import anonymous
from core.database import Connection
from core.files import FileStore
from core.photos import KEPT_AS, StoredPhoto
from core.reencoding import reencode
from core.sealing.ring import KeyRing
from geo.datum import from_wgs84
from geo.models import Datum, Locate, Point, Received
from riders.models import Submission
from riders.photos import record_photo
from riders.submit import submit
from station.feedback.queries import find_open_fault
from station.feedback.tell import tell
from station.models import FeedbackKind

#: Whose hand does what: those further left are asked first.
_INSIDE = (Role.SECRETARY, Role.GRID_WORKER, Role.SUBDISTRICT, Role.DISTRICT_ADMIN)
_ON_SITE = (Role.DEPARTMENT, Role.GRID_WORKER, Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN)
_ON_SITE_VERBS = {Verb.ACCEPT, Verb.FEEDBACK, Verb.HANDLE, Verb.VERIFY, Verb.FOLLOW_UP}
#: Every so many reports one comes with a photo.
_PHOTO_EVERY = 8
_GREETING = "已收到，马上安排处理。"
#: What people say at the visit, in turn.
_SAID = (*[Satisfaction.SATISFIED] * 5, *[Satisfaction.FAIRLY_SATISFIED] * 2, Satisfaction.DISSATISFIED)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone and everything that the cases need: ids as loaded, riders and stations in the order of their lists."""

    district_id: int
    staff: tuple[Actor, ...]
    riders: tuple[Actor, ...]
    stations: tuple[int, ...]


class History:
    """The cases as they come about; `play` moves one step, `settle` works off what follows from it."""

    def __init__(self, conn: Connection, ring: KeyRing, cast: Cast, locate: Locate, photos: FileStore) -> None:
        self._conn = conn
        self._ring = ring
        self._cast = cast
        self._locate = locate
        self._photos = photos
        self._case_ids: dict[int, int] = {}

    async def play(self, plan: list[PlannedCase]) -> None:
        """Open every case and do every act of the plan, sweeping clocks and working off events in between."""
        steps: list[tuple[datetime, PlannedCase, PlannedAct | None]] = []
        for planned in plan:
            steps.append((planned.opened_at, planned, None))
            steps += [(act.at, planned, act) for act in planned.acts]
        for at, planned, act in sorted(steps, key=lambda step: step[0]):
            await self.settle(at)
            if act is None:
                self._case_ids[planned.number] = await self._open(planned)
            else:
                await self._act(planned, act)

    async def settle(self, now: datetime) -> None:
        """Mark the clocks that are late at `now`, and tell people what happened until then."""
        await sweep_deadlines(self._conn, district_id=self._cast.district_id, now=now)
        await queries.settle_events_without_reaction(
            self._conn, district_id=self._cast.district_id, now=now, reacting_kinds=list(REACTIONS)
        )
        while event := await queries.claim_event(self._conn, district_id=self._cast.district_id, now=now):
            for react in REACTIONS[event.kind]:
                await react(self._conn, event, now)
            await queries.settle_event(self._conn, event)

    async def tap(self, station: int, kind: FeedbackKind, *, nonce: str, at: datetime) -> None:
        """Let a passer-by tap at a station."""
        await tell(
            self._conn,
            ring=self._ring,
            actor=anonymous(self._cast.district_id),
            station_id=self._cast.stations[station],
            kind=kind,
            amenity=None,
            device_nonce=nonce,
            locate=self._locate,
            now=at,
        )

    async def _open(self, planned: PlannedCase) -> int:
        if planned.origin is Origin.REPORT:
            return await self._report(planned)
        if planned.origin is Origin.APPEAL:
            return await self._appeal(planned)
        return await self._find_fault(planned)

    async def _report(self, planned: PlannedCase) -> int:
        rider = self._cast.riders[planned.rider]
        photo = await self._photograph(planned) if planned.number % _PHOTO_EVERY == 0 else None
        report = await submit(
            self._conn,
            actor=rider,
            submission=Submission(
                category=planned.category,
                description=planned.description,
                received=_received(planned),
                accuracy_m=None if planned.point is None else 5.0 + planned.number % 20,
                answers=planned.answers,
                observed_at=planned.opened_at,
                photos=() if photo is None else (photo.sha256,),
            ),
            key=f"demonstration-{planned.number:04}",
            locate=self._locate,
            now=planned.opened_at,
        )
        if photo is not None:
            await record_photo(self._conn, actor=rider, report_id=report.id, photo=photo, now=planned.opened_at)
        return report.case_id

    async def _photograph(self, planned: PlannedCase) -> StoredPhoto:
        drawn = draw_picture(planned.number)
        jpeg = await asyncio.to_thread(reencode, drawn, media_type="image/png")
        stored = await self._photos.put(jpeg)
        return StoredPhoto(hashlib.sha256(drawn).hexdigest(), stored, KEPT_AS, len(jpeg))

    async def _appeal(self, planned: PlannedCase) -> int:
        received = _received(planned)
        place = None if received is None or planned.point is None else Place(planned.point, received, None)
        contact = Contact("演示居民", f"19900001{planned.number:03}") if planned.number % 2 else Contact(None, None)
        appeal = await submit_appeal(
            self._conn,
            ring=self._ring,
            key=f"demonstration-{planned.number:04}",
            draft=AppealDraft(planned.category, planned.description, contact, place),
            locate=self._locate,
            actor=anonymous(self._cast.district_id),
            now=planned.opened_at,
        )
        return _known(await find_case_id(self._conn, district_id=self._cast.district_id, appeal_id=appeal.id))

    async def _find_fault(self, planned: PlannedCase) -> int:
        station, amenity = FAULTS[fault_number(planned.number)]
        kind = FeedbackKind.FOUND_LOCKED if amenity is None else FeedbackKind.AMENITY_BROKEN
        station_id = self._cast.stations[station]
        await tell(
            self._conn,
            ring=self._ring,
            actor=self._cast.riders[planned.rider],
            station_id=station_id,
            kind=kind,
            amenity=amenity,
            device_nonce=f"demonstration-{planned.number:04}",
            locate=self._locate,
            now=planned.opened_at,
        )
        fault = await find_open_fault(
            self._conn, district_id=self._cast.district_id, station_id=station_id, kind=kind, amenity=amenity
        )
        return _known(None if fault is None else fault.case_id)

    async def _act(self, planned: PlannedCase, planned_act: PlannedAct) -> None:
        case = await find_case(self._conn, district_id=self._cast.district_id, case_id=self._case_ids[planned.number])
        assert case is not None  # noqa: S101 — it was opened some steps ago
        # A trusted reporter's case is filed from the start; the community greets him instead.
        if planned_act.verb is Verb.FILE and case.state is State.FILED:
            planned_act = replace(planned_act, verb=Verb.CONTACT, words=_GREETING)
        is_first = planned_act == planned.acts[0]
        if case.contact_owed and is_first and planned_act.verb is not Verb.CONTACT:
            case = await self._carry_out(planned, replace(planned_act, verb=Verb.CONTACT, words=_GREETING), case)
        await self._carry_out(planned, planned_act, case)

    async def _carry_out(self, planned: PlannedCase, planned_act: PlannedAct, case: Case) -> Case:
        return await carry_out(
            self._conn,
            case_id=case.id,
            verb=planned_act.verb,
            act=self._say(planned, planned_act, case),
            actor=self._hand(case, planned_act.verb),
            now=planned_act.at,
        )

    def _say(self, planned: PlannedCase, planned_act: PlannedAct, case: Case) -> Act:
        verb, words = planned_act.verb, planned_act.words
        if verb is Verb.CLOSE:
            return Act(result=words)
        if verb is Verb.DISPATCH:
            return Act(department_id=case.suggested_department_id)
        if verb is Verb.HAND_OVER:
            return Act(area_code=next(code for code in case.candidates if code != case.area_code))
        if verb is Verb.MARK_DUPLICATE and planned.original is not None:
            return Act(duplicate_of=self._case_ids[planned.original])
        if verb is Verb.CONTACT:
            return Act(note=words, channel=(Channel.PHONE, Channel.FACE_TO_FACE, Channel.WECHAT)[planned.number % 3])
        if verb is Verb.HOLD:
            return Act(note=words, until=planned_act.at + timedelta(days=6))
        if verb is Verb.FOLLOW_UP:
            return Act(note=words, satisfaction=_SAID[planned.number % len(_SAID)])
        return Act(note=words)

    def _hand(self, case: Case, verb: Verb) -> Actor:
        """Give who does this: the nearest of those whose role on the case includes it."""
        transition = find_transition(case.state, verb)
        for role in _ON_SITE if verb in _ON_SITE_VERBS else _INSIDE:
            if transition is not None and role in transition.roles:
                for actor in self._cast.staff:
                    if role in roles_on(actor, case):
                        return actor
        raise LookupError(f"nobody can {verb} case {case.number}, which is {case.state}")


def _received(planned: PlannedCase) -> Received | None:
    """Give the position as different phones state it."""
    if planned.point is None:
        return None
    datum = (Datum.GCJ02, Datum.GCJ02, Datum.WGS84, Datum.BD09)[planned.number % 4]
    return _in_datum(planned.point, datum)


def _in_datum(point: Point, datum: Datum) -> Received:
    lon, lat = from_wgs84(point.lon, point.lat, datum)
    return Received(lon, lat, datum)


def _known(case_id: int | None) -> int:
    if case_id is None:
        raise LookupError("a planned case was not opened")
    return case_id
