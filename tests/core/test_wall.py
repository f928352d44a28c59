"""Row-level security by itself: what each caller sees and may change, compared with rules written down anew here."""

import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from app.postgres import Server
from core.access.models import Actor, Grant, Role
from core.access.wall import Work, acting, hold_case, holds_area, tell_caller, transaction_for, transaction_of
from core.database import Connection, Pool, connected, open_pool, pool_transaction
from tests.conftest import DISTRICT, START, Database, clone

PATHS = ("1", "1/2", "1/2/3", "1/2/4", "1/20", "1/20/5", "9")
DEPARTMENTS = (71, 72)
RIDERS = (81, 82)
AREA_ROLES = {Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY, Role.GRID_WORKER, Role.AUDITOR}
REVIEWERS = {Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY}


@dataclass(frozen=True)
class Row:
    """A row as the rules here know it: whose it is, by area, departments or person."""

    id: int
    path: str | None
    departments: tuple[int, ...] = ()
    rider: int | None = None
    staff: int | None = None


def staff(*grants: Grant, staff_id: int = 501) -> Actor:
    return Actor("staff", staff_id, DISTRICT, "", grants)


def rider(rider_id: int) -> Actor:
    return Actor("rider", rider_id, DISTRICT)


NOBODY = Actor("anonymous", None, DISTRICT)


def callers() -> list[Actor]:
    """Give everyone once with one grant, and some with several."""
    ones = [Grant(role, path) for role in Role if role is not Role.DEPARTMENT for path in ("", *PATHS)]
    ones += [Grant(Role.DEPARTMENT, "", department_id) for department_id in DEPARTMENTS]
    chance = random.Random(19)
    several = [staff(*chance.sample(ones, chance.randint(2, 4))) for _ in range(30)]
    return [NOBODY, *map(rider, RIDERS), staff(), *(staff(one) for one in ones), *several]


def beneath(path: str, scope: str) -> bool:
    codes, above = path.split("/"), scope.split("/") if scope else []
    return codes[: len(above)] == above


def holds(who: Actor, path: str | None, roles: Iterable[Role]) -> bool:
    return path is not None and any(grant.role in roles and beneath(path, grant.area_path) for grant in who.grants)


def stands_before(who: Actor, row: Row, roles: set[Role]) -> bool:
    """Say the rule of cases: area, duty desk, department."""
    for grant in who.grants:
        if grant.role is Role.DEPARTMENT:
            if grant.department_id in row.departments:
                return True
        elif grant.role not in roles:
            continue
        elif row.path is None:
            if grant.area_path == "" or grant.role in (Role.DISTRICT_ADMIN, Role.SUBDISTRICT):
                return True
        elif beneath(row.path, grant.area_path):
            return True
    return False


def sees_case(who: Actor, row: Row) -> bool:
    return stands_before(who, row, AREA_ROLES) or is_riders(who, row)


def works_on_case(who: Actor, row: Row) -> bool:
    return stands_before(who, row, AREA_ROLES - {Role.AUDITOR})


def is_riders(who: Actor, row: Row) -> bool:
    return who.kind == "rider" and who.id == row.rider


def is_authors(who: Actor, row: Row) -> bool:
    return who.kind == "staff" and who.id == row.staff


def is_above(path: str, scope: str) -> bool:
    return path == "" or beneath(scope, path)


def is_shared_down(who: Actor, path: str) -> bool:
    return any(is_above(path, grant.area_path) for grant in who.grants)


@dataclass(frozen=True)
class Told:
    """A table: how a row comes into it for an area and a person, who sees it, who may lock it to change it."""

    insert: str
    sees: Callable[[Actor, Row], bool]
    changes: Callable[[Actor, Row], bool]
    key: str = "id"


def never(_who: Actor, _row: Row) -> bool:
    return False


def of_staff(sees: Callable[[Actor, Row], bool]) -> Callable[[Actor, Row], bool]:
    return lambda who, row: who.kind == "staff" and sees(who, row)


def reviewed(who: Actor, row: Row) -> bool:
    return is_riders(who, row) or holds(who, row.path, REVIEWERS | {Role.AUDITOR})


def decided(who: Actor, row: Row) -> bool:
    return holds(who, row.path, REVIEWERS)


#: $1 path, $2 rider, $3 staff, $4 case at that path, $5 a moment.
OF_AREAS: dict[str, Told] = {
    "station": Told(
        "insert into station (district_id, code, qr_token, name, area_path, created_at, updated_at) "
        "values (1, 'c' || $4, 't' || $4, 'a', $1, $5, $5)",
        lambda who, row: holds(who, row.path, (AREA_ROLES | {Role.STATION_HOST}) - {Role.DEPARTMENT}),
        lambda who, row: holds(who, row.path, REVIEWERS | {Role.STATION_HOST}),
    ),
    "application": Told(
        "insert into application (district_id, rider_id, area_path, applied_at) values (1, $2, $1, $5)",
        reviewed,
        decided,
    ),
    "point_objection": Told(
        "insert into point_objection (district_id, rider_id, report_id, case_id, area_path, words, made_at) "
        "values (1, $2, $4, $4, $1, 'w', $5)",
        reviewed,
        decided,
    ),
    "point_entry": Told(
        "insert into point_entry (district_id, rider_id, ground, points, reason_zh, reason_en, area_path, earned_on, "
        "created_at, by_kind) values (1, $2, 'filed', 1, '', '', $1, '2026-03-01', $5, 'system')",
        reviewed,
        decided,
    ),
    "clock_rule": Told(
        "insert into clock_rule (district_id, clock, category_code, area_path, amount, unit, valid_from) "
        "values (1, 'file', 'litter', $1, $4, 'minute', $5)",
        lambda _who, _row: True,
        lambda who, row: holds(who, row.path, {Role.DISTRICT_ADMIN}),
    ),
    "routing_rule": Told(
        "insert into routing_rule (district_id, position, area_path) values (1, $4, $1)",
        lambda _who, _row: True,
        lambda who, row: holds(who, row.path, {Role.DISTRICT_ADMIN}),
    ),
    "post": Told(
        "insert into post (district_id, name, area_path) values (1, 'p', $1)",
        lambda who, row: any(
            grant.role in AREA_ROLES
            and (beneath(row.path or "", grant.area_path) or is_above(row.path or "", grant.area_path))
            for grant in who.grants
        ),
        lambda who, row: holds(who, row.path, REVIEWERS),
    ),
    "template": Told(
        "insert into template (district_id, area_path, field, title, body, updated_by, updated_at) "
        "values (1, $1, 'note', 't', 'b', $3, $5)",
        lambda who, row: is_shared_down(who, row.path or "") or holds(who, row.path, REVIEWERS),
        lambda who, row: holds(who, row.path, REVIEWERS),
    ),
    "saved_filter": Told(
        "insert into saved_filter (district_id, owner_id, name, query, area_path, updated_at) "
        "values (1, $3, $1, '{}', $1, $5)",
        lambda who, row: is_authors(who, row) or is_shared_down(who, row.path or ""),
        lambda who, row: is_authors(who, row) and holds(who, row.path, REVIEWERS),
    ),
    "figure_case": Told(
        "insert into figure_case (district_id, case_id, opened_on, area_path, category_code, slots) "
        "values (1, $4, '2026-03-01', $1, 'litter', '{}')",
        lambda who, row: holds(who, row.path, AREA_ROLES),
        never,
        key="case_id",
    ),
    "report": Told(
        "insert into report (district_id, rider_id, key, body_hash, category_code, description, answers, submitted_at, "
        "case_id) values (1, $2, 'key' || $4, '', 'litter', '', '{}', $5, $4)",
        sees_case,
        is_riders,
    ),
    "deadline": Told(
        "insert into deadline (district_id, case_id, clock, round, due_at, warn_at, started_at, calendar_version, "
        "calendar_known, rule_id) select 1, $4, 'file', 1, $5, $5, $5, 1, true, min(id) from clock_rule",
        of_staff(sees_case),
        never,
        key="case_id",
    ),
    "case_note": Told(
        "insert into case_note (district_id, case_id, author_id, text, mentioned_ids, written_at) "
        "values (1, $4, $3, 't', '{}', $5)",
        of_staff(sees_case),
        lambda who, row: is_authors(who, row) and sees_case(who, row),
    ),
    "event": Told(
        "insert into event (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, next_attempt_at) "
        "values (1, 'case.filed', 'case', $4, 'system', $5, '{}', $5)",
        sees_case,
        never,
    ),
    "notice": Told(
        "insert into notice (district_id, event_id, kind, case_id, recipient_kind, recipient_id, created_at) "
        "select 1, id, 'k', $4, 'rider', $2, $5 from event where subject_id = $4",
        is_riders,
        is_riders,
    ),
    "appeal": Told(
        "insert into appeal (district_id, key, body_hash, token_hash, submitted_at) "
        "values (1, 'k' || $4, '', sha256($4::text::bytea), $5)",
        never,  # none of the cases here is of an appeal
        never,
    ),
}


@dataclass(frozen=True)
class World:
    """A connection of the application's role beside one that sees all, and every row by its table."""

    app: Connection
    all: Connection
    database: Database
    rows: dict[str, list[Row]]

    async def ids(self, table: str, key: str = "id", *, lock: bool = False) -> set[int]:
        """List what the transaction sees of a table, or may lock to change it, of the rows that the world made."""
        sql = f"select {key} from {table}" + (" for no key update" if lock else "")  # noqa: S608
        return {row[0] for row in await self.app.fetch(sql)} & {row.id for row in self.rows[table]}


async def _make_cases(conn: Connection) -> list[Row]:
    rows = []
    for path in (*PATHS, None):
        for departments in ((), (71,), (71, 72)):
            rider_id = RIDERS[len(rows) % 2]
            names = None if path is None else path.split("/")
            case_id = await conn.fetchval(
                """
                insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state,
                    description, area_code, area_path, area_names, generation_id, desk_path, department_id,
                    department_ids, reporter_kind, reporter_id, opened_at, updated_at)
                values (1, 2026, 'report', $1, 'litter', 'filed', '', $2, $3, $4, $5, '', $6, $7, 'rider', $8, $9, $9)
                returning id
                """,
                *(f"r{len(rows)}", names and names[-1], path, names, None if path is None else 1),
                *(departments[0] if departments else None, departments, rider_id, START),
            )
            rows.append(Row(case_id, path, departments, rider_id, 501 + len(rows) % 2))
    return rows


async def _make_rows(conn: Connection) -> dict[str, list[Row]]:
    await conn.execute(
        """
        insert into department (district_id, id, code, name) overriding system value
        values (1, 71, 'a', 'a'), (1, 72, 'b', 'b');
        insert into rider (district_id, id, phone, signed_up_at) overriding system value
        values (1, 81, '+8613800000081', now()), (1, 82, '+8613800000082', now());
        insert into staff (district_id, id, username, name, password_hash, created_at) overriding system value
        values (1, 501, 'a', 'a', '', now()), (1, 502, 'b', 'b', '', now())
        """
    )
    cases = await _make_cases(conn)
    made: dict[str, list[Row]] = {"community_case": cases}
    at_work = {"report", "deadline", "case_note", "event", "notice"}  # these follow their case wherever it lies
    for table, told in ({"report": OF_AREAS["report"]} | OF_AREAS).items():
        made[table] = []
        for case in cases if table in at_work else [case for case in cases if case.path and not case.departments]:
            said = (f"'{case.path}'", str(case.rider), str(case.staff), str(case.id), f"'{START.isoformat()}'")
            sql = f"{told.insert} returning {told.key}"
            for place, value in enumerate(said, 1):
                sql = sql.replace(f"${place}", value)
            departments = case.departments if table in at_work else ()
            made[table].append(Row(await conn.fetchval(sql), case.path, departments, case.rider, case.staff))
    return made


@pytest_asyncio.fixture(scope="module")
async def world(server: Server) -> AsyncIterator[World]:
    database = await clone(server)
    async with connected(database.sweeper_dsn) as everything, connected(database.app_dsn) as app:
        async with everything.transaction():
            rows = await _make_rows(everything)
        yield World(app, everything, database, rows)


def difference(found: set[int], expected: set[int], rows: list[Row]) -> list[str]:
    wrong = [row for row in rows if (row.id in found) != (row.id in expected)]
    return [f"{'shown' if row.id in found else 'hidden'}: {row}" for row in wrong]


async def test_everyone_sees_and_may_change_the_cases_that_are_his_and_no_others(world: World) -> None:
    rows = world.rows["community_case"]
    for who in callers():
        async with world.app.transaction():
            await tell_caller(world.app, who)
            seen, locked = await world.ids("community_case"), await world.ids("community_case", lock=True)
        assert [] == difference(seen, {row.id for row in rows if sees_case(who, row)}, rows), who
        assert [] == difference(locked, {row.id for row in rows if works_on_case(who, row)}, rows), who


@pytest.mark.parametrize("table", OF_AREAS)
async def test_everyone_sees_and_may_change_what_is_his_of_any_table(world: World, table: str) -> None:
    told, rows = OF_AREAS[table], world.rows[table]
    assert rows
    for who in callers():
        async with world.app.transaction():
            await tell_caller(world.app, who)
            seen, locked = await world.ids(table, told.key), await world.ids(table, told.key, lock=True)
        assert [] == difference(seen, {row.id for row in rows if told.sees(who, row)}, rows), who
        assert [] == difference(locked, {row.id for row in rows if told.changes(who, row)}, rows), who


async def _tables(conn: Connection) -> list[str]:
    rows = await conn.fetch(
        "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace order by relname"
    )
    return [row["relname"] for row in rows]


async def test_who_says_nothing_sees_nothing_of_any_table(world: World) -> None:
    for table in await _tables(world.all):
        assert 0 == await world.app.fetchval(f"select count(*) from {table}"), table  # noqa: S608


async def test_another_district_sees_nothing_of_any_table(world: World) -> None:
    stranger = Actor("staff", 501, 2, "", (Grant(Role.DISTRICT_ADMIN, ""), Grant(Role.DEPARTMENT, "", 71)))
    for work in (None, *Work):
        async with world.app.transaction():
            await tell_caller(world.app, stranger, work)
            for table in await _tables(world.app):
                assert 0 == await world.app.fetchval(f"select count(*) from {table}"), (table, work)  # noqa: S608


async def test_sweepers_see_every_row_and_the_owner_none_but_while_he_migrates(world: World) -> None:
    assert len(world.rows["community_case"]) == await world.all.fetchval("select count(*) from community_case")
    async with connected(world.database.owner_dsn) as owner:
        assert 0 == await owner.fetchval("select count(*) from community_case")
        async with owner.transaction():
            await owner.execute("set local app.acting = 'owner'")
            assert len(world.rows["community_case"]) == await owner.fetchval("select count(*) from community_case")


async def test_the_applications_role_cannot_name_itself_owner(world: World) -> None:
    async with world.app.transaction():
        await world.app.execute("set local app.acting = 'owner'")
        assert set() == await world.ids("community_case")


async def test_the_owner_sees_all_where_security_is_not_forced_on_him(server: Server) -> None:
    """The control of FORCE: without it the walls of the owner's own tables are none."""
    database = await clone(server)
    async with connected(database.owner_dsn) as owner:
        assert 0 == await owner.fetchval("select count(*) from category")
        await owner.execute("alter table category no force row level security")
        assert 0 < await owner.fetchval("select count(*) from category")


async def test_what_was_said_ends_with_the_transaction_and_a_plain_set_would_not(database: Database) -> None:
    pool = await open_pool(database.app_dsn, size=1)  # whoever borrows gets the same connection
    count = "select count(*) from category"
    try:
        async with transaction_for(pool, staff()) as conn:
            assert 0 < await conn.fetchval(count)
        async with pool_transaction(pool) as conn:
            assert 0 == await conn.fetchval(count)
        raw = await pool.acquire()
        await raw.execute("set app.district = '1'")
        async with raw.transaction():
            assert 0 < await raw.fetchval(count)  # the next transaction of the connection has it still
        await pool.release(raw)
    finally:
        await pool.close()


async def test_what_is_said_is_forgotten_also_where_the_transaction_fails(database: Database) -> None:
    pool = await open_pool(database.app_dsn, size=1)
    try:
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with transaction_for(pool, staff(Grant(Role.DISTRICT_ADMIN, ""))) as conn, acting(conn, Work.INTAKE):
                await conn.execute("select 1 / 0")
        async with pool_transaction(pool) as conn:
            assert 0 == await conn.fetchval("select count(*) from category")
    finally:
        await pool.close()


async def _refuse_at_work(conn: Connection) -> None:
    async with acting(conn, Work.PUBLIC):
        assert 0 == await conn.fetchval("select count(*) from community_case")
        raise ValueError("refused")


async def test_a_work_of_the_system_ends_with_its_block_and_goes_back_to_the_one_before(world: World) -> None:
    everything = {row.id for row in world.rows["community_case"]}
    async with world.app.transaction():
        await tell_caller(world.app, NOBODY)
        async with acting(world.app, Work.CONSEQUENCE):
            with pytest.raises(ValueError, match="refused"):
                await _refuse_at_work(world.app)
            assert everything == await world.ids("community_case")
        assert set() == await world.ids("community_case")


@pytest.mark.parametrize(
    ("work", "table", "opens"),
    [
        (Work.AUTHENTICATE, "session", True),
        (Work.AUTHENTICATE, "staff", True),
        (Work.AUTHENTICATE, "community_case", False),
        (Work.SIGN_IN, "rider", True),
        (Work.SIGN_IN, "report", False),
        (Work.PUBLIC, "station", True),
        (Work.PUBLIC, "community_case", False),
        (Work.NEARBY, "community_case", True),
        (Work.NEARBY, "event", True),  # of cases: the case's own wall decides
        (Work.NEARBY, "case_note", False),
        (Work.LOOK, "report", False),
        (Work.TOKEN, "appeal", True),
        (Work.TOKEN, "rider", False),
        (Work.NAMES, "post", True),
        (Work.NAMES, "template", True),
        (Work.NAMES, "report", False),
        (Work.NAMES, "saved_filter", False),
        (Work.STREAM, "event", True),
        (Work.STREAM, "stream_epoch", True),
        (Work.STREAM, "case_note", False),
        (Work.COMPARE, "figure_case", True),
        (Work.COMPARE, "community_case", False),
    ],
)
async def test_a_work_opens_what_it_is_for(world: World, work: Work, table: str, opens: bool) -> None:
    async with world.app.transaction():
        await tell_caller(world.app, NOBODY, work)
        if table == "session":
            await world.all.execute(SESSION + "on conflict do nothing")
        if table == "stream_epoch":
            await world.all.execute("insert into stream_epoch values (1, 'x', 1, 1, now()) on conflict do nothing")
        assert opens is (0 < await world.app.fetchval(f"select count(*) from {table}"))  # noqa: S608


@pytest.mark.parametrize("work", [work for work in Work if work not in (Work.INTAKE, Work.CONSEQUENCE)])
async def test_a_work_that_opens_one_thing_changes_no_case(world: World, work: Work) -> None:
    async with world.app.transaction():
        await tell_caller(world.app, NOBODY, work)
        assert set() == await world.ids("community_case", lock=True)


async def test_who_holds_a_link_sees_and_answers_for_that_case_alone(world: World) -> None:
    case_id = world.rows["community_case"][3].id
    async with world.app.transaction():
        await tell_caller(world.app, NOBODY)
        await hold_case(world.app, case_id=case_id)
        assert {case_id} == await world.ids("community_case") == await world.ids("community_case", lock=True)
        assert set() == await world.ids("case_note")
        assert 1 == len(await world.ids("event"))


SECRETARY, AUDITOR = staff(Grant(Role.SECRETARY, "1/2")), staff(Grant(Role.AUDITOR, ""))
ADMIN_OF_A_PART, CENTRE = staff(Grant(Role.DISTRICT_ADMIN, "1")), staff(Grant(Role.SUBDISTRICT, "1"))
NOTE = "insert into case_note values (1, default, {case}, {author}, 't', '{{}}', now())"
EVENT = """
    insert into event (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, next_attempt_at)
    values (1, 'k', 'case', {foreign}, 'staff', now(), '{{}}', now())
"""
SESSION = """
    insert into session (district_id, kind, subject_id, device, opened_at, proved_at, last_used_at, ends_at,
        handle_hash, access_hash, access_expires_at, refresh_hash)
    values (1, 'staff', 501, '', now(), now(), now(), now(), 'x', '', now(), '')
"""
ENTRY = """
    insert into point_entry (district_id, rider_id, ground, points, reason_zh, reason_en, area_path, earned_on,
        created_at, by_kind)
    values (1, 81, 'award', 9, '', '', '1', now(), now(), 'system')
"""


@pytest.mark.parametrize(
    ("who", "wrong"),
    [
        (SECRETARY, NOTE.replace("{case}", "{foreign}").replace("{author}", "501")),
        (SECRETARY, NOTE.replace("{case}", "{own}").replace("{author}", "502")),
        (AUDITOR, NOTE.replace("{case}", "{foreign}").replace("{author}", "501")),
        (SECRETARY, EVENT),
        (SECRETARY, "update community_case set area_path = '9' where id = {own}"),
        (SECRETARY, "update post set area_path = '9' where area_path = '1/2'"),
        (ADMIN_OF_A_PART, "insert into category values (1, 'x', 'x', 'x')"),
        (ADMIN_OF_A_PART, "insert into staff_grant values (1, 501, 'secretary', '9', null, now())"),
        (ADMIN_OF_A_PART, "insert into staff_grant values (1, 501, 'district_admin', '', null, now())"),
        (CENTRE, "insert into staff_grant values (1, 501, 'secretary', '9', null, now())"),
        (CENTRE, "insert into staff_grant values (1, 501, 'auditor', '1/2', null, now())"),
        (CENTRE, "insert into staff_grant values (1, 501, 'subdistrict', '1/2', null, now())"),
        (rider(81), "insert into report values (1, default, 82, 'x', '', 'litter', '', '{{}}')"),
        (rider(81), ENTRY),
        (NOBODY, SESSION),
        (NOBODY, "insert into notice values (1, default, 1, 'k', {own}, 'staff', 501, now())"),
    ],
)
async def test_what_is_not_his_cannot_be_written(world: World, who: Actor, wrong: str) -> None:
    own, foreign = (next(row.id for row in world.rows["community_case"] if row.path == path) for path in ("1/2", "9"))
    transaction = world.app.transaction()
    await transaction.start()
    try:
        await tell_caller(world.app, who)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await world.app.execute(wrong.format(own=own, foreign=foreign))
    finally:
        await transaction.rollback()


async def test_a_dropped_policy_shows(server: Server) -> None:
    """The control of the oracle above: without the policy of reading, nobody sees what is his."""
    database = await clone(server)
    async with connected(database.owner_dsn) as owner:
        await owner.execute("drop policy caller_select on category")
    async with connected(database.app_dsn) as conn, conn.transaction():
        await tell_caller(conn, staff())
        assert 0 == await conn.fetchval("select count(*) from category")


async def test_the_database_knows_who_holds_an_area(world: World) -> None:
    async with world.app.transaction():
        await tell_caller(world.app, staff(Grant(Role.SECRETARY, "1/2")))
        assert await holds_area(world.app, "1/2/3", Role.SECRETARY)
        assert not await holds_area(world.app, "1/20", Role.SECRETARY)
        assert not await holds_area(world.app, "1/2/3", Role.SUBDISTRICT)


async def test_a_transaction_of_nobodys_does_its_work_and_is_over(pool: Pool, app_pool: Pool) -> None:
    async with transaction_of(app_pool, Work.PUBLIC, district_id=DISTRICT) as conn:
        assert "public" == await conn.fetchval("select current_setting('app.acting')")
    async with pool_transaction(pool) as conn:
        assert not await conn.fetchval("select current_setting('app.acting', true)")
