"""Settings out of the environment: what is read, what is refused, and that the refusal names the variable."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.settings import SettingRefused, Settings, read_settings


def test_without_anything_set_the_defaults_hold() -> None:
    settings = read_settings({"HOME": "/home/x", "PATH": "/bin"})
    assert Settings() == settings
    assert (Path("var"), "127.0.0.1", 8080, "", 1) == (
        settings.data_dir,
        settings.host,
        settings.port,
        settings.database_url,
        settings.district,
    )


def test_every_setting_is_read_under_its_name() -> None:
    settings = read_settings(
        {
            "STATION_DATA_DIR": "/data",
            "STATION_KEYS_DIR": "/keys",
            "STATION_HOST": "::1",
            "STATION_PORT": "0",
            "STATION_PUBLIC_URL": "https://Station.example.org/",
            "DATABASE_URL": "postgresql://app@db/station",
            "STATION_OWNER_URL": "postgresql://owner@db/station",
            "STATION_SWEEPER_URL": "postgresql://sweeper@db/station",
            "STATION_DISTRICT": "7",
            "STATION_POOL_SIZE": "5",
            "STATION_NEAREST_LIMIT_M": "0",
            "STATION_NOMINATIM_URL": "http://127.0.0.1:8088",
            "STATION_AMAP_KEY": "a",
            "STATION_BAIDU_KEY": "b",
            "STATION_PHOTO_BUCKET": "https://store.example.org/photos",
            "STATION_PHOTO_BUCKET_REGION": "cn-qingdao",
            "STATION_PHOTO_BUCKET_KEY_FILE": "/run/key",
            "STATION_SMS_A_DAY": "50",
            "STATION_TRUSTED_PROXIES": "127.0.0.1, ::1",
            "STATION_WECHAT_APPID": "wx0",
            "STATION_RECORDS_DIR": "/records",
            "STATION_BASE_MAP": "https://tiles.example.org/{z}/{x}/{y}.png",
            "STATION_BASE_MAP_DATUM": "gcj02",
            "STATION_BASE_MAP_CREDIT": "示例地图",
        }
    )
    assert (
        Settings(
            data_dir=Path("/data"),
            keys_dir="/keys",
            host="::1",
            port=0,
            public_url="https://station.example.org",
            database_url="postgresql://app@db/station",
            owner_url="postgresql://owner@db/station",
            sweeper_url="postgresql://sweeper@db/station",
            district=7,
            pool_size=5,
            nearest_limit_m=0,
            nominatim_url="http://127.0.0.1:8088",
            amap_key="a",
            baidu_key="b",
            photo_bucket="https://store.example.org/photos",
            photo_bucket_region="cn-qingdao",
            photo_bucket_key_file="/run/key",
            sms_a_day=50,
            trusted_proxies="127.0.0.1, ::1",
            wechat_appid="wx0",
            records_dir="/records",
            base_map="https://tiles.example.org/{z}/{x}/{y}.png",
            base_map_datum="gcj02",
            base_map_credit="示例地图",
        )
        == settings
    )
    assert len(fields(Settings)) == 24


def test_spaces_around_a_value_are_not_part_of_it() -> None:
    assert 9090 == read_settings({"STATION_PORT": " 9090\n"}).port


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.name != "database_url"])
def test_a_setting_left_empty_is_not_set(name: str) -> None:
    assert Settings() == read_settings({f"STATION_{name.upper()}": " "})


def test_an_unknown_name_is_refused_beside_those_there_are() -> None:
    with pytest.raises(SettingRefused) as refused:
        read_settings({"STATION_PROT": "8080", "STATION_PORT": "8080", "STATION_AREA": "x"})
    assert "STATION_AREA, STATION_PROT" in str(refused.value)
    assert "STATION_POOL_SIZE" in str(refused.value)


def test_the_database_url_has_one_name_only() -> None:
    with pytest.raises(SettingRefused, match="STATION_DATABASE_URL"):
        read_settings({"STATION_DATABASE_URL": "postgresql://db/station"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STATION_SMS_A_DAY", "-1"),
        ("STATION_BASE_MAP", "tiles.example.org/{z}/{x}/{y}.png"),
        ("STATION_BASE_MAP", "https://tiles.example.org/{z}/{x}/{y}.png; script-src"),
        ("STATION_BASE_MAP", "javascript:alert(1)"),
        ("STATION_BASE_MAP_DATUM", "cgcs2000"),
        ("STATION_TRUSTED_PROXIES", "proxy.example.org"),
        ("STATION_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("STATION_PORT", "http"),
        ("STATION_PORT", "-1"),
        ("STATION_PORT", "65536"),
        ("STATION_PORT", "80.5"),
        ("STATION_PORT", "８０８０"),
        ("STATION_PORT", "1" * 30),
        ("STATION_PUBLIC_URL", "http://station.example.org"),
        ("STATION_PUBLIC_URL", "https://"),
        ("STATION_PUBLIC_URL", "https://someone@station.example.org"),
        ("STATION_PUBLIC_URL", "https://station.example.org/console"),
        ("STATION_DISTRICT", "0"),
        ("STATION_DISTRICT", str(2**31)),
        ("STATION_POOL_SIZE", "0"),
        ("STATION_POOL_SIZE", "many"),
        ("STATION_NEAREST_LIMIT_M", "-100"),
        ("STATION_NOMINATIM_URL", "127.0.0.1:8088"),
        ("STATION_NOMINATIM_URL", "ftp://127.0.0.1"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name_in_both_languages(variable: str, value: str) -> None:
    with pytest.raises(SettingRefused, match=f"^{variable}.*应.* / must "):
        read_settings({variable: value})
