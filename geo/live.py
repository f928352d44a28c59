"""The areas of this process: the active generation's index, kept fresh by the change log, and past ones on demand.

An index is built in a thread and swapped in whole; whoever is locating goes on with the one he has. The tables stay
the truth.
"""

import asyncio
import logging
from collections import OrderedDict

import numpy as np
import shapely

from core.changes import Follower
from core.database import Connection, Pool, pool_transaction
from geo import queries
from geo.errors import GenerationNotFound, NoActiveGeneration
from geo.locate import AreaIndex
from geo.models import Located, Point, Reason
from geo.queries import LeafRow

#: Kind of the change log that says another generation is active.
AREAS_CHANGED = "areas"

_PAGE = 20_000
#: Parsing holds the interpreter lock: so many shapes at once take a few milliseconds.
_SHAPES_AT_ONCE = 1_000
_PAST_KEPT = 2

_log = logging.getLogger(__name__)


class Areas:
    """What this process knows of areas. `locate` is what rooms call; it never fails for want of areas."""

    def __init__(self, *, district_id: int, nearest_limit_m: float) -> None:
        self._district_id = district_id
        self._nearest_limit_m = nearest_limit_m
        self._follower = Follower(district_id=district_id)
        self._index: AreaIndex | None = None
        self._generation_id: int | None = None
        self._is_stale = False
        self._past: OrderedDict[int, AreaIndex] = OrderedDict()
        self._building = asyncio.Lock()

    @property
    def current(self) -> AreaIndex:
        """Give the index of the active generation. Raises `NoActiveGeneration`."""
        if self._index is None:
            raise NoActiveGeneration(retry_after_s=60)
        return self._index

    @property
    def generation_id(self) -> int:
        """Give the number of the active generation. Raises `NoActiveGeneration`."""
        if self._generation_id is None:
            raise NoActiveGeneration(retry_after_s=60)
        return self._generation_id

    def locate(self, point: Point) -> Located:
        """Locate in the active generation; without one everything goes to the duty desk."""
        return nowhere_known(point) if self._index is None else self._index.locate(point)

    async def load(self, pool: Pool) -> None:
        """Build the index of the active generation and put it in place of the present one."""
        async with pool_transaction(pool) as conn:
            await self._follower.poll(conn)
        await self._load_active(pool)

    async def follow(self, pool: Pool) -> None:
        """Load anew if another generation has become active since the last call, or a load before this failed."""
        async with pool_transaction(pool) as conn:
            changes = await self._follower.poll(conn)
        # A change is told only once: it must outlive a load that fails.
        self._is_stale |= any(change.kind == AREAS_CHANGED for change in changes)
        if self._is_stale:
            await self._load_active(pool)

    async def generation(self, pool: Pool, generation_id: int) -> AreaIndex:
        """Give the index of a generation that is or was active; the last few past ones are kept.

        Raises `GenerationNotFound`, also for drafts, which may still change.
        """
        if self._index is not None and self._generation_id == generation_id:
            return self._index
        async with self._building:  # one at a time: many may ask for the same
            if generation_id not in self._past:
                self._past[generation_id] = await self._build_past(pool, generation_id)
                while len(self._past) > _PAST_KEPT:
                    self._past.popitem(last=False)
            self._past.move_to_end(generation_id)
            return self._past[generation_id]

    async def _build_past(self, pool: Pool, generation_id: int) -> AreaIndex:
        async with pool_transaction(pool) as conn:
            known = await queries.find_generation(conn, district_id=self._district_id, generation_id=generation_id)
        if known is None or known.activated_at is None:
            raise GenerationNotFound(pointer="/query/generation", generation=generation_id)
        return await self._build(pool, generation_id)

    async def _load_active(self, pool: Pool) -> None:
        async with pool_transaction(pool) as conn:
            active = await queries.find_active_generation(conn, district_id=self._district_id)
        self._index = None if active is None else await self._build(pool, active.id)
        self._generation_id = None if active is None else active.id
        self._is_stale = False
        if active is not None:
            _log.info("区域版次 %s 已载入 / generation %s of areas is loaded", active.id, active.id)

    async def _build(self, pool: Pool, generation_id: int) -> AreaIndex:
        async with pool_transaction(pool) as conn:
            leaves = await _read_leaves(conn, self._district_id, generation_id)
        return await asyncio.to_thread(_index, leaves, generation_id, self._nearest_limit_m)


async def read_active_index(conn: Connection, *, district_id: int, nearest_limit_m: float) -> AreaIndex | None:
    """Build the index of the active generation for one command; None when there is none."""
    active = await queries.find_active_generation(conn, district_id=district_id)
    if active is None:
        return None
    return _index(await _read_leaves(conn, district_id, active.id), active.id, nearest_limit_m)


def nowhere_known(_point: Point) -> Located:
    """Locate where no areas are known: everything goes to the duty desk, so that nothing is lost."""
    return Located(None, (), None, None, needs_confirmation=True, reason=Reason.OUTSIDE)


async def _read_leaves(conn: Connection, district_id: int, generation_id: int) -> list[LeafRow]:
    leaves: list[LeafRow] = []
    after = ""
    while page := await queries.list_leaves(
        conn, district_id=district_id, generation_id=generation_id, after=after, limit=_PAGE
    ):
        leaves += page
        after = page[-1].code
    return leaves


def _index(leaves: list[LeafRow], generation_id: int, nearest_limit_m: float) -> AreaIndex:
    polygons = np.empty(len(leaves), dtype=object)
    for start in range(0, len(leaves), _SHAPES_AT_ONCE):
        part = slice(start, start + _SHAPES_AT_ONCE)
        polygons[part] = shapely.from_wkb([leaf.geometry for leaf in leaves[part]])
    return AreaIndex.build(
        [leaf.ref() for leaf in leaves], polygons, generation_id=generation_id, nearest_limit_m=nearest_limit_m
    )
