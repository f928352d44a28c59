"""The real program, killed and cut off by the tests of faults."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.acceptance.program import Caller, Program, sign_in_rider


@pytest_asyncio.fixture(scope="module")
async def program() -> AsyncIterator[Program]:
    # Not below pytest's own folder, which the account that runs PostgreSQL for root cannot enter.
    with tempfile.TemporaryDirectory(prefix="station-kill-") as folder:
        started = Program(Path(folder))
        try:
            await started.start()
            yield started
        finally:
            started.stop()


@pytest_asyncio.fixture(scope="module")
async def rider(program: Program) -> Caller:
    return await sign_in_rider(program, "19900000001")
