"""One PostgreSQL cluster on disk: its folder, its creation, its settings, its start and stop.

Everything here blocks and is called from a thread, under the cluster's gate. It speaks no SQL and never decides by a
process number alone whether a server is alive.

    <data_dir>/postgres/            ours; a link to _ELSEWHERE when the server's account cannot reach the data folder
        cluster.json                passwords, 0600
        station.conf                settings, rewritten at each start
        gate.lock                   held while a server is being started, joined or left
        data/ log/ socket/          the server account's, 0700
"""

import asyncio
import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from app.postgres_binaries import (
    Account,
    Binaries,
    PostgresRefused,
    choose_account,
    find_binaries,
    make_readable,
    run,
)

SUPERUSER = "station_superuser"
#: Only part of the socket's file name: no TCP port is opened.
SOCKET_PORT = 5432
_SOCKET_PATH_LIMIT = 103  # bytes; macOS allows 104 with the closing zero, Linux 108
_ELSEWHERE = Path("/var/lib/rider-station")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a cluster is entered with; made once, kept in `cluster.json`."""

    superuser: str
    owner: str
    app: str
    sweeper: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster by its folder (resolved) and the account that runs its server (None: ours)."""

    folder: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "data"

    @property
    def host(self) -> str:
        """The folder of the server's socket; it listens nowhere else."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{SOCKET_PORT}")) <= _SOCKET_PATH_LIMIT and "," not in str(beside):
            return str(beside)
        return f"/tmp/rider-station-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}"  # noqa: S108 — ours, 0700

    def credentials(self) -> Credentials:
        """Read the passwords; raises `PostgresRefused` when their file is gone."""
        try:
            kept = json.loads((self.folder / "cluster.json").read_text())
        except FileNotFoundError as error:
            raise PostgresRefused(
                f"缺少 {self.folder / 'cluster.json'}（数据库口令），请从备份恢复 / "
                "the passwords of the database are missing: restore this file from the backup"
            ) from error
        return Credentials(kept["superuser"], kept["owner"], kept["app"], kept["sweeper"])

    def binaries(self) -> Binaries:
        """Find the binaries that fit this cluster, readable for its account."""
        version = self.data / "PG_VERSION"
        found = find_binaries(int(version.read_text()) if version.exists() else None)
        return make_readable(found, account=self.account, beside=self.folder)

    def is_at(self, data: Path) -> bool:
        """Tell whether `data` is this cluster's data folder, by whatever name."""
        return data.exists() and self.data.samefile(data)

    def create(self) -> None:
        """Make the cluster unless it exists; a creation cut short leaves nothing behind that counts."""
        passwords = self.folder / "cluster.json"
        if self.data.exists():
            if passwords.exists() and "sweeper" not in (kept := json.loads(passwords.read_text())):
                _write(passwords, json.dumps(kept | {"sweeper": secrets.token_urlsafe(24)}))  # of before there was one
            return
        if not passwords.exists():
            superuser, owner, app, sweeper = (secrets.token_urlsafe(24) for _ in range(4))
            _write(passwords, json.dumps(asdict(Credentials(superuser, owner, app, sweeper))))
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished)
        self._initdb(unfinished)
        conf = unfinished / "postgresql.conf"
        _write(conf, conf.read_text() + "\ninclude = '../station.conf'\n")
        unfinished.rename(self.data)

    def start(self) -> str:
        """Start the server; give nothing when it came up, else what it said, for the caller to try again or tell."""
        self._forget_strangers()
        self._make_private(Path(self.host))
        self._make_private(self.folder / "log")
        _write(self.folder / "station.conf", self._settings(), mode=0o644)
        status, text = self._pg_ctl("start", "-w", "-t", "10", "-l", "log/start.log")
        if status == 0:
            return ""
        newest = max((self.folder / "log").glob("*.log"), key=lambda log: log.stat().st_mtime, default=None)
        said = newest.read_text(errors="replace").splitlines()[-5:] if newest is not None else []
        return "\n".join([text, *said])

    def stop(self) -> None:
        """Stop the server cleanly: transactions under way are rolled back, the rest is on disk."""
        status, text = self._pg_ctl("stop", "-w", "-t", "60", "-m", "fast")
        if status != 0:
            _log.warning("PostgreSQL 未能正常停止 / did not stop cleanly: %s", text)
        elif Path(self.host).parent != self.folder:
            with suppress(OSError):  # the short folder in /tmp; whatever keeps it, the next start uses it again
                Path(self.host).rmdir()

    def postmaster(self) -> int | None:
        """Give the process number of the live server of this folder, or None.

        `postmaster.pid` outlives a killed server and its number may by then be a stranger's or a zombie's, so the
        process must also be a PostgreSQL that works in this data folder.
        """
        pid = _pid_in(self.data / "postmaster.pid")
        if pid is None:
            return None
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().lower().startswith("postgres"):
                return None
            return pid if Path(self._working_folder(process)) == self.data else None
        except psutil.Error:
            return None

    def _working_folder(self, process: psutil.Process) -> str:
        try:
            return str(process.cwd())
        except psutil.AccessDenied:
            if self.account is None:
                return ""  # another account's process cannot have opened our 0700 folder
            # Root without the right to inspect others, as in a container: let the account look at its own process.
            command = ["/bin/sh", "-c", 'cd "/proc/$1/cwd" && pwd -P', "sh", str(process.pid)]
            return run(command, account=self.account, folder=Path("/"))[1]

    def _forget_strangers(self) -> None:
        """Remove the two lock files where they name a living process that is no server of ours.

        Where nobody reaps orphans, as in a container, that is our own killed server: a zombie lives for ever. A file
        that names a dead process is left to PostgreSQL, which also checks the shared memory recorded in it.
        """
        for lock in (self.data / "postmaster.pid", Path(self.host) / f".s.PGSQL.{SOCKET_PORT}.lock"):
            pid = _pid_in(lock)
            if pid is not None and psutil.pid_exists(pid) and self.postmaster() != pid:
                _log.warning("%s 中的进程 %d 不是本数据库 / names a process that is not our server; removed", lock, pid)
                lock.unlink(missing_ok=True)

    def _initdb(self, target: Path) -> None:
        binaries = self.binaries()
        locale = ["--encoding=UTF8", "--no-locale"]
        if binaries.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        password = self.folder / "initdb.password"
        who = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password}"]
        _write(password, self.credentials().superuser)
        try:
            if self.account is not None:
                os.chown(password, self.account.uid, self.account.gid)
            status, text = run(
                [binaries.program("initdb"), "-D", str(target), *who, "--data-checksums", *locale],
                account=self.account,
                folder=self.folder,
            )
        finally:
            password.unlink()
        if status != 0:
            raise PostgresRefused(f"数据库初始化失败 / initdb failed:\n{text}")

    def _pg_ctl(self, verb: str, *options: str) -> tuple[int, str]:
        # pg_ctl hands paths to a shell between double quotes: relative ones hold nothing that a shell could read.
        command = [self.binaries().program("pg_ctl"), verb, "-s", "-D", "data", *options]
        return run(command, account=self.account, folder=self.folder)

    def _make_private(self, folder: Path) -> None:
        """Make a folder that only the server's account may enter; refuse one that somebody else put there."""
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        owner = self.account.uid if self.account else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
            raise PostgresRefused(f"{folder} 属于其他账号，请删除后重试 / belongs to another account: remove it")
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid, follow_symlinks=False)

    def _settings(self) -> str:
        values = {
            "listen_addresses": "",
            "port": str(SOCKET_PORT),
            "unix_socket_directories": self.host,
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "jit": "off",  # our queries are short: compiling them costs more than running them
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": "5min",  # a lost client must not hold locks for ever
            "client_connection_check_interval": "5s",
            "log_timezone": "UTC",
            "logging_collector": "on",
            "log_directory": str(self.folder / "log"),
            "log_filename": "postgres-%a.log",  # a week, each day overwriting the last week's
            "log_truncate_on_rotation": "on",
            "log_rotation_age": "1d",
            "log_rotation_size": "0",
            "log_min_duration_statement": "1s",
            "log_parameter_max_length": "0",  # parameters hold personal data
            "log_error_verbosity": "terse",  # so does DETAIL
        }
        quoted = {name: value.replace("\\", "\\\\").replace("'", "''") for name, value in values.items()}
        lines = [f"{name} = '{value}'" for name, value in quoted.items()]
        return "\n".join(
            ["# Rewritten at each start; own settings go into data/postgresql.conf below the include.", *lines, ""]
        )


def settle(data_dir: Path) -> Cluster:
    """Find or make the folder of the cluster that belongs to `data_dir`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    folder = data_dir / "postgres"
    account = choose_account(folder / "data")
    if folder.is_symlink() and not folder.exists():
        raise PostgresRefused(
            f"{folder} 指向的数据库 {folder.readlink()} 已不存在；请恢复它，或删除该链接以重新开始 / "
            "the cluster this link points to is gone: restore it, or remove the link to begin anew"
        )
    if not folder.exists():
        _make_folder(folder, account)
    if not os.access(folder, os.W_OK):
        raise PostgresRefused(
            f"{folder} 属于其他账号；请用建立它的账号运行，或设置 STATION_DATA_DIR / "
            "belongs to another account: run as the account that made it, or set STATION_DATA_DIR"
        )
    return Cluster(folder.resolve(), account)


def _make_folder(folder: Path, account: Account | None) -> None:
    """Make the cluster's folder in its place, or elsewhere with a link in its place."""
    place = folder
    if account is not None and not _reachable(folder.parent, account):
        place = _ELSEWHERE / f"{folder.parent.name}-{secrets.token_hex(4)}"
        _log.warning(
            "数据库账号无法进入 %s，数据库放在 / the server's account cannot enter it: %s", folder.parent, place
        )
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o711)  # whatever the umask: the server's account must pass, and sees no names
    if place != folder:
        place.parent.chmod(0o711)
        try:
            folder.symlink_to(place)
        except FileExistsError:  # another process was faster
            place.rmdir()


@asynccontextmanager
async def gate(cluster: Cluster) -> AsyncIterator[None]:
    """Hold the cluster's gate: one process at a time starts, joins or leaves. A killed holder lets go."""
    lock = os.open(cluster.folder / "gate.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(lock):  # noqa: ASYNC110 - another process holds it: nothing here could set an event
            await asyncio.sleep(0.05)
        yield
    finally:
        os.close(lock)


def _reachable(data_dir: Path, account: Account) -> bool:
    if not account.can_enter(data_dir) and account.can_enter(data_dir.parent) and data_dir.stat().st_uid == 0:
        # Only the data folder itself is closed, and it is ours: let the account's group pass, and nobody else.
        os.chown(data_dir, -1, account.gid)
        data_dir.chmod(stat.S_IMODE(data_dir.stat().st_mode) | stat.S_IXGRP)
    return account.can_enter(data_dir)


def _write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file whole and durably; as root it is given to the owner of its folder."""
    number, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    fresh = Path(name)
    fresh.chmod(mode)
    if os.geteuid() == 0:
        os.chown(fresh, path.parent.stat().st_uid, path.parent.stat().st_gid)
    fresh.replace(path)


def _pid_in(lock: Path) -> int | None:
    """Read the process number in the first line of a PostgreSQL lock file."""
    try:
        return int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _try_lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
