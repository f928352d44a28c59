"""The real program as a process of its own on a data folder of its own, which the tests of this folder may kill."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from app.demo.sign_ins import code_at

ROOT = Path(__file__).resolve().parent.parent.parent
#: Longer than any promise: with a busy disk the first start and PostgreSQL's recovery take long, and neither is what
#: is tested here. How soon it serves again is measured by `python -m bench.comes_back`.
_PATIENCE_S = 180.0
DEVICE = "phone-of-the-acceptance-tests"


class Program:
    """`python -m app serve` with its output in a file among the data; with the demonstration or empty."""

    def __init__(self, folder: Path, *, is_demo: bool = True) -> None:
        self.data_dir = folder
        self._words = ("serve", "--demo") if is_demo else ("serve",)
        self.log = folder / "log.txt"
        self.url = f"http://127.0.0.1:{free_port()}"
        #: Further settings, from the next start on.
        self.settings: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._used: dict[str, int] = {}

    async def start(self) -> float:
        """Start it and wait until it is ready; give the seconds that took."""
        self._process = self._launch()
        return await self.until_ready()

    async def until_ready(self) -> float:
        """Wait until it can serve; give the seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE_S:
            if self._process is None or self._process.poll() is not None:
                raise AssertionError(f"the program has ended:\n{self._last_words()}")
            if await self._is_ready():
                return time.monotonic() - begun
            await asyncio.sleep(0.05)
        raise AssertionError(f"not ready within {_PATIENCE_S} s:\n{self._last_words()}")

    def _last_words(self) -> str:
        """Give the ends of the program's log, without what the sweeps repeat, and of its PostgreSQL's."""
        ours = [line for line in self.log.read_text().splitlines() if '"message": "sweep ' not in line]
        theirs = [each.read_text(errors="replace") for each in (self.data_dir / "postgres/log").glob("*.log")]
        return "\n".join([*ours[-12:], *(text[-2000:] for text in theirs)])

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app", *self._words]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log)

    def _environment(self) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
        known.pop("DATABASE_URL", None)
        own = {"STATION_DATA_DIR": str(self.data_dir), "STATION_PORT": self.url.rsplit(":", 1)[1]}
        return known | own | self.settings

    async def run(self, *words: str) -> tuple[int, str]:
        """Run a command beside the program and give its exit status and what it said."""
        command = [sys.executable, "-m", "app", *words]
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz", timeout=_SHORT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    @property
    def pid(self) -> int:
        """The process of the program itself."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill -9 the program, not its PostgreSQL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_postgres(self) -> None:
        """Kill -9 the PostgreSQL of this data folder; its backends notice and go."""
        pid = self._postmaster()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop everything, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)
        pid = self._postmaster()
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)

    def _postmaster(self) -> int | None:
        place = self.data_dir / "postgres/data/postmaster.pid"
        pid = int(place.read_text().split()[0]) if place.exists() else None
        return pid if pid is not None and psutil.pid_exists(pid) else None

    def password_of(self, username: str) -> str:
        """Read a staff password where an operator would."""
        page = (self.data_dir / "demo-sign-ins.txt").read_text()
        return next(words[1] for line in page.splitlines() if (words := line.split())[:1] == [username])

    async def second_factor_of(self, username: str) -> str:
        """Give a code that this account takes, waiting where those of the moment have been used: each is good once."""
        page = (self.data_dir / "demo-sign-ins.txt").read_text()
        step = max(int(time.time()) // 30, self._used.get(username, 0) + 1)
        await asyncio.sleep(max(0.0, (step - 1) * 30 - time.time()))
        self._used[username] = step
        return code_at(page, datetime.fromtimestamp(step * 30, UTC))

    def code_for(self, phone: str) -> str:
        """Read the last sign-in code in the log."""
        return re.findall(rf"\*{{4}}{phone[-4:]}: .*?(\d{{6}})", self.log.read_text())[-1]


_SHORT = aiohttp.ClientTimeout(total=2)
#: Longer than any promise, so that a busy machine does not look like a broken service.
_PATIENT = aiohttp.ClientTimeout(total=10)


class Caller:
    """Someone who calls the program with a token, over a connection of its own each time."""

    def __init__(self, program: Program, token: str = "") -> None:
        self._program = program
        self.token = token

    async def ask(self, method: str, path: str, body: object = None, *, key: str = "", **params: str) -> Any:
        """Send one request and give (status, JSON); raises `aiohttp.ClientError` when the connection breaks."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            headers["Idempotency-Key"] = key
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                method, self._program.url + path, json=body, params=params, headers=headers, timeout=_PATIENT
            ) as answer,
        ):
            return answer.status, await answer.json(content_type=None)


async def sign_in_rider(program: Program, phone: str) -> Caller:
    """Sign a rider in by the code in the log, and let him agree to everything."""
    anyone = Caller(program)
    await anyone.ask("POST", "/api/v1/riders/codes", {"phone": phone, "device_nonce": DEVICE})
    body = {"phone": phone, "device_nonce": DEVICE, "code": program.code_for(phone)}
    status, session = await anyone.ask("POST", "/api/v1/riders/sessions", body)
    assert 201 == status
    return Caller(program, session["session"]["access"])


async def sign_in_staff(program: Program, username: str) -> Caller:
    """Sign a staff member in by the password in the sign-ins file."""
    code = await program.second_factor_of(username)
    body = {"username": username, "password": program.password_of(username), "code": code}
    status, session = await Caller(program).ask("POST", "/api/v1/session", body)
    assert 201 == status
    return Caller(program, session["access"])


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
