"""Opens the place where photos are kept: a folder beside the other data, or a bucket that the operator names."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import SettingRefused, Settings
from community.photos.queries import list_unnamed
from core.buckets import Bucket, BucketStore
from core.database import Connection
from core.files import FileStore, FolderStore
from station.photos.queries import list_stored_photos

_OURSELVES = ("127.0.0.1", "localhost", "::1")


def open_photo_store(settings: Settings) -> FileStore:
    """Give the store of this district's photos; raises `SettingRefused` for a bucket that cannot be opened so."""
    if settings.photo_bucket:
        return BucketStore(_read_bucket(settings), folder=f"photos/{settings.district}")
    return FolderStore(settings.data_dir / "photos" / str(settings.district))


async def list_unnamed_files(conn: Connection, *, district_id: int, hashes: list[str]) -> set[str]:
    """Give those of the hashes under which neither a case nor a station has a photo in the store."""
    unnamed = await list_unnamed(conn, district_id=district_id, hashes=hashes)
    return unnamed - set(await list_stored_photos(conn, district_id=district_id)) if unnamed else unnamed


def _read_bucket(settings: Settings) -> Bucket:
    parts = urlsplit(settings.photo_bucket)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _OURSELVES):
        raise SettingRefused("STATION_PHOTO_BUCKET: 应以 https:// 开头 / must begin with https://")
    if parts.username or parts.query or parts.path.count("/") > 1:
        raise SettingRefused(
            "STATION_PHOTO_BUCKET: 应为 https://存储服务/桶名 或 https://桶名.存储服务 / "
            "must be https://STORE/BUCKET or https://BUCKET.STORE"
        )
    key_id, key = _read_key(settings.photo_bucket_key_file)
    return Bucket(settings.photo_bucket, settings.photo_bucket_region, key_id, key)


def _read_key(name: str) -> tuple[str, str]:
    """Read the two lines of the key file: its id, and the key itself."""
    variable = "STATION_PHOTO_BUCKET_KEY_FILE"
    if not name:
        raise SettingRefused(f"{variable}: 使用对象存储时必须指定 / must be set with a bucket")
    place = Path(name)
    try:
        mode, lines = stat.S_IMODE(place.stat().st_mode), place.read_text(encoding="utf-8").split()
    except OSError as error:
        raise SettingRefused(f"{variable}={name}: 无法读取 / cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise SettingRefused(f"{variable}={name}: 权限应为 0600 / must have mode 0600, others can read it")
    if len(lines) != 2:
        raise SettingRefused(f"{variable}={name}: 应为两行：密钥编号、密钥 / must hold two lines: key id, key")
    return lines[0], lines[1]
