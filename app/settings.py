"""What an operator can set, read from the environment once; unknown `STATION_*` names are refused.

Every setting is described in `docs/operations.md`, and a test says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

from core.http.callers import read_networks
from geo.models import Datum

PREFIX = "STATION_"

#: Nothing that would end a directive of the pages' content security policy.
_MAP_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.:-]+)?/[^\s;,]*$")
_RANGES = {
    "port": (0, 65_535),
    "district": (1, 2**31 - 1),
    "pool_size": (1, 1_000),
    "nearest_limit_m": (0, 100_000),
    "sms_a_day": (0, 1_000_000),
}


class SettingRefused(Exception):
    """A setting is unknown or cannot be used; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen object for the whole process; a field `x` is read from `STATION_X`, the URL from `DATABASE_URL`."""

    data_dir: Path = Path("var")
    keys_dir: str = ""
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    database_url: str = ""
    owner_url: str = ""
    sweeper_url: str = ""
    district: int = 1
    pool_size: int = 20
    nearest_limit_m: int = 100
    nominatim_url: str = ""
    amap_key: str = ""
    baidu_key: str = ""
    base_map: str = ""
    base_map_datum: str = "wgs84"
    base_map_credit: str = ""
    photo_bucket: str = ""
    photo_bucket_region: str = "us-east-1"
    photo_bucket_key_file: str = ""
    sms_a_day: int = 2_000
    trusted_proxies: str = ""
    wechat_appid: str = ""
    records_dir: str = ""

    @property
    def records(self) -> Path:
        """The folder of what must outlive the database: anchors of the audit trail and the list of erasures."""
        return Path(self.records_dir) if self.records_dir else self.data_dir / "records"

    @property
    def uploads(self) -> Path:
        """The folder of photos that have not arrived whole."""
        return self.data_dir / "uploads"

    @property
    def keys_folder(self) -> Path:
        """Give the folder of the keys, which a backup of the data leaves out."""
        return Path(self.keys_dir) if self.keys_dir else self.data_dir / "keys"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises `SettingRefused` naming the variable."""
    known = {_variable(field.name): field for field in fields(Settings)}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingRefused(
            f"未知设置 / unknown setting: {', '.join(unknown)}. 可用 / known: {', '.join(sorted(known))}"
        )
    values: dict[str, object] = {}
    for variable, field in known.items():
        text = environment.get(variable, "").strip()
        if text:
            values[field.name] = _convert(variable, text, type(field.default))
    settings = Settings(**values)  # type: ignore[arg-type]
    for name, (low, high) in _RANGES.items():
        if not low <= (value := getattr(settings, name)) <= high:
            raise SettingRefused(f"{_variable(name)}={value}: 应为 {low}–{high} / must be {low} to {high}")
    if settings.nominatim_url and not settings.nominatim_url.startswith(("http://", "https://")):
        raise SettingRefused(
            f"{_variable('nominatim_url')}: 应以 http:// 或 https:// 开头 / must begin with one of these"
        )
    if settings.base_map_datum not in tuple(Datum):
        raise SettingRefused(
            f"{_variable('base_map_datum')}={settings.base_map_datum}: 应为 / must be one of: {', '.join(Datum)}"
        )
    if not all(_MAP_ADDRESS.match(url) for url in settings.base_map.split()):
        raise SettingRefused(
            f"{_variable('base_map')}: 应为瓦片地址模板或 .pmtiles 文件地址，以 https://、http:// 或 / 开头 / must be "
            "templates of tiles, or the address of a .pmtiles file, beginning with https://, http:// or /"
        )
    try:
        read_networks(settings.trusted_proxies)
    except ValueError as error:
        raise SettingRefused(
            f"{_variable('trusted_proxies')}: 应为以逗号分隔的地址或网段 / must be addresses or networks, divided by "
            f"commas ({error})"
        ) from error
    return replace(settings, public_url=_read_origin(settings.public_url))


def _read_origin(text: str) -> str:
    """Take the address under which people reach the service: an HTTPS origin, with nothing after it."""
    parts = urlsplit(text.rstrip("/"))
    if text and (
        parts.scheme != "https" or not parts.hostname or "@" in text or text.rstrip("/") != f"https://{parts.netloc}"
    ):
        raise SettingRefused(
            f"{_variable('public_url')}={text}: 应为 https://主机名，不带路径 / must be https:// and a host, no path"
        )
    return text.rstrip("/").lower()


def _variable(name: str) -> str:
    return "DATABASE_URL" if name == "database_url" else PREFIX + name.upper()


def _convert(variable: str, text: str, kind: type) -> object:
    if kind is int:
        if not text.isascii() or not text.isdigit():
            raise SettingRefused(f"{variable}={text!r}: 应为整数 / must be a whole number")
        return int(text)
    return Path(text) if issubclass(kind, Path) else text
