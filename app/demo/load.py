"""Loads the demonstration into an empty database: all of it in one transaction, through the rooms' own verbs."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyotp

from app.demo import Say
from app.demo.areas import DISTRICT_NAME, DemoArea, draw_areas
from app.demo.cases import plan_cases
from app.demo.history import Cast, History
from app.demo.people import APPLICATIONS, DEPARTMENTS, RIDERS, RULES, DemoApplication, DemoRider, DemoStaff, list_staff
from app.demo.places import Ground
from app.demo.sign_ins import DemoSignIns, SignIn, make_password, write_sign_ins
from app.demo.stations import FAULTS, FOUND_OPEN, LOCKED_AGAIN_MINUTES, list_stations
from community.routing.models import RuleTerms
from community.routing.queries import insert_department, insert_routing_rule, set_default_department
from core.access.accounts import add_staff
from core.access.models import Actor, Grant, Role
from core.access.own.second_factor import set_second_factor
from core.access.passwords import hash_password
from core.access.queries import has_staff
from core.database import Connection
from core.files import FileStore
from core.queries import update_district
from core.sealing.ring import KeyRing
from geo.drafts import add_areas, open_draft
from geo.generations import activate
from geo.locate import AreaIndex
from geo.models import Datum, Locate
from geo.queries import list_generations
from riders.reporters.applications import apply, approve, decline
from riders.reporters.appointments import revoke
from riders.signup.consents import LOOK_LOCATION, PHOTO, REPORT_LOCATION, decide_consent
from riders.signup.phone import parse_phone
from riders.signup.profile import update_profile
from riders.signup.queries import insert_rider
from station.models import FeedbackKind
from station.registry import create

_LOADER = "演示数据"
_DAY = timedelta(days=1)
#: How long ago the staff began; riders came in the weeks after.
_BEGINNING = 120 * _DAY


async def load_demo(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    data_dir: Path,
    photos: FileStore,
    now: datetime,
    say: Say,
) -> DemoSignIns | None:
    """Load the demonstration and write its sign-ins into `data_dir`; None when the database is not empty.

    The sign-ins are on the disk before the transaction commits, so no account is without its password.
    """
    async with conn.transaction():
        if not await _is_empty(conn, district_id=district_id):
            return None
        say("首次启动，正在装入演示数据 / first start: loading the demonstration")
        return await _Loading(conn, ring, district_id, now, say).run(data_dir, photos)


async def _is_empty(conn: Connection, *, district_id: int) -> bool:
    generations = await list_generations(conn, district_id=district_id)
    return not generations and not await has_staff(conn, district_id=district_id)


class _Loading:
    """One loading: the connection and the moment that every step needs."""

    def __init__(self, conn: Connection, ring: KeyRing, district_id: int, now: datetime, say: Say) -> None:
        self._conn = conn
        self._ring = ring
        self._district_id = district_id
        self._now = now
        self._say = say

    async def run(self, data_dir: Path, photos: FileStore) -> DemoSignIns:
        await update_district(
            self._conn, district_id=self._district_id, name=f"{DISTRICT_NAME}（演示数据）", is_demo=True
        )
        areas = draw_areas()
        locate = await self._load_areas(areas)
        departments = await self._load_departments()
        sign_ins, staff = await self._load_staff(areas, departments)
        riders = await self._load_riders(staff)
        ground = Ground(areas)
        stations = await self._load_stations(ground, staff, locate)
        cast = Cast(self._district_id, staff, riders, stations)
        await self._play(cast, ground, locate, photos)
        place = write_sign_ins(data_dir, sign_ins)
        self._say(f"演示数据已装入，账号在 {place} / demonstration loaded, its sign-ins are in this file")
        return sign_ins

    async def _load_areas(self, areas: list[DemoArea]) -> Locate:
        """Store and activate the tree; give its own index, for this process's live one knows committed areas only."""
        draft = await open_draft(
            self._conn, district_id=self._district_id, actor_name=_LOADER, now=self._now - _BEGINNING
        )
        await add_areas(
            self._conn,
            district_id=self._district_id,
            generation_id=draft.id,
            areas=[area.row() for area in areas],
            polygons=[area.shape for area in areas],
            datum=Datum.WGS84,
        )
        active = await activate(
            self._conn, district_id=self._district_id, actor_name=_LOADER, now=self._now - _BEGINNING
        )
        self._say(f"  区域 {len(areas)} 个 / {len(areas)} areas")
        leaves = [area for area in areas if area.is_leaf]
        polygons = np.array([leaf.shape for leaf in leaves], dtype=object)
        return AreaIndex.build([leaf.ref() for leaf in leaves], polygons, generation_id=active.id).locate

    async def _load_departments(self) -> dict[str, int]:
        """Found the departments, each usual for its categories, and the rules that route to desks."""
        ids = {}
        for unit in DEPARTMENTS:
            ids[unit.code] = await insert_department(
                self._conn, district_id=self._district_id, code=unit.code, name=unit.name, phone=unit.phone
            )
            for category in unit.categories:
                await set_default_department(
                    self._conn, district_id=self._district_id, category_code=category, department_id=ids[unit.code]
                )
        for rule in RULES:
            await insert_routing_rule(
                self._conn,
                district_id=self._district_id,
                position=rule.position,
                terms=RuleTerms(category_code=rule.category, desk_depth=rule.desk_depth, note=rule.note),
            )
        self._say(f"  处置部门 {len(ids)} 个，分拨规则 {len(RULES)} 条 / {len(ids)} departments, {len(RULES)} rules")
        return ids

    async def _load_staff(
        self, areas: list[DemoArea], departments: dict[str, int]
    ) -> tuple[DemoSignIns, tuple[Actor, ...]]:
        paths = {area.code: area.path for area in areas}
        entries, actors = [], []
        second_factor = pyotp.random_base32()
        for person in list_staff():
            entry = SignIn(person, make_password())
            grant = _grant(person, paths, departments)
            account = await add_staff(
                self._conn,
                district_id=self._district_id,
                username=person.username,
                name=person.name,
                password_hash=await hash_password(entry.password, context=()),
                one_time_until=None,
                grants=(grant,),
                now=self._now - _BEGINNING,
            )
            await set_second_factor(
                self._conn, district_id=self._district_id, staff_id=account.id, secret=second_factor, ring=self._ring
            )
            entries.append(entry)
            actors.append(Actor("staff", account.id, self._district_id, account.name, (grant,)))
        self._say(f"  工作人员 {len(actors)} 名 / {len(actors)} staff")
        return DemoSignIns(tuple(entries), second_factor), tuple(actors)

    async def _load_riders(self, staff: tuple[Actor, ...]) -> tuple[Actor, ...]:
        riders = tuple([await self._sign_up(number, rider) for number, rider in enumerate(RIDERS)])
        for wish in APPLICATIONS:
            await self._consider(wish, riders[wish.rider], staff)
        self._say(f"  骑手 {len(riders)} 名，申请 {len(APPLICATIONS)} 份 / {len(riders)} riders, their applications")
        return riders

    async def _sign_up(self, number: int, rider: DemoRider) -> Actor:
        since = self._now - _BEGINNING + number * _DAY
        rider_id = await insert_rider(
            self._conn, ring=self._ring, district_id=self._district_id, phone=parse_phone(rider.phone), now=since
        )
        actor = Actor("rider", rider_id, self._district_id)
        await update_profile(
            self._conn,
            ring=self._ring,
            actor=actor,
            name=rider.name,
            platform=rider.platform,
            languages=rider.languages,
        )
        for purpose in (REPORT_LOCATION, LOOK_LOCATION, PHOTO):
            await decide_consent(self._conn, actor=actor, purpose=purpose, version=1, is_given=True, now=since)
        return actor

    async def _consider(self, wish: DemoApplication, rider: Actor, staff: tuple[Actor, ...]) -> None:
        """Let the rider apply and the secretary of the community decide, a day later."""
        applied_at = self._now - wish.days_ago * _DAY
        application = await apply(
            self._conn,
            ring=self._ring,
            actor=rider,
            area_code=wish.community,
            motivation="熟悉这一片，想出份力（演示）",
            now=applied_at,
        )
        (secretary,) = (
            person for person in staff if person.holds(Role.SECRETARY) and person.reaches(application.area_path)
        )
        decided_at = applied_at + _DAY
        if wish.reason is not None:
            await decline(
                self._conn,
                ring=self._ring,
                actor=secretary,
                application_id=application.id,
                reason=wish.reason,
                now=decided_at,
            )
        if wish.trust is None:
            return
        appointment = await approve(
            self._conn,
            ring=self._ring,
            actor=secretary,
            application_id=application.id,
            area_code=None,
            trust_level=wish.trust,
            months=wish.months,
            until=None,
            now=decided_at,
        )
        if wish.revoked_for is not None:
            await revoke(
                self._conn,
                actor=secretary,
                appointment_id=appointment.id,
                reason=wish.revoked_for,
                now=decided_at + 30 * _DAY,
            )

    async def _load_stations(self, ground: Ground, staff: tuple[Actor, ...], locate: Locate) -> tuple[int, ...]:
        admin = next(person for person in staff if person.holds(Role.DISTRICT_ADMIN))
        stations = [
            await create(
                self._conn,
                actor=admin,
                draft=draft,
                locate=locate,
                now=self._now - _BEGINNING,
                is_demo=True,
                must_read_hours=False,
            )
            for draft in list_stations(ground, now=self._now)
        ]
        self._say(f"  驿站 {len(stations)} 座 / {len(stations)} stations")
        return tuple(station.id for station in stations)

    async def _play(self, cast: Cast, ground: Ground, locate: Locate, photos: FileStore) -> None:
        plan = plan_cases(ground, now=self._now)
        history = History(self._conn, self._ring, cast, locate, photos)
        await history.play(plan)
        locked_at = self._now - timedelta(minutes=LOCKED_AGAIN_MINUTES)
        await history.tap(FAULTS[0][0], FeedbackKind.FOUND_LOCKED, nonce="demonstration-again", at=locked_at)
        for station, minutes in FOUND_OPEN:
            open_at = self._now - timedelta(minutes=minutes)
            await history.tap(station, FeedbackKind.FOUND_OPEN, nonce="demonstration-open", at=open_at)
        await history.settle(self._now)
        self._say(f"  案件 {len(plan)} 件 / {len(plan)} cases")


def _grant(person: DemoStaff, paths: dict[str, str], departments: dict[str, int]) -> Grant:
    area_path = paths[person.area_code] if person.area_code else ""
    return Grant(person.role, area_path, departments[person.department] if person.department else None)
