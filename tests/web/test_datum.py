"""The datum formulas of the pages are those of the service: the module itself, run by Node.js, beside `geo.datum`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geo.datum import from_wgs84, to_wgs84
from geo.models import Datum
from tests.web.browser import ROOT

WEB = ROOT / "web"
#: The pages' module without its types, then asked about every point in every datum, there and back.
_RUN = """
import { readFileSync } from 'node:fs'
import ts from 'typescript'
const source = readFileSync('shared/datum.ts', 'utf8')
const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext }
const { outputText } = ts.transpileModule(source, { compilerOptions: options })
const { fromWgs84, toWgs84 } = await import('data:text/javascript,' + encodeURIComponent(outputText))
const points = JSON.parse(readFileSync(0, 'utf8'))
const answer = {}
for (const datum of ['wgs84', 'gcj02', 'bd09'])
  answer[datum] = [points.map((p) => fromWgs84(p, datum)), points.map((p) => toWgs84(p, datum))]
process.stdout.write(JSON.stringify(answer))
"""


@pytest.mark.parametrize("datum", Datum)
def test_pages_and_service_shift_by_the_same_formula(datum: Datum) -> None:
    """From Lhasa to Shanghai, where every point lies in China, to less than a hundredth of a millimetre."""
    rng = np.random.default_rng(7)
    points = np.column_stack((rng.uniform(91, 121, 2_000), rng.uniform(30, 38, 2_000)))
    drawn, read = ask_pages(points)[datum]
    for shown, expected in ((drawn, from_wgs84(*points.T, datum)), (read, to_wgs84(*points.T, datum))):
        assert np.abs(np.array(shown) - np.column_stack(expected)).max() < 1e-10


def ask_pages(points: np.ndarray) -> dict[str, tuple[list[list[float]], list[list[float]]]]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    node = shutil.which("node", path=path)
    assert node is not None, "no Node.js; `make pages` brings one"
    command = [node, "--input-type=module", "-e", _RUN]
    done = subprocess.run(
        command, cwd=WEB, input=json.dumps(points.tolist()), capture_output=True, text=True, check=True
    )
    answer: dict[str, tuple[list[list[float]], list[list[float]]]] = json.loads(done.stdout)
    return answer
