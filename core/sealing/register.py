"""Which keys the data need: made at the first start, checked at every other, changed and retired by command.

The database keeps no key, only of each one used a fingerprint: so a folder that was lost, mixed up or restored to an
older state is noticed before anything is sealed with the wrong key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from core.audit import record_act
from core.database import Connection
from core.sealing import queries
from core.sealing.files import RETIRED, KeysRefused, make_key, move_to_retired, number_key, read_keys
from core.sealing.models import Key, Purpose, RegisteredKey, SealedTable
from core.sealing.ring import KeyRing
from core.sealing.sweep import count_waiting

#: By then every process has a new key and writes with it; each looks for new ones every two seconds.
KNOWN_EVERYWHERE_AFTER = timedelta(minutes=1)


async def open_keys(conn: Connection, *, folder: Path, district_id: int, now: datetime) -> KeyRing:
    """Give the ring of the keys in `folder`; the first of a purpose is made where the database has never seen one.

    Needs a transaction. Raises `KeysRefused` when a key that the data need is missing or is another one.
    """
    await queries.lock_keys(conn, district_id=district_id)
    known = await queries.list_keys(conn, district_id=district_id)
    _make_first(folder, {*Purpose} - {key.purpose for key in known})
    keys = read_keys(folder)
    _check(folder, keys, [key for key in known if key.retired_at is None])
    unknown = [key for key in keys if (key.purpose, key.number) not in {(each.purpose, each.number) for each in known}]
    if unknown:
        await queries.insert_keys(conn, district_id=district_id, keys=unknown, now=now)
    return KeyRing(partial(read_keys, folder))


def _make_first(folder: Path, purposes: set[Purpose]) -> None:
    """Make the first keys for these purposes, unless they were put into the folder beforehand."""
    for purpose in purposes - {key.purpose for key in read_keys(folder)}:
        number_key(folder, purpose)
        make_key(folder, purpose, 1)


def _check(folder: Path, keys: Sequence[Key], needed: Sequence[RegisteredKey]) -> None:
    fingerprints = {(key.purpose, key.number): key.fingerprint for key in keys}
    for key in needed:
        if (key.purpose, key.number) not in fingerprints:
            raise KeysRefused(
                f"{folder}: 缺少密钥 {key.name}，由它保护的内容无法使用。请从密钥备份（或 {RETIRED}/）恢复该文件；"
                f"见 docs/operations.md “密钥” / key {key.name} is missing and what it sealed or made is of no use: "
                f"restore its file from the backup of the keys, or from {RETIRED}/ after restoring an older database"
            )
        if fingerprints[key.purpose, key.number] != key.fingerprint:
            raise KeysRefused(
                f"{folder}: 密钥 {key.name} 不是本数据库所用的那一把，请恢复正确的密钥文件夹（STATION_KEYS_DIR） / "
                f"key {key.name} is not the one this database was sealed with: restore the right folder of keys"
            )
    if any(purpose not in {key.purpose for key in keys} for purpose in Purpose):
        raise KeysRefused(f"{folder}: 没有可用的密钥 / there are no keys to seal with")


async def add_key(conn: Connection, *, folder: Path, purpose: Purpose, district_id: int, now: datetime) -> str:
    """Make the next key of a purpose and give its name; running processes use it within seconds.

    Needs a transaction. Raises `KeysRefused` while an earlier change of the index key is not finished.
    """
    await open_keys(conn, folder=folder, district_id=district_id, now=now)
    known = await queries.list_keys(conn, district_id=district_id)
    if purpose is Purpose.INDEX and len([key for key in read_keys(folder) if key.purpose is purpose]) > 1:
        raise KeysRefused(
            "上一次更换索引密钥尚未完成，请先执行 keys retire / the last change of the index key is not finished: "
            "retire the old one first"
        )
    number = 1 + max(key.number for key in known if key.purpose is purpose)
    make_key(folder, purpose, number)
    new = [key for key in read_keys(folder) if (key.purpose, key.number) == (purpose, number)]
    await queries.insert_keys(conn, district_id=district_id, keys=new, now=now)
    await record_act(
        conn, district_id=district_id, act="key.added", actor=None, now=now, subject="key", subject_id=new[0].name
    )
    return new[0].name


async def retire_keys(
    conn: Connection,
    *,
    folder: Path,
    tables: Sequence[SealedTable],
    lives: Mapping[Purpose, timedelta],
    leaked: Purpose | None = None,
    district_id: int,
    now: datetime,
) -> list[str]:
    """Take out of use every key that a newer one has replaced, and give their names.

    A key of a purpose in `lives` stays as long after it was replaced as what it made may live, unless it has `leaked`;
    any other goes once no row needs it. Needs a transaction. Raises `KeysRefused` while rows still need one, or a
    process may not know the newer one yet.
    """
    ring = await open_keys(conn, folder=folder, district_id=district_id, now=now)
    newest = {purpose: ring.newest(purpose) for purpose in Purpose}
    known = await queries.list_keys(conn, district_id=district_id)
    old = [
        key
        for key in ring.keys
        if key.number < newest[key.purpose] and (key.purpose is leaked or needed_until(key, known, lives) <= now)
    ]
    made_at = {key.purpose: key.made_at for key in known if key.number == newest[key.purpose]}
    waiting = await count_waiting(conn, tables=tables, district_id=district_id, newest=newest)
    for key in old:
        if now - made_at[key.purpose] < KNOWN_EVERYWHERE_AFTER:
            raise KeysRefused("新密钥启用不足一分钟，请稍后再试 / the new key is not a minute old: try again shortly")
        if waiting.get(key.purpose):
            raise KeysRefused(
                f"还有 {waiting[key.purpose]} 行使用旧密钥 {key.name}，请让服务继续运行 / "
                "so many rows still use the old key: let the service run until they are done"
            )
    for key in old:
        await queries.retire_key(conn, district_id=district_id, purpose=key.purpose, number=key.number, now=now)
        await record_act(
            conn, district_id=district_id, act="key.retired", actor=None, now=now, subject="key", subject_id=key.name
        )
    for key in old:
        move_to_retired(folder, key)
    return [key.name for key in old]


def needed_until(key: Key, known: Sequence[RegisteredKey], lives: Mapping[Purpose, timedelta]) -> datetime:
    """Give when what a replaced key made has ended; for a key that rows tell of, since when it is replaced."""
    replaced_at = min(each.made_at for each in known if each.purpose is key.purpose and each.number > key.number)
    return replaced_at + lives.get(key.purpose, timedelta(0))
