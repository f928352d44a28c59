"""The command that walks the journey, as an operator runs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "app", "demo"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_command_tells_the_whole_journey_and_leaves_nothing_behind(tmp_path: Path) -> None:
    elsewhere = Path("/var/lib/rider-station")  # where the database goes when its account cannot enter the folder
    before = set(elsewhere.glob("station-demo-*"))
    done = _run(tmp_path)
    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    assert "the whole way holds" in done.stdout
    assert [] == list(tmp_path.glob("station-demo-*"))
    assert before == set(elsewhere.glob("station-demo-*"))
