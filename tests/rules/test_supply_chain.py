"""Rules of the house about what comes from others: pinned by hash, listed, audited, and no silence taken for a yes."""

import asyncio
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
ROOMS = ("app", "station", "riders", "community", "geo", "core", ".ci")
SOUND, HOLED, NOT_KNOWN = 0, 1, 2


def load_audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci/audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


AUDIT = load_audit()
Findings = AUDIT.Findings


def faults_of_lock(text: str) -> list[str]:
    """Name every line of a lock that is not a version pinned by hashes, from an index of whoever installs it."""
    faults = [line for line in text.splitlines() if re.search(r"^\s*-{1,2}(?!hash=)\w|://|@ |\bfile:", line)]
    for pin in re.split(r"\n(?=\S)", text.strip()):
        name = pin.splitlines()[0]
        if not re.match(r"[A-Za-z0-9._-]+==\S+( ; [^\\]+)? \\$", name):
            faults.append(name)
        if not re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pin):
            faults.append(f"no hash: {name}")
    return faults


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_version_with_hashes_and_names_no_index(name: str) -> None:
    assert [] == faults_of_lock((ROOT / name).read_text())


@pytest.mark.parametrize(
    "line",
    [
        "aiohttp>=3 \\\n    --hash=sha256:" + "a" * 64,
        "aiohttp==3.14.5",
        "aiohttp==3.14.5 \\\n    --hash=md5:" + "a" * 32,
        "--extra-index-url https://mirror.example.org/simple",
        "-i https://mirror.example.org/simple",
        "aiohttp @ https://example.org/aiohttp.whl \\\n    --hash=sha256:" + "a" * 64,
    ],
)
def test_the_rule_of_locks_sees_a_line_that_breaks_it(line: str) -> None:
    assert faults_of_lock(line)


def test_only_wheels_with_the_hashes_of_the_lock_are_installed() -> None:
    recipe = (ROOT / "Makefile").read_text().splitlines()
    installs = [line for line in recipe if "pip install" in line and "-r " in line]
    assert 2 == len(installs)
    assert all("--require-hashes --only-binary :all:" in line for line in installs)


def test_the_rules_of_security_are_on_and_each_exception_says_why() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not [rule for rule in lint["ignore"] if rule.startswith("S")]
    bare = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"# noqa: [A-Z0-9, ]*\bS\d+", line) and not re.search(r"# noqa: [A-Z0-9, ]+ ?[—-] \S", line)
        # SQL is put together out of our own lists of columns and conditions, there and nowhere else.
        if not (path.name == "queries.py" and line.endswith("# noqa: S608"))
    ]
    assert [] == bare


BAD = {"aiohttp", "pillow"}
NAMED = Findings({"aiohttp": ["CVE-1"], "pillow": ["CVE-2"]})
CLEAN = Findings({"asyncpg": [], "orjson": []})


@pytest.mark.parametrize(
    ("bad", "lock", "status"),
    [
        (NAMED, CLEAN, SOUND),
        (NAMED, Findings({"asyncpg": [], "orjson": ["CVE-3"]}), HOLED),
        (NAMED, Findings({"orjson": ["CVE-3"]}), HOLED),
        (NAMED, Findings({"asyncpg": []}), NOT_KNOWN),
        (NAMED, Findings({}), NOT_KNOWN),
        (NAMED, Findings(None, "no network"), NOT_KNOWN),
        (Findings(None, "no network"), CLEAN, NOT_KNOWN),
        (Findings({}), CLEAN, NOT_KNOWN),
        (Findings({"aiohttp": [], "pillow": []}), CLEAN, NOT_KNOWN),
        (Findings({"aiohttp": ["CVE-1"], "pillow": []}), CLEAN, NOT_KNOWN),
        (Findings({"aiohttp": ["CVE-1"]}), Findings({"asyncpg": [], "orjson": ["CVE-3"]}), NOT_KNOWN),
    ],
)
def test_an_audit_is_sound_only_when_the_bad_pins_were_named_and_every_package_looked_at(
    bad: object, lock: object, status: int
) -> None:
    assert status == AUDIT.judge(bad=bad, bad_pins=BAD, lock=lock, pins={"asyncpg", "orjson"})[0]


class Database:
    """A stand-in for OSV that knows holes by name and version."""

    def __init__(self) -> None:
        self.url = ""
        self.holes = {("aiohttp", "3.8.0"), ("pillow", "9.0.0")}

    async def answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        name, version = asked["package"]["name"], asked["version"]
        if (name, version) not in self.holes:
            return web.json_response({})
        package = {"name": name, "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9999"}]}]
        affected = [{"package": package, "ranges": ranges, "versions": [version]}]
        return web.json_response({"vulns": [{"id": f"HOLE-{name}", "summary": "a hole", "affected": affected}]})


@pytest_asyncio.fixture
async def osv() -> AsyncIterator[Database]:
    database = Database()
    app = web.Application()
    app.router.add_post("/v1/query", database.answer)
    async with TestServer(app) as server:
        database.url = f"http://127.0.0.1:{server.port}/v1/query"
        yield database


async def audit(*arguments: str) -> tuple[int, str]:
    """Run the audit as `make audit` does, and give its status and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / ".ci/audit.py"), *arguments, cwd=ROOT, stdout=subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_pip_audit_itself_tells_sound_from_holed_and_silence(osv: Database) -> None:
    status, said = await audit("--osv", osv.url, "requirements.lock")
    assert (SOUND, True) == (status, "no known holes" in said)
    osv.holes.add(("orjson", version_of("orjson")))
    status, said = await audit("--osv", osv.url, "requirements.lock")
    assert (HOLED, True) == (status, "orjson: HOLE-orjson" in said)
    osv.holes.clear()  # a database that has lost its memory
    status, said = await audit("--osv", osv.url, "requirements.lock")
    assert (NOT_KNOWN, True) == (status, "aiohttp, pillow" in said)
    status, said = await audit("--osv", "http://127.0.0.1:9/v1/query", "requirements.lock")
    assert (NOT_KNOWN, True) == (status, "NOT KNOWN" in said)


def version_of(name: str) -> str:
    found = re.search(rf"^{name}==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def make_sbom(place: Path) -> bytes:
    command = ["make", "--silent", "--old-file=.venv/dev", "sbom", f"SBOM={place}"]  # installs nothing
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return place.read_bytes()


def test_the_bill_of_materials_names_every_pin_with_its_hashes_and_is_the_same_each_time(tmp_path: Path) -> None:
    first = make_sbom(tmp_path / "one.json")
    assert first == make_sbom(tmp_path / "two.json")
    bill = json.loads(first)
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert sorted(f"pkg:pypi/{name}@{version}" for name, version in pins) == sorted(
        each["purl"] for each in bill["components"]
    )
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    assert "rider-station" == bill["metadata"]["component"]["name"]
    assert str(ROOT) not in first.decode()
