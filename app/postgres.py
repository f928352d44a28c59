"""PostgreSQL for a data folder: started when needed, joined when it runs, brought up again when it dies.

Several processes may use one data folder (the service, commands beside it): the first starts the server, the last one
out stops it. Also says whether a server, ours or that of `DATABASE_URL`, keeps the promises we build on.
Makes roles and an empty database; knows no table.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from app.postgres_binaries import OLDEST_MAJOR, PostgresRefused
from app.postgres_cluster import SOCKET_PORT, SUPERUSER, Cluster, gate, settle
from core.database import Connection

__all__ = ["PostgresRefused", "Server", "check_server", "running"]

_DATABASE = "station"
_PRESENCE = "station-presence-"  # application_name of the connection by which a process says that it is there
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
)
_CONNECT_S = 3.0
#: How long a start is tried again: after a kill -9 the old backends hold the shared memory for up to three seconds.
_START_S = 20.0
#: How long a live server may say "starting up" before we look again: crash recovery may take minutes.
_RECOVERY_S = 60.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S = 0.2, 5.0, 60.0
#: What a commit must mean: on disk before it is acknowledged. `local` ignores the standbys that an operator asked for.
_PROMISES = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply", "remote_write"),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the ways into it.

    `owner_dsn` is for migrations, `app_dsn` for requests, `sweeper_dsn` for what runs by itself; `superuser_dsn` is for
    backups and for the databases of tests. They stay the same for the life of the data folder.
    """

    owner_dsn: str
    app_dsn: str
    sweeper_dsn: str
    superuser_dsn: str
    version: int


@asynccontextmanager
async def running(data_dir: Path, *, keep: bool = False) -> AsyncIterator[Server]:
    """Hold the PostgreSQL of `data_dir`: made when new, started or joined, watched, stopped by the last one out.

    While it is held, a server that dies is brought up again with growing pauses. `keep` leaves it running at the end.
    Close your own connections before leaving. Raises `PostgresRefused`.
    """
    try:
        cluster = await asyncio.to_thread(settle, data_dir)
    except OSError as error:
        raise PostgresRefused(f"数据目录不可用 / the data folder cannot be used: {error}") from error
    attachment = _Attachment(cluster)
    await attachment.enter()
    watch = asyncio.create_task(attachment.watch())
    try:
        yield _server(cluster, attachment.connection.get_server_version().major)
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await attachment.leave(keep=keep)


async def check_server(dsn: str) -> None:
    """Refuse a server on which an acknowledged report could be lost, or that is too old or out of reach.

    Nor may the role of `dsn` do more than it needs.
    """
    try:
        connection: Connection = await asyncpg.connect(dsn, timeout=_CONNECT_S)
    except (*_UNREACHABLE, asyncpg.PostgresError, ValueError) as error:
        raise PostgresRefused(
            f"无法连接数据库，请检查 DATABASE_URL、网络与口令 / cannot connect to the database: "
            f"check DATABASE_URL, the network and the password ({type(error).__name__}: {error})"
        ) from error
    try:
        version = connection.get_server_version().major
        if version < OLDEST_MAJOR:
            raise PostgresRefused(
                f"数据库版本为 {version}，需要 {OLDEST_MAJOR} 以上，请升级 / "
                f"the server is PostgreSQL {version}: upgrade it to {OLDEST_MAJOR} or newer"
            )
        await _check_durability(connection)
        await _check_power(connection)
    finally:
        await connection.close(timeout=_CONNECT_S)


async def _check_durability(connection: Connection) -> None:
    rows = await connection.fetch("select name, setting from pg_settings where name = any($1)", list(_PROMISES))
    wrong = [(row["name"], row["setting"]) for row in rows if row["setting"] not in _PROMISES[row["name"]]]
    if wrong:
        found = ", ".join(f"{name}={setting}" for name, setting in wrong)
        remedy = "; ".join(f"alter system set {name} = on" for name, _ in wrong)
        raise PostgresRefused(
            f"数据库设置 {found} 会丢失已确认的数据；请执行 {remedy}; select pg_reload_conf() / "
            "with these settings acknowledged reports can be lost: run these statements as superuser, "
            "and check the role's and the database's own settings"
        )


async def _check_power(connection: Connection) -> None:
    """Refuse a role to which row security is no wall or which could change tables, itself or as member of another."""
    role = await connection.fetchrow(
        """select rolname,
                  exists (select from pg_roles s where (s.rolsuper or s.rolbypassrls)
                             and pg_has_role(r.oid, s.oid, 'MEMBER')) as is_super,
                  exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                           where pg_has_role(r.oid, c.relowner, 'MEMBER') and c.relkind in ('r', 'p')
                             and n.nspname !~ '^pg_' and n.nspname <> 'information_schema') as owns_tables,
                  has_schema_privilege(r.oid, 'public', 'CREATE') as may_create
             from pg_roles r where rolname = current_user"""
    )
    if role is not None and (role["is_super"] or role["owns_tables"] or role["may_create"]):
        raise PostgresRefused(
            f"数据库账号 {role['rolname']} 权限过大（超级用户、可绕过行级安全、拥有或可创建数据表），"
            "请按 docs/operations.md 另建普通账号，并用 STATION_OWNER_URL 指定数据表的所有者 / "
            "this database role is a superuser, bypasses row security, or owns or may create tables: "
            "use a plain role as docs/operations.md tells, and STATION_OWNER_URL for migrations"
        )


class _Attachment:
    """One process's hold on a cluster: an idle connection that tells the others we are here, and us that it is gone."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.connection: Connection
        self._gone = asyncio.Event()

    async def enter(self) -> None:
        """Start or join the server and take our place in it."""
        async with gate(self.cluster):
            await asyncio.to_thread(self.cluster.create)
            self.connection, self._gone = await _bring_up(self.cluster), asyncio.Event()
            self.connection.add_termination_listener(lambda _, gone=self._gone: gone.set())
            try:
                await _furnish(self.connection, self.cluster)
                await check_server(_dsn(self.cluster, "station_app"))
            except BaseException:
                await self._part(keep=False)
                raise

    async def watch(self) -> None:
        """Wait for the server to go away and bring it back, for ever."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE_S
        while True:
            entered = loop.time()
            await self._gone.wait()
            pause = _FIRST_PAUSE_S if loop.time() - entered > _STEADY_S else min(2 * pause, _LONGEST_PAUSE_S)
            _log.error(
                "PostgreSQL 中断，%.1f 秒后恢复 / PostgreSQL went away, bringing it back in %.1f s", pause, pause
            )
            await asyncio.sleep(pause)
            try:
                await asyncio.shield(self.enter())  # half a start would leave a server that nobody stops
                _log.warning("PostgreSQL 已恢复 / PostgreSQL is back")
            except Exception:  # whatever it was, giving up would leave the service without a database
                self._gone.set()  # a connection that broke before it was listened to says no more that it did
                _log.exception("PostgreSQL 未能恢复 / PostgreSQL did not come back")

    async def leave(self, *, keep: bool) -> None:
        """Give up our place; stop the server when no other process has one."""
        async with gate(self.cluster):
            await self._part(keep=keep)

    async def _part(self, *, keep: bool) -> None:
        try:
            if self.connection.is_closed():  # lost a moment ago
                self.connection = await _join(self.cluster)
            others = await self.connection.fetchval(
                "select count(*) from pg_stat_activity where starts_with(application_name, $1) "
                "and pid <> pg_backend_pid()",
                _PRESENCE,
                timeout=_CONNECT_S,
            )
            await self.connection.close(timeout=_CONNECT_S)
        except (*_UNREACHABLE, asyncpg.PostgresError):
            self.connection.terminate()
            return  # it is down already, or another process is bringing it back
        if others == 0 and not keep:
            await asyncio.to_thread(self.cluster.stop)


async def _bring_up(cluster: Cluster) -> Connection:
    """Connect to the server, starting it when none is alive; call it behind the gate."""
    loop = asyncio.get_running_loop()
    deadline, said = loop.time() + _START_S, ""
    while True:
        try:
            return await _join(cluster)
        except asyncpg.CannotConnectNowError:
            deadline = loop.time() + _RECOVERY_S  # it is alive and busy with recovery or with stopping
        except _UNREACHABLE as error:
            if cluster.postmaster() is None:
                said = await asyncio.to_thread(cluster.start) or said
            else:
                said = f"{type(error).__name__}: {error}"
        if loop.time() > deadline:
            raise PostgresRefused(
                f"PostgreSQL 无法启动，日志在 {cluster.folder / 'log'}，常见原因是磁盘已满或权限不对 / "
                f"PostgreSQL does not come up; the usual causes are a full disk and wrong permissions:\n{said}"
            )
        await asyncio.sleep(0.1)


async def _join(cluster: Cluster) -> Connection:
    """Connect as superuser, which leaves room even when all ordinary connections are taken."""
    try:
        connection: Connection = await asyncpg.connect(
            _dsn(cluster, SUPERUSER, "postgres"),
            timeout=_CONNECT_S,
            # statements of this connection carry passwords: none of them may reach the log
            server_settings={
                "application_name": _PRESENCE + secrets.token_hex(4),
                "log_min_duration_statement": "-1",
                "log_min_error_statement": "panic",
            },
        )
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise PostgresRefused(
            f"{cluster.folder / 'cluster.json'} 中的口令与数据库不符，请从同一备份恢复二者 / "
            "the passwords in this file do not fit the database: restore both from the same backup"
        ) from error
    actual = await connection.fetchval("show data_directory")
    if not await asyncio.to_thread(cluster.is_at, Path(actual)):
        await connection.close()
        raise PostgresRefused(
            f"{cluster.host} 上运行的是另一个数据库 {actual}，请先停止它 / another cluster answers there: stop it first"
        )
    return connection


async def _furnish(connection: Connection, cluster: Cluster) -> None:
    """Make the roles, the database and its default rights, where they are missing."""
    known = cluster.credentials()
    passwords = {"station_owner": known.owner, "station_app": known.app, "station_sweeper": known.sweeper}
    for role, password in passwords.items():
        if not await connection.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            await connection.execute(
                f"create role {role} login nosuperuser nobypassrls nocreatedb nocreaterole password '{password}'"
            )
    if not await connection.fetchval("select exists (select from pg_database where datname = $1)", _DATABASE):
        await connection.execute(f"create database {_DATABASE} owner station_owner")
    owner: Connection = await asyncpg.connect(_dsn(cluster, "station_owner"), timeout=_CONNECT_S)
    try:
        if not await owner.fetchval(
            "select exists (select from pg_default_acl where defaclrole = 'station_owner'::regrole)"
        ):
            await owner.execute(
                f"""revoke all on database {_DATABASE} from public;
                    grant connect on database {_DATABASE} to station_app;
                    grant usage on schema public to station_app;
                    alter default privileges in schema public
                        grant select, insert, update, delete on tables to station_app;
                    alter default privileges in schema public grant usage, select on sequences to station_app"""
            )
        await owner.execute(f"grant connect on database {_DATABASE} to station_sweeper")  # the rest by migration
    finally:
        await owner.close()
    within: Connection = await asyncpg.connect(_dsn(cluster, SUPERUSER), timeout=_CONNECT_S)
    try:
        # It gives nothing away of what it compares; said to be so, it opens the index of departments beneath the wall.
        await within.execute("alter function arrayoverlap(anyarray, anyarray) leakproof")
    finally:
        await within.close()


def _server(cluster: Cluster, version: int) -> Server:
    return Server(
        owner_dsn=_dsn(cluster, "station_owner"),
        app_dsn=_dsn(cluster, "station_app"),
        sweeper_dsn=_dsn(cluster, "station_sweeper"),
        superuser_dsn=_dsn(cluster, SUPERUSER),
        version=version,
    )


def _dsn(cluster: Cluster, role: str, database: str = _DATABASE) -> str:
    known = cluster.credentials()
    password = {
        SUPERUSER: known.superuser,
        "station_owner": known.owner,
        "station_app": known.app,
        "station_sweeper": known.sweeper,
    }[role]
    host = quote(cluster.host, safe="")
    return f"postgresql://{role}:{password}@/{database}?host={host}&port={SOCKET_PORT}"
