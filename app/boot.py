"""What must hold before the service listens: nothing half set up, weak or meant for a demonstration reaches a network.

Each refusal says why and what to do. `docs/operations.md` has the same as a table.
"""

import ipaddress
import logging
from urllib.parse import parse_qsl, unquote, urlsplit

from app.settings import SettingRefused, Settings
from core.access.own.first_run import offer_first_run
from core.access.own.models import FirstRunToken
from core.access.passwords import MIN_LENGTH, is_easily_guessed
from core.access.queries import has_staff
from core.database import Connection
from core.http.wiring import Clock
from core.queries import find_district
from core.sealing.files import check_private

_log = logging.getLogger(__name__)


def check_settings(settings: Settings, *, demo: bool) -> None:
    """Refuse what can be told before the database is opened. Raises `SettingRefused`, `KeysRefused`."""
    if not is_loopback(settings.host) and not settings.public_url:
        raise SettingRefused(
            f"STATION_HOST={settings.host}: 对外监听前请在前面设置 TLS 代理，并设 STATION_PUBLIC_URL=https://… / "
            "put a proxy that ends TLS in front and name it in STATION_PUBLIC_URL=https://…, or listen on 127.0.0.1"
        )
    if demo and is_public(settings):
        raise _demo_refused()
    for variable, url in _addresses(settings):
        password = urlsplit(url).password
        if password is not None and (len(password) < MIN_LENGTH or is_easily_guessed(password, ("postgres",))):
            raise SettingRefused(
                f"{variable}: 数据库口令太弱，请换成随机口令，如 openssl rand -base64 24 / "
                "the password of this role is easily guessed: set a random one"
            )
    cluster = settings.data_dir / "postgres/cluster.json"
    if cluster.exists():
        check_private(cluster)


def check_encrypted(settings: Settings) -> None:
    """Refuse a database on another machine whose address does not ask for TLS. Raises `SettingRefused`.

    Left to itself asyncpg tries TLS and goes on without where the server, or whoever stands before it, declines.
    """
    for variable, url in _addresses(settings):
        query = dict(parse_qsl(urlsplit(url).query))
        mode = query.get("sslmode", "prefer")
        away = next((host for host in _hosts(url, query) if not (host.startswith("/") or is_loopback(host))), None)
        if away is None or mode in ("verify-full", "verify-ca"):
            continue
        if mode != "require":
            raise SettingRefused(
                f"{variable}: {away} 不在本机，连接未要求加密（sslmode={mode}）；请在地址末尾加 "
                "?sslmode=verify-full&sslrootcert=证书文件 / this host is another machine and the address does not ask "
                "for TLS: add ?sslmode=verify-full&sslrootcert=FILE to it"
            )
        _log.warning(
            "%s: sslmode=require 只加密、不核对 %s 的证书，请改用 verify-full / encrypts and does not look at the "
            "certificate, so whoever stands between may read everything: use verify-full",
            variable,
            away,
        )


def _addresses(settings: Settings) -> tuple[tuple[str, str], ...]:
    return (
        ("DATABASE_URL", settings.database_url),
        ("STATION_OWNER_URL", settings.owner_url),
        ("STATION_SWEEPER_URL", settings.sweeper_url),
    )


def _hosts(url: str, query: dict[str, str]) -> list[str]:
    """List the hosts of an address as asyncpg reads them: folders of sockets, names, numbers; none is this machine.

    Where it names a service instead, a file says which host that is: it counts as one.
    """
    spec = urlsplit(url).netloc.rpartition("@")[2] or query.get("host", "") or query.get("service", "")
    each = (unquote(part) for part in spec.split(",") if part)
    return [part if part.startswith("/") else urlsplit(f"//{part}").hostname or part for part in each]


async def check_contents(conn: Connection, settings: Settings) -> None:
    """Refuse what only the database can tell. Raises `SettingRefused`."""
    district = await find_district(conn, district_id=settings.district)
    if district is not None and district.is_demo and is_public(settings):
        raise _demo_refused()
    if not is_loopback(settings.host) and not await has_staff(conn, district_id=settings.district):
        raise SettingRefused(
            f"STATION_HOST={settings.host}: 还没有管理员，首次启动令牌尚未使用；请先在 127.0.0.1 上启动并创建管理员，"
            "或执行 python -m app staff add … / there is no administrator yet: make the first one while the service "
            "listens on 127.0.0.1, or with this command"
        )


async def invite_first_administrator(conn: Connection, settings: Settings, *, clock: Clock) -> None:
    """Print how the first administrator is made, where there is no staff yet."""
    async with conn.transaction():
        made = await offer_first_run(conn, district_id=settings.district, now=clock())
    if made is not None:
        print(_invitation(made, settings), flush=True)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens on `host`; a name other than localhost may be anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(settings: Settings) -> bool:
    """Tell whether others than this machine reach the service, by itself or through a proxy."""
    return not is_loopback(settings.host) or bool(settings.public_url)


def _demo_refused() -> SettingRefused:
    return SettingRefused(
        "演示数据只能在本机使用（STATION_HOST 为本机、不设 STATION_PUBLIC_URL）；正式辖区请用另一个数据目录 / "
        "the demonstration is for this machine alone: listen on 127.0.0.1 without STATION_PUBLIC_URL, "
        "and give a real district a data folder of its own"
    )


def _invitation(made: FirstRunToken, settings: Settings) -> str:
    address = settings.public_url or f"http://{settings.host}:{settings.port}"
    return (
        f"还没有工作人员。24 小时内用此令牌创建首位管理员 / no staff yet: this token makes the first administrator, "
        f"once, until {made.expires_at:%Y-%m-%d %H:%M}Z:\n"
        f"  {made.token}\n"
        f"  {address}/console/set-up\n"
        f"  curl {address}/api/v1/setup -H 'Content-Type: application/json' \\\n"
        f"""    -d '{{"token": "…", "username": "admin", "name": "…", "password": "…"}}'"""
    )
