"""Runs every measurement: `python -m bench`, or `python -m bench small` for a quick look."""

import asyncio
import runpy
import sys

from bench.http import measure, report


def main() -> None:
    """Print figures in process, then over HTTP."""
    is_small = sys.argv[1:] == ["small"]
    for module, sizes in (
        ("bench.nearby", ["2000"]),
        ("bench.locate", ["3000"]),
        ("bench.cases", []),
        ("bench.sealing", []),
        ("bench.duplicates", ["0"]),
        ("bench.figures", ["20000"]),
        ("bench.sign_ins", []),
        ("bench.photos", []),
    ):
        print(f"== {module}", flush=True)
        sys.argv = [module, *(sizes if is_small else [])]
        runpy.run_module(module, run_name="__main__")
    print("== HTTP, beside a bare handler that answers JSON of the same size on the same server", flush=True)
    stations, grids = ((2_000,), (3_000,)) if is_small else ((2_000, 200_000), (3_000, 100_000))
    report(asyncio.run(measure(stations, grids)))


if __name__ == "__main__":
    main()
