"""Photos: writing one anew in a process of its own against doing the same bare in process, and what each costs us.

`python -m bench.photos` prints medians, and by how much the memory of this process grew.
"""

import resource
import statistics
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import psutil
from PIL import Image

from core.photo_child import LONGEST_SIDE, QUALITY
from core.reencoding import reencode

ROUNDS = 7


def photograph(width: int, height: int) -> bytes:
    """Make a JPEG with about as much detail as a phone's: large shapes and the noise of a sensor."""
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 255, (height // 40, width // 40, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    noisy = (smooth + rng.integers(-12, 12, (height, width, 3), dtype=np.int16)).clip(0, 255).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=90)
    return out.getvalue()


def reencode_bare(data: bytes) -> bytes:
    """Do what anybody would do in three lines."""
    out = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def main() -> None:
    """Print the figures."""
    ours = psutil.Process()
    for name, width, height in (("2 MP", 1600, 1200), ("12 MP", 4032, 3024), ("24 MP", 5712, 4284)):
        data = photograph(width, height)
        reencode_bare(data)  # loads what Pillow loads late
        before, apart, bare = ours.memory_info().rss, Spent(), Spent()
        for _ in range(ROUNDS):
            apart.time(lambda data=data: reencode(data, media_type="image/jpeg"))
        grown = ours.memory_info().rss - before
        for _ in range(ROUNDS):
            bare.time(lambda data=data: reencode_bare(data))
        print(
            f"{name:>6} {len(data) / 2**20:4.1f} MB: apart {apart}, bare in process {bare}, "
            f"ratio {apart.cpu / bare.cpu:4.2f}; this process grew by {grown / 2**20:.1f} MB"
        )


class Spent:
    """Seconds of the processor, by us and our children, and of the clock, each a median."""

    def __init__(self) -> None:
        self._cpu: list[float] = []
        self._wall: list[float] = []

    def time(self, work: Callable[[], object]) -> None:
        """Do it once and note what it took."""
        cpu, wall = _cpu(), time.perf_counter()
        work()
        self._cpu.append(_cpu() - cpu)
        self._wall.append(time.perf_counter() - wall)

    @property
    def cpu(self) -> float:
        """Give the seconds of the processor; unlike the clock's, they depend little on who else is at work."""
        return statistics.median(self._cpu)

    def __str__(self) -> str:
        return f"{self.cpu * 1000:.0f} ms CPU ({statistics.median(self._wall) * 1000:.0f} ms)"


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
