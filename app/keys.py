"""Keys of personal data in the program: followed as it runs, rows brought to the newest, and commands for them."""

import argparse
import asyncio
from argparse import Namespace
from datetime import timedelta
from functools import partial
from pathlib import Path

from aiohttp import web

from community.appeals.models import APPEAL
from community.followup.models import LINK_LIFE
from core.access.own.models import STAFF
from core.database import Connection, pool_transaction
from core.http.wiring import BACKGROUND, DISTRICT_ID, RING
from core.sealing.files import read_keys
from core.sealing.models import Purpose, SealedTable
from core.sealing.queries import list_keys
from core.sealing.register import add_key, needed_until, open_keys, retire_keys
from core.sealing.ring import KeyRing
from core.sealing.sweep import MOST_COUNTED, count_waiting, reseal
from core.shell import Shell, add_command
from riders.models import APPLICATION, RIDER
from riders.signup.wechat.queries import delete_keyed_before

#: How long what a replaced key made is still known by it. A link lives as long; keys against doubled submissions may be
#: kept for a year, and who has not come by WeChat for a year binds it anew.
LIVES = {Purpose.LINKS: LINK_LIFE, Purpose.CODES: timedelta(days=365)}

#: Every table with sealed columns.
SEALED_TABLES: tuple[SealedTable, ...] = (RIDER, APPEAL, APPLICATION, STAFF)


async def seal_what_is_plain(app: web.Application) -> None:
    """Seal what a migration left plain, batch by batch, before anybody is served; again it finds nothing."""
    while await _reseal_some(app, may_be_plain=True):
        pass


async def follow_keys(app: web.Application) -> None:
    """Take up keys that were added or retired."""
    await asyncio.to_thread(app[RING].follow)


async def reseal_rows(app: web.Application) -> None:
    """Bring all rows to the newest keys."""
    await follow_keys(app)
    while await _reseal_some(app):
        pass


async def _reseal_some(app: web.Application, *, may_be_plain: bool = False) -> int:
    async with pool_transaction(app[BACKGROUND]) as conn:
        return await reseal(
            conn, ring=app[RING], tables=SEALED_TABLES, district_id=app[DISTRICT_ID], may_be_plain=may_be_plain
        )


async def count_waiting_rows(conn: Connection, *, ring: KeyRing, district_id: int) -> int:
    """Count the rows that are not at the newest keys yet."""
    newest = {Purpose.SEAL: ring.newest_seal, Purpose.INDEX: ring.newest_index}
    return sum((await count_waiting(conn, tables=SEALED_TABLES, district_id=district_id, newest=newest)).values())


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", folder: Path) -> None:
    """Describe `keys`, `keys rotate` and `keys retire`."""
    keys = add_command(commands, "keys", partial(_show_keys, folder=folder), "个人信息密钥 / the keys of personal data")
    steps = keys.add_subparsers(metavar="STEP")
    rotate = add_command(
        steps, "rotate", partial(_rotate_keys, folder=folder), "启用新密钥，服务不停 / bring in a new key while serving"
    )
    rotate.set_defaults(purpose=Purpose.SEAL)
    instead = rotate.add_mutually_exclusive_group()
    for purpose, words in _INSTEAD_OF_SEALS.items():
        instead.add_argument(f"--{purpose}", action="store_const", dest="purpose", const=purpose, help=words)
    retire = add_command(
        steps, "retire", partial(_retire_keys, folder=folder), "停用已无需要的旧密钥 / retire keys nothing needs"
    )
    retire.add_argument(
        "--leaked",
        type=Purpose,
        choices=list(LIVES),
        help="密钥泄露：立即停用其旧密钥，已发出的随之失效 / it leaked: retire its old key now, and what it made ends",
    )


_INSTEAD_OF_SEALS = {
    Purpose.INDEX: "更换查找用的索引密钥 / the key of the indexes instead of the seals",
    Purpose.CODES: "更换验证码、限次和微信绑定所用的密钥 / the key of codes, limits and WeChat accounts",
    Purpose.LINKS: "更换回访链接所用的密钥 / the key of follow-up links",
}


async def _show_keys(shell: Shell, _arguments: Namespace, *, folder: Path) -> int:
    async with shell.conn.transaction():
        ring = await open_keys(shell.conn, folder=folder, district_id=shell.district_id, now=shell.now)
    newest = {Purpose.SEAL: ring.newest_seal, Purpose.INDEX: ring.newest_index}
    waiting = await count_waiting(shell.conn, tables=SEALED_TABLES, district_id=shell.district_id, newest=newest)
    known = await list_keys(shell.conn, district_id=shell.district_id)
    for key in ring.keys:
        state = "使用中 / in use" if key.number == ring.newest(key.purpose) else "待停用 / to be retired"
        if key.purpose in LIVES and key.number < ring.newest(key.purpose):
            state += f" {needed_until(key, known, LIVES):%Y-%m-%d}"
        print(f"{key.name}\t{key.algorithm}\t{state}")
    for purpose, count in waiting.items():
        more = "+" if count >= MOST_COUNTED else ""
        print(f"{purpose}: 还有 {count}{more} 行使用旧密钥 / so many rows are still at an older key")
    return 0


async def _rotate_keys(shell: Shell, arguments: Namespace, *, folder: Path) -> int:
    async with shell.conn.transaction():
        name = await add_key(
            shell.conn, folder=folder, purpose=arguments.purpose, district_id=shell.district_id, now=shell.now
        )
    print(
        f"{name}: 已启用，请立即备份 {folder}；旧密钥继续有效，用 keys 查看还要多久，之后执行 keys retire / "
        "in use: back the folder up now; the old key stays good, `keys` shows how long; then run `keys retire`"
    )
    return 0


async def _retire_keys(shell: Shell, arguments: Namespace, *, folder: Path) -> int:
    async with shell.conn.transaction():
        names = await retire_keys(
            shell.conn,
            folder=folder,
            tables=SEALED_TABLES,
            lives=LIVES,
            leaked=arguments.leaked,
            district_id=shell.district_id,
            now=shell.now,
        )
        oldest = min(key.number for key in read_keys(folder) if key.purpose is Purpose.CODES)
        unbound = await delete_keyed_before(shell.conn, district_id=shell.district_id, number=oldest)
    print(f"已停用 / retired: {', '.join(names) or '-'}")
    if unbound:
        print(f"{unbound} 个微信绑定已失效，骑手可重新绑定 / WeChat accounts unbound; their riders bind them anew")
    return 0
