"""Shell command `photos check`: does every photo in the database have its file, and is every file one of a photo."""

import argparse
import hashlib
from argparse import Namespace
from collections.abc import AsyncIterator
from datetime import timedelta

from app.photo_store import list_unnamed_files, open_photo_store
from app.settings import Settings
from community.photos.queries import list_stored_after
from core.database import Connection
from core.files import FileStore, Kept
from core.shell import Shell, add_command
from station.photos.queries import list_stored_photos

#: A file is put into the store before its row is written; one so old has been left behind.
_LEFT_BEHIND = timedelta(days=1)
_PAGE = 500


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", settings: Settings) -> None:
    """Describe the command."""
    photos = commands.add_parser("photos", help="照片文件 / the files of photos")
    verbs = photos.add_subparsers(dest="verb", required=True, metavar="VERB")

    async def run(shell: Shell, arguments: Namespace) -> int:
        return await check_photos(shell, open_photo_store(settings), removing=arguments.remove)

    checking = add_command(verbs, "check", run, "核对照片文件与记录 / compare the files with the records")
    checking.add_argument(
        "--remove", action="store_true", help="删除无记录且超过一天的文件 / remove files a day old that no record names"
    )


async def check_photos(shell: Shell, store: FileStore, *, removing: bool) -> int:
    """Say which photos are missing or damaged and which files nobody names; 1 when a photo is lost."""
    photos = lost = 0
    async for sha256 in _named(shell.conn, district_id=shell.district_id):
        photos += 1
        try:
            data = await store.get(sha256)
        except FileNotFoundError:
            print(f"缺失 / missing\t{sha256}")
            lost += 1
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            print(f"损坏 / damaged\t{sha256}")
            lost += 1
    unnamed = 0
    async for kept in _left_behind(shell, store):
        unnamed += 1
        print(f"无记录 / named by nobody\t{kept.sha256}")
        if removing:
            await store.delete(kept.sha256)
    print(f"照片 / photos: {photos}, 丢失 / lost: {lost}, 无记录的文件 / files named by nobody: {unnamed}")
    return 1 if lost else 0


async def _named(conn: Connection, *, district_id: int) -> AsyncIterator[str]:
    last, page = "", [""]
    while page:
        page = await list_stored_after(conn, district_id=district_id, after=last, limit=_PAGE)
        for last in page:
            yield last
    for sha256 in await list_stored_photos(conn, district_id=district_id):
        yield sha256


async def _left_behind(shell: Shell, store: FileStore) -> AsyncIterator[Kept]:
    some: list[Kept] = []
    async for kept in store.list():
        if kept.at < shell.now - _LEFT_BEHIND:
            some.append(kept)
        if len(some) == _PAGE:
            for each in await _without_name(shell, some):
                yield each
            some = []
    for each in await _without_name(shell, some):
        yield each


async def _without_name(shell: Shell, some: list[Kept]) -> list[Kept]:
    hashes = [kept.sha256 for kept in some]
    unnamed = await list_unnamed_files(shell.conn, district_id=shell.district_id, hashes=hashes)
    return [kept for kept in some if kept.sha256 in unnamed]
