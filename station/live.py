"""The shelf of this process: loaded from the database, kept fresh by the change log, asked by many at once.

Riders' questions that arrive in one turn of the event loop are answered together. The asker's position lives only in
the question. Until the first load is done `shelf` is None and callers ask the database (`station.nearby`).
"""

import asyncio
import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from core.calendar import load_calendar
from core.changes import Follower
from core.database import Pool, pool_transaction
from core.errors import Unavailable
from core.queries import get_timezone
from station import queries
from station.amenities.queries import list_amenity_kinds
from station.errors import UnknownAmenity
from station.models import StationCard
from station.shelf import Ask, Shelf, Vocabulary

#: Kinds of the change log that this room writes or follows.
STATION_CHANGED = "station"
_RELOADING = frozenset({"holiday", "amenity_kind"})

#: Rows turned into cards at once: about ten milliseconds during which nobody is answered.
_PAGE = 200

_log = logging.getLogger(__name__)


class LiveStations:
    """The current shelf, its follower, and the questions waiting for the next turn of the loop."""

    def __init__(self, *, district_id: int) -> None:
        self._district_id = district_id
        self._follower: Follower | None = None
        self._loading: asyncio.Task[None] | None = None
        self._is_stale = False
        self._waiting: list[tuple[Ask, asyncio.Future[bytes]]] = []
        self._timezone: ZoneInfo  # known once a shelf is loaded
        self.shelf: Shelf | None = None

    def ask(self, ask: Ask, now: datetime) -> asyncio.Future[bytes]:
        """Give the stations' JSON objects at the end of this turn of the loop; some shelf must have been loaded.

        The future raises `UnknownAmenity`.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # After one more turn, in which the loop reads what else has arrived: that doubles a batch under load.
            loop.call_soon(loop.call_soon, self._answer_waiting, now)
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((ask, future))
        return future

    def _answer_waiting(self, now: datetime) -> None:
        """Answer whoever is still waiting, all from the shelf that is there now; nobody is left without an answer."""
        waiting = [(ask, future) for ask, future in self._waiting if not future.done()]
        self._waiting = []
        try:
            self._answer(waiting, now)
        except Exception as error:
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)

    def _answer(self, waiting: list[tuple[Ask, asyncio.Future[bytes]]], now: datetime) -> None:
        shelf = self.shelf
        if shelf is None:
            raise Unavailable(retry_after_s=1)
        wishes = []
        for ask, future in waiting:
            try:
                wishes.append((shelf.wish(ask, now), ask.open_at, future))
            except UnknownAmenity as refusal:
                future.set_exception(refusal)
        found = shelf.answer([wish for wish, _, _ in wishes], now)
        for (_, open_at, future), hits in zip(wishes, found, strict=True):
            future.set_result(shelf.spell(hits, open_at))

    async def load(self, pool: Pool, *, now: datetime) -> None:
        """Read all stations page by page, build a shelf beside the present one, and put it in its place."""
        follower = Follower(district_id=self._district_id)
        self._is_stale = False
        async with pool_transaction(pool) as conn:
            await follower.poll(conn)
            kinds = await list_amenity_kinds(conn, district_id=self._district_id)
            calendar = await load_calendar(conn, district_id=self._district_id)
            timezone = await get_timezone(conn, district_id=self._district_id)
        cards = await self._read_all(pool)
        shelf = await asyncio.to_thread(
            Shelf, cards, vocabulary=Vocabulary(kinds), calendar=calendar, timezone=timezone, now=now
        )
        self.shelf, self._follower, self._timezone = shelf, follower, timezone

    async def _read_all(self, pool: Pool) -> list[StationCard]:
        cards: list[StationCard] = []
        after = 0
        while True:
            async with pool_transaction(pool) as conn:
                page = await queries.list_cards(conn, district_id=self._district_id, after=after, limit=_PAGE)
            cards += page
            if len(page) < _PAGE:
                return cards
            after = page[-1].id

    async def follow(self, pool: Pool, *, now: datetime) -> None:
        """Take in what changed since the last call; start a reload where the day, the calendar or too much changed."""
        shelf, follower = self.shelf, self._follower
        if shelf is None or follower is None:
            self.start_load(pool, now=now)
            return
        was_stale, self._is_stale = self._is_stale, True  # a change is told only once: it must outlive a failed read
        async with pool_transaction(pool) as conn:
            changes = await follower.poll(conn)
            changed = {int(change.ref) for change in changes if change.kind == STATION_CHANGED}
            cards = await queries.list_cards_by_id(conn, district_id=self._district_id, station_ids=sorted(changed))
        self._is_stale = was_stale
        for card in cards:
            shelf.put(card)
        for station_id in changed - {card.id for card in cards}:
            shelf.drop(station_id)
        is_yesterdays = not shelf.timelines.is_of(now.astimezone(self._timezone).date())
        self._is_stale |= shelf.is_worn or is_yesterdays or any(change.kind in _RELOADING for change in changes)
        if self._is_stale:
            self.start_load(pool, now=now)

    def start_load(self, pool: Pool, *, now: datetime) -> None:
        """Load in the background, unless that is going on already."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._try_to_load(pool, now))

    async def _try_to_load(self, pool: Pool, now: datetime) -> None:
        try:
            await self.load(pool, now=now)
        except Exception:
            self._is_stale = True
            _log.exception("loading the stations failed; the next sweep tries again")

    @property
    def is_loaded(self) -> bool:
        """Tell whether questions are answered from memory."""
        return self.shelf is not None

    async def close(self) -> None:
        """Stop a load that is still running."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])
