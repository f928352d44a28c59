"""Rules of the second wall: no table without it, no way past it that is not on these lists."""

import re
from collections import Counter

import pytest

from app.postgres import Server
from core.access.wall import Work
from core.database import connected
from core.migration import MIGRATIONS
from tests.rules.test_code import MODULES, ROOT

#: Where the system works beyond a caller's sight, and why there. A new place needs a reason as good.
WORKS = {
    "core/http/identity.py": {"AUTHENTICATE": "nobody is known yet"},
    "core/access/api.py": {"AUTHENTICATE": "whose session a refresh token renews or ends"},
    "core/access/own/first_run.py": {"FIRST_RUN": "there is nobody yet"},
    "core/access/accounts.py": {"SIGN_IN": "nobody is known yet"},
    "riders/signup/sign_in.py": {"SIGN_IN": "nobody is known yet"},
    "community/stream/api.py": {"STREAM": "where all events stand"},
    "community/stream/live.py": {"STREAM": "what moved out of a listener's sight is told too"},
    "app/places.py": {"PUBLIC": "stations by name"},
    "station/nearby.py": {"PUBLIC": "stations on the map"},
    "station/feedback/own.py": {"PUBLIC": "at which stations a rider tapped"},
    "station/feedback/tell.py": {"INTAKE": "a tap opens the host's case"},
    "riders/signup/codes/send.py": {"SIGN_IN": "nobody is known yet"},
    "riders/signup/wechat/api.py": {"SIGN_IN": "nobody is known yet"},
    "riders/signup/wechat/bind.py": {"SIGN_IN": "whether another rider has bound the account under an earlier key"},
    "riders/signup/sign_out.py": {"AUTHENTICATE": "after the rider was found among the actor's: his sessions"},
    "riders/privacy/phone.py": {"SIGN_IN": "the code of a number that is not his yet"},
    "riders/privacy/api.py": {"CONSEQUENCE": "whom a rider erases is himself: his traces are everywhere"},
    "riders/submit.py": {"INTAKE": "a report opens a case its rider does not route"},
    "community/appeals/submit.py": {"INTAKE": "an appeal opens a case; its resident is nobody"},
    "community/appeals/on_behalf.py": {"INTAKE": "staff take in also what belongs to others"},
    "community/appeals/api.py": {"CONSEQUENCE": "what a resident left, found by the token that he alone holds"},
    "community/appeals/own.py": {"TOKEN": "which case a token opens"},
    "community/followup/answer.py": {"CONSEQUENCE": "after the link was read: follow-up, reopening"},
    "community/triage.py": {"CONSEQUENCE": "after the case was locked by its actor: clocks, orders, duplicates"},
    "community/routing/reroute.py": {"CONSEQUENCE": "after the case was locked by its actor"},
    "community/routing/rules.py": {"CONSEQUENCE": "rules of others move one further", "NAMES": "posts a rule names"},
    "community/routing/rota/hand_over.py": {"CONSEQUENCE": "after the post was locked by its actor: its cases"},
    "community/desk/templates/keep.py": {"NAMES": "what a case's areas share, after the case was seen"},
    "community/desk/templates/api.py": {"NAMES": "what a case's areas share, after the case was seen"},
    "community/notices/api.py": {"NAMES": "numbers of cases in one's own notices"},
    "community/duplicates/api.py": {"NEARBY": "what is open where a rider stands"},
    "community/figures/ask.py": {"COMPARE": "up to when all is counted; other areas' rates"},
    "riders/photos.py": {"CONSEQUENCE": "after the report was locked by its rider: a photo of its case"},
    "riders/points/corrections.py": {"COMPARE": "what other areas gave counts towards the cap"},
    "riders/points/ledger.py": {"CONSEQUENCE": "after the entry was written by its actor: honours that rest on it"},
    "riders/points/honours/award.py": {"NAMES": "masked names of who was honoured"},
    "riders/verification/api.py": {"LOOK": "where the matter of an offered look lies"},
    "riders/verification/take.py": {"LOOK": "where the matter of a look he holds lies"},
    "riders/verification/answer.py": {"CONSEQUENCE": "after the task was locked by its actor", "LOOK": "its case"},
    "riders/verification/photos.py": {"CONSEQUENCE": "after the task was found his: photos of its case"},
    "riders/verification/record.py": {"CONSEQUENCE": "the history of a case that the rider does not see"},
}

#: Who borrows a connection that has not been told for whom it works.
BORROWERS = {
    "POOL": {
        "core/http/wiring.py", "core/http/identity.py", "core/access/api.py", "core/access/own/api.py",
        "riders/signup/api.py", "riders/signup/wechat/api.py", "riders/privacy/api.py",
        "station/api.py", "community/stream/api.py", "app/places.py", "app/health.py",
        "app/main.py",
    },
    "BACKGROUND": {
        "app/schedule.py", "app/health.py", "app/main.py", "app/erasures.py", "app/keys.py", "app/retention.py",
        "geo/api.py", "station/api.py", "community/stream/api.py",
        "community/clocks/api.py",
    },
}  # fmt: skip


def test_the_system_works_beyond_sight_only_where_it_is_listed() -> None:
    found: dict[str, set[str]] = {}
    for path in MODULES:
        name = str(path.relative_to(ROOT))
        if name != "core/access/wall.py" and (works := set(re.findall(r"\bWork\.([A-Z_]+)", path.read_text()))):
            found[name] = works
    assert {name: set(works) for name, works in WORKS.items()} == found
    assert {work.name for work in Work} == {name for works in found.values() for name in works}


@pytest.mark.parametrize("pool", BORROWERS)
def test_a_pool_is_reached_only_where_it_is_listed(pool: str) -> None:
    found = {str(path.relative_to(ROOT)) for path in MODULES if re.search(rf"\[{pool}\]", path.read_text())}
    assert found - {"core/http/wiring.py"} == BORROWERS[pool] - {"core/http/wiring.py"}


def test_what_is_said_never_outlives_its_transaction() -> None:
    """A plain SET stays in the connection for whoever borrows it next."""
    for path in (*MODULES, *sorted(MIGRATIONS.glob("*.sql"))):
        text = path.read_text()
        assert not re.search(r"\bset\s+(session\s+)?app\.", text, re.I), path
        assert all("true)" in said for said in re.findall(r"set_config\('app\.[^\n]*", text)), path


async def test_every_table_has_its_wall(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        rows = await conn.fetch(
            """
            select relname, relrowsecurity and relforcerowsecurity as is_forced,
                array(select polname::text from pg_policy where polrelid = pg_class.oid) as policies
            from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                and relname <> 'schema_migration'
            """
        )
    wanted = {"sweeper", "owner", "caller_select", "caller_insert", "caller_update", "caller_delete"}
    assert 50 < len(rows)
    assert [] == [row["relname"] for row in rows if not row["is_forced"] or not wanted <= set(row["policies"])]


async def test_a_policy_of_the_callers_begins_with_his_district(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        rows = await conn.fetch(
            "select tablename, policyname, coalesce(qual, with_check) as rule from pg_policies "
            "where policyname like 'caller_%'"
        )
    begins = re.compile(r"\(\((district_id|id) = \( SELECT caller_district\(\) AS caller_district\)\) AND ")
    assert [] == [(row["tablename"], row["policyname"]) for row in rows if not begins.match(row["rule"])]
    assert Counter(row["policyname"] for row in rows)["caller_select"] == len({row["tablename"] for row in rows})


async def test_no_policy_is_for_everyone_but_those_of_callers(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        rows = await conn.fetch(
            "select tablename, policyname from pg_policies where 'public' = any(roles) and policyname !~ '^caller_'"
        )
    assert [] == [tuple(row) for row in rows]


async def test_no_view_looks_past_the_wall(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        rows = await conn.fetch(
            """
            select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
                and not coalesce('security_invoker=true' = any(reloptions), false)
            """
        )
    assert [] == [row["relname"] for row in rows]


async def test_what_runs_with_its_owners_rights_names_where_it_looks(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        rows = await conn.fetch(
            """
            select proname, exists (select from unnest(proconfig) as said where said like 'search_path=%') as is_fixed
            from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
            """
        )
    assert [] == [row["proname"] for row in rows if not row["is_fixed"]]
    assert DEFINERS == {row["proname"] for row in rows}


#: Functions with the owner's rights: each is a way past the wall.
DEFINERS = {"append_audit"}


@pytest.mark.parametrize("role", ["station_app", "station_sweeper"])
async def test_neither_role_makes_or_owns_anything(server: Server, role: str) -> None:
    async with connected(server.owner_dsn) as conn:
        assert not await conn.fetchval("select has_schema_privilege($1, 'public', 'create')", role)
        assert 0 == await conn.fetchval("select count(*) from pg_class where relowner = $1::text::regrole", role)
