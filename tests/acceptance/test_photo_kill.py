"""A photo that was acknowledged is never lost: not by kill -9 in the middle of it, and in this order of flushing.

The oracle is this process: the bytes it sent, their SHA-256, and what it was answered.
"""

import asyncio
import random
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from PIL import Image

from tests.acceptance.program import Caller, Program
from tests.pictures import encode, jpeg, sha256

KILLS = 4
SEED = 19


async def report(rider: Caller, key: str) -> str:
    """Report something and give the address beneath which its photos stand."""
    status, made = await rider.ask("POST", "/api/v1/reports", {"category": "litter"}, key=key)
    assert 201 == status
    return f"/api/v1/reports/{made['id']}/photos"


async def send(
    program: Program, rider: Caller, address: str, data: bytes, *, offset: int = 0, slowly: bool = False
) -> Any:
    """Send what is left of a photo and give the answer; raises `aiohttp.ClientError` when the connection breaks."""

    async def trickle() -> AsyncIterator[bytes]:
        for start in range(offset, len(data), 16_384):
            yield data[start : start + 16_384]
            await asyncio.sleep(0.005)

    headers = {"Authorization": f"Bearer {rider.token}", "Content-Type": "image/jpeg"}
    body = trickle() if slowly else data[offset:]
    url = f"{program.url}{address}/{sha256(data)}?offset={offset}"
    async with aiohttp.ClientSession() as http, http.put(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def fetch(program: Program, rider: Caller, address: str) -> bytes:
    headers = {"Authorization": f"Bearer {rider.token}"}
    async with aiohttp.ClientSession() as http, http.get(program.url + address, headers=headers) as answer:
        assert 200 == answer.status
        return await answer.read()


@pytest.mark.parametrize("round_", range(KILLS))
async def test_a_photo_goes_on_after_the_program_was_killed_in_the_middle_of_it(
    program: Program, rider: Caller, round_: int
) -> None:
    dice = random.Random(SEED + round_)
    photo = encode(Image.frombytes("RGB", (900, 900), dice.randbytes(2_430_000)), quality=90)
    address = await report(rider, f"photo-kill-{round_}")
    sending = asyncio.create_task(send(program, rider, address, photo, slowly=True))
    await asyncio.sleep(dice.uniform(0.1, 0.9))  # among its bytes, in its decoding, or after its answer
    program.kill()
    with suppress(aiohttp.ClientError):
        await sending
    await program.start()  # how soon it is back: test_kill
    _, upload = await rider.ask("GET", f"/api/v1/photo-uploads/{sha256(photo)}")
    status, answer = await send(program, rider, address, photo, offset=upload["received"])
    assert (200, sha256(photo)) == (status, answer["sha256"])
    assert answer["stored_sha256"] == sha256(await fetch(program, rider, f"{address}/{sha256(photo)}"))
    assert [] == list((program.data_dir / "uploads").glob("*/*"))


async def test_no_decoder_outlives_the_program_for_long(program: Program, rider: Caller) -> None:
    photo = encode(Image.new("L", (5000, 5000), 128), progressive=True, quality=50)
    last_scan = photo[photo.rindex(b"\xff\xda") : -2]
    sending = asyncio.create_task(
        send(program, rider, await report(rider, "photo-slow"), photo[:-2] + last_scan * 2000 + b"\xff\xd9")
    )
    decoders: list[psutil.Process] = []
    while not decoders:
        await asyncio.sleep(0.1)
        below = psutil.Process(program.pid).children(recursive=True)
        decoders = [each for each in below if "photo_child.py" in " ".join(each.cmdline())]
    program.kill()
    with suppress(aiohttp.ClientError):
        await sending
    _, alive = await asyncio.to_thread(psutil.wait_procs, decoders, timeout=30)
    assert [] == alive
    await program.start()  # how soon it is back: test_kill


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
async def test_a_photo_is_flushed_then_named_then_committed_then_acknowledged(program: Program, rider: Caller) -> None:
    address, photo = await report(rider, "photo-order"), jpeg(77)
    async with traced(program) as lines:
        assert 200 == (await send(program, rider, address, photo))[0]
        await asyncio.sleep(0.3)
    _, progress = await rider.ask("GET", address.removesuffix("/photos"))
    stored = progress["photos"][0]["stored_sha256"]
    folder, place = rf"/photos/1/{stored[:2]}", rf"/photos/1/{stored[:2]}/{stored}"
    steps = (
        rf"fsync\(\d+<.*{folder}/\.incoming-",
        rf'rename\(".*{folder}/\.incoming-[^"]*", ".*{place}"',
        rf"fsync\(\d+<.*{folder}>",
        r"fsync\(\d+<.*/photos/1>",
        r"insert into report_photo",
        r"COMMIT",
        r"HTTP/1\.1 200 OK",
    )
    at = -1
    for step in steps:  # each behind the one before
        at = next((number for number, line in enumerate(lines) if number > at and re.search(step, line)), -1)
        assert at >= 0, (step, lines)


@asynccontextmanager
async def traced(program: Program) -> AsyncIterator[list[str]]:
    """Watch the calls of the running program; the lines are there after the block."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        calls = "trace=fsync,fdatasync,rename,write,writev,sendto,sendmsg"
        command = ["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", f"{folder}/calls", "-p", str(program.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as strace:  # noqa: ASYNC220 — it has begun at once
            assert strace.stderr is not None
            strace.stderr.readline()  # attached
            yield lines
            strace.send_signal(signal.SIGINT)
            strace.wait(timeout=20)
        lines += Path(f"{folder}/calls").read_text(errors="replace").splitlines()
