"""Asks whether what we pin has known holes: `python .ci/audit.py [--osv URL] LOCK`.

pip-audit says "no known vulnerabilities" also when it could ask nobody, and with --strict it ends with 1 both for a
hole and for silence. So its word counts only where it names the holes of two pins that are known to be bad, and where
it has looked at every package of the lock. Exit status: 0 sound, 1 a hole was found, 2 not known, which is no better.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

KNOWN_BAD = Path(__file__).with_name("known-bad.txt")
SOUND, HOLED, NOT_KNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What pip-audit said: the holes of each package it looked at; None where it gave no answer."""

    holes: dict[str, list[str]] | None
    complaint: str = ""


def list_pins(lock: Path) -> set[str]:
    """Name the packages that a lock pins for this machine."""
    lines = [line.split("\\")[0].split("#")[0].strip() for line in lock.read_text().splitlines() if line[:1].isalnum()]
    wanted = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name) for each in wanted if each.marker is None or each.marker.evaluate()}


def ask(lock: Path, *, osv: str | None) -> Findings:
    """Run pip-audit over one file of pins, with nothing remembered from before."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--no-deps", "--format", "json"]
        command += ["--progress-spinner", "off", "--cache-dir", cache, "--requirement", str(lock)]
        if osv is not None:
            command += ["--vulnerability-service", "osv", "--osv-url", osv]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — our own arguments
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = [line for line in done.stderr.splitlines() if line.strip()]
        return Findings(None, said[-1] if said else f"exit status {done.returncode}")
    looked_at = (each for each in found if "vulns" in each)
    return Findings({canonicalize_name(each["name"]): [hole["id"] for hole in each["vulns"]] for each in looked_at})


def judge(*, bad: Findings, bad_pins: set[str], lock: Findings, pins: set[str]) -> tuple[int, str]:
    """Give the exit status and why: silence is never soundness."""
    if bad.holes is None:
        return NOT_KNOWN, f"没有得到答复 / nobody answered: {bad.complaint}"
    if unseen := sorted(name for name in bad_pins if not bad.holes.get(name)):
        return NOT_KNOWN, f"已知有漏洞的版本未被指出 / pins known to be bad were not named: {', '.join(unseen)}"
    if lock.holes is None:
        return NOT_KNOWN, f"没有得到答复 / nobody answered: {lock.complaint}"
    if holed := {name: holes for name, holes in lock.holes.items() if holes}:
        told = "; ".join(f"{name}: {', '.join(holes)}" for name, holes in sorted(holed.items()))
        return HOLED, f"发现漏洞 / known holes: {told}"
    if left_out := sorted(pins - lock.holes.keys()):
        return NOT_KNOWN, f"未检查 / not looked at: {', '.join(left_out)}"
    return SOUND, f"未发现已知漏洞 / no known holes in {len(pins)} packages"


def main() -> int:
    """Audit one lock."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("lock", type=Path)
    parser.add_argument("--osv", metavar="URL", help="ask this OSV service, e.g. a mirror, instead of PyPI")
    arguments = parser.parse_args()
    bad = ask(KNOWN_BAD, osv=arguments.osv)
    lock = ask(arguments.lock, osv=arguments.osv) if bad.holes else Findings(None)
    status, why = judge(bad=bad, bad_pins=list_pins(KNOWN_BAD), lock=lock, pins=list_pins(arguments.lock))
    title = {SOUND: "依赖审计通过 / audit: sound", HOLED: "依赖有漏洞 / audit: HOLES"}
    print(f"{title.get(status, '依赖审计无结果 / audit: NOT KNOWN')} — {why}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
