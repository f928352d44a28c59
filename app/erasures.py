"""Erasures by command, and erasing again what a restored backup brought back: at each start and by command."""

import argparse
import asyncio
import logging
from argparse import Namespace
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast

from aiohttp import web

from community.appeals import queries as appeals
from community.appeals.contact import erase_contact_again, erase_contact_of
from core.database import Connection
from core.http.photos import PARTIALS
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, RECORDS, RING
from core.privacy.erasures import Erasure, read_erasures
from core.sealing.register import open_keys
from core.sealing.ring import KeyRing
from core.shell import Shell, add_command, filled
from riders.privacy import queries as riders
from riders.privacy.erase import erase_rider, erase_rider_again
from riders.signup.phone import parse_phone
from riders.signup.queries import find_rider_id

_BATCH = 500

_log = logging.getLogger(__name__)


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", *, records: Path, keys: Path, uploads: Path
) -> None:
    """Describe the commands; the folders are of the list, of the keys of personal data, of photos on their way."""
    erasing = commands.add_parser("erase", help="按书面申请注销个人信息 / erase personal data on a written request")
    verbs = erasing.add_subparsers(dest="verb", required=True, metavar="VERB")
    rider = add_command(
        verbs,
        "rider",
        partial(erase_by_phone, records=records, keys=keys, uploads=uploads),
        "询问手机号 / asks for the phone",
    )
    appeal = add_command(
        verbs, "appeal", partial(erase_by_number, records=records, keys=keys), "诉求联系方式 / an appeal's contact"
    )
    appeal.add_argument("number", type=filled, help="案件编号 / number of the case")
    for parser in (rider, appeal):
        parser.add_argument(
            "reason", type=filled, help="依据，如来函编号 / on what ground, such as the letter's number"
        )
    add_command(
        verbs,
        "again",
        partial(erase_all_again, records=records, keys=keys, uploads=uploads),
        "恢复备份后重新注销 / once more after a restore",
    )


async def erase_by_phone(shell: Shell, arguments: Namespace, *, records: Path, keys: Path, uploads: Path) -> int:
    """Erase the rider of a phone, which is asked for and stands in no list of processes; 1 where there is none."""
    phone = parse_phone(await asyncio.to_thread(input, "手机号 / phone: "))
    async with shell.conn.transaction():
        ring = await _open_keys(shell, keys)
        rider_id = await find_rider_id(shell.conn, ring=ring, district_id=shell.district_id, phone=phone)
        if rider_id is None:
            print("没有这个手机号的骑手 / there is no rider with this phone")
            return 1
        await erase_rider(
            shell.conn,
            ring=ring,
            district_id=shell.district_id,
            rider_id=rider_id,
            actor=None,
            reason=arguments.reason,
            records=records,
            uploads=uploads,
            now=shell.now,
        )
    print(f"已注销骑手 / rider erased: {rider_id}")
    return 0


async def erase_by_number(shell: Shell, arguments: Namespace, *, records: Path, keys: Path) -> int:
    """Erase the contact of an appeal by the number of its case."""
    async with shell.conn.transaction():
        await erase_contact_of(
            shell.conn,
            ring=await _open_keys(shell, keys),
            district_id=shell.district_id,
            number=arguments.number,
            reason=arguments.reason,
            records=records,
            now=shell.now,
        )
    print(f"已删除联系方式 / contact erased: {arguments.number}")
    return 0


async def erase_all_again(shell: Shell, _arguments: Namespace, *, records: Path, keys: Path, uploads: Path) -> int:
    """Erase whatever the list names and the database still holds."""
    async with shell.conn.transaction():
        ring = await _open_keys(shell, keys)
    count = await repeat_erasures(
        shell.conn, ring=ring, district_id=shell.district_id, records=records, uploads=uploads, now=shell.now
    )
    print(f"重新注销 / erased again: {count}")
    return 0


async def _open_keys(shell: Shell, folder: Path) -> KeyRing:
    return await open_keys(shell.conn, folder=folder, district_id=shell.district_id, now=shell.now)


async def erase_again(app: web.Application) -> AsyncIterator[None]:
    """Erase again what a restored database holds anew (an `app.cleanup_ctx` step)."""
    async with app[BACKGROUND].acquire() as borrowed:
        conn = cast("Connection", borrowed)  # the pool lends a proxy that behaves as one
        count = await repeat_erasures(
            conn,
            ring=app[RING],
            district_id=app[DISTRICT_ID],
            records=app[RECORDS],
            uploads=app[PARTIALS],
            now=app[CLOCK](),
        )
    if count:
        _log.warning(
            "数据库恢复到了注销之前，已重新注销 / the database is of before some erasures, erased again: %s", count
        )
    yield


async def repeat_erasures(
    conn: Connection, *, ring: KeyRing, district_id: int, records: Path, uploads: Path, now: datetime
) -> int:
    """Erase, each in a transaction of its own, whoever is on the list and not erased; give how many that were."""
    count = 0
    listed = read_erasures(records, district_id=district_id)
    while batch := list(islice(listed, _BATCH)):
        for erasure in await _find_standing(conn, district_id, batch):
            async with conn.transaction():
                await _repeat(conn, ring, district_id, erasure, uploads, now)
            count += 1
    return count


async def _find_standing(conn: Connection, district_id: int, batch: list[Erasure]) -> list[Erasure]:
    of_riders = [erasure for erasure in batch if erasure.kind == "rider"]
    of_appeals = [erasure for erasure in batch if erasure.kind == "appeal"]
    standing = set(await riders.list_standing(conn, district_id=district_id, erasures=of_riders))
    with_contact = set(await appeals.list_standing(conn, district_id=district_id, erasures=of_appeals))
    found = [erasure for erasure in of_riders if erasure.id in standing]
    return found + [erasure for erasure in of_appeals if erasure.id in with_contact]


async def _repeat(
    conn: Connection, ring: KeyRing, district_id: int, erasure: Erasure, uploads: Path, now: datetime
) -> None:
    if erasure.kind == "rider":
        await erase_rider_again(conn, ring=ring, district_id=district_id, rider_id=erasure.id, uploads=uploads, now=now)
    else:
        await erase_contact_again(conn, ring=ring, district_id=district_id, appeal_id=erasure.id, now=now)
