"""Stations ready to be handed out: the index, each one's JSON, and the timelines, kept together row by row.

What an answer says of a station is serialised when the station changes, not when a rider asks; only distance, bearing
and openness are put in then. Knows no database and reads no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import orjson

from core.calendar import Calendar
from geo.models import Point
from station.errors import UnknownAmenity
from station.index import MOST_AMENITIES, Hits, Site, StationIndex, Wish, near_order
from station.models import AmenityKind, AmenityState, Door, StationCard
from station.timelines import Timelines

_DOOR_BITS = {door: 1 << place for place, door in enumerate(Door)}


class Vocabulary:
    """The amenity kinds and the bit that each has in the index."""

    def __init__(self, kinds: Sequence[AmenityKind]) -> None:
        self.kinds = tuple(kinds)
        self._bits = {kind.code: 1 << place for place, kind in enumerate(kinds[:MOST_AMENITIES])}

    def mask(self, codes: Iterable[str]) -> int:
        """Give the bits of `codes`; raises `UnknownAmenity`."""
        mask = 0
        for code in codes:
            if code not in self._bits:
                raise UnknownAmenity(pointer="/query/amenity", code=code)
            mask |= self._bits[code]
        return mask

    def usable_mask(self, card: StationCard, today: date) -> int:
        """Give the bits of the amenities that work at a station and have not expired."""
        mask = 0
        for amenity in card.amenities:
            expired = amenity.expires_on is not None and amenity.expires_on < today
            if amenity.state is AmenityState.WORKING and not expired:
                mask |= self._bits.get(amenity.code, 0)
        return mask


def door_mask(doors: Iterable[Door]) -> int:
    """Give the bits of door methods."""
    return sum({_DOOR_BITS[door] for door in doors})


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rider asks: every amenity named, any of the doors; open at `open_at`, or now where `must_be_open`."""

    point: Point
    amenities: tuple[str, ...] = ()
    doors: tuple[Door, ...] = ()
    must_be_open: bool = False
    open_at: datetime | None = None
    radius_m: float = 5_000.0
    limit: int = 10


class Shelf:
    """All stations with a position, as of one day."""

    def __init__(
        self,
        cards: Sequence[StationCard],
        *,
        vocabulary: Vocabulary,
        calendar: Calendar,
        timezone: ZoneInfo,
        now: datetime,
    ) -> None:
        self.vocabulary = vocabulary
        self.timelines = Timelines(calendar=calendar, timezone=timezone, now=now)
        self._today = now.astimezone(timezone).date()
        placed = [card for card in cards if card.lon is not None]
        order = near_order([card.lon or 0.0 for card in placed], [card.lat or 0.0 for card in placed])
        placed = [placed[place] for place in order]
        self.index = StationIndex([self._site(card) for card in placed])
        self._json = [*(_to_json(card) for card in placed), b""]  # the last stands for the row that is never live
        self._open_now = self.index.open_set(self.timelines.move_to(now.timestamp()))
        self._open_until = self.timelines.next_edge()

    def _site(self, card: StationCard) -> Site:
        return Site(
            station_id=card.id,
            lon=card.lon or 0.0,
            lat=card.lat or 0.0,
            amenities=self.vocabulary.usable_mask(card, self._today),
            door=_DOOR_BITS[card.door],
            timeline=self.timelines.number_of(card),
        )

    @property
    def is_worn(self) -> bool:
        """Tell whether so much has changed that a new shelf should be built."""
        return self.index.needs_rebuild

    def put(self, card: StationCard) -> None:
        """Take in a new or changed station. On a worn shelf nothing fits any more: a new one reads it afresh."""
        if card.lon is None:
            self.drop(card.id)
        elif not self.index.is_full:
            row = self.index.put(self._site(card))
            self._json[row : row + 1] = [_to_json(card)]
            self._open_until = 0.0

    def drop(self, station_id: int) -> None:
        """Forget a station."""
        self.index.drop(station_id)

    def wish(self, ask: Ask, now: datetime) -> Wish:
        """Turn what is asked at `now` into what the index is asked. Raises `UnknownAmenity`."""
        open_set = None
        if ask.open_at is not None:
            open_set = self.index.open_set(self.timelines.flags_at(ask.open_at.timestamp()))
        elif ask.must_be_open:
            self._move_to(now)
            open_set = self._open_now
        return Wish(
            lon=ask.point.lon,
            lat=ask.point.lat,
            radius_m=ask.radius_m,
            limit=ask.limit,
            amenities=self.vocabulary.mask(ask.amenities) if ask.amenities else 0,
            doors=door_mask(ask.doors) if ask.doors else 0,
            open_set=open_set,
        )

    def answer(self, wishes: Sequence[Wish], now: datetime) -> list[Hits]:
        """Find what each wish finds; `spell` then tells how the doors stand at `now`."""
        self._move_to(now)
        return self.index.ask(wishes)

    def spell(self, hits: Hits, open_at: datetime | None) -> bytes:
        """Give the JSON objects of the stations found, joined by commas; as of the last `answer`, or of `open_at`."""
        if not hits.rows:
            return b""
        numbers = self.index.timelines[hits.rows].tolist()
        if open_at is None:
            fragments = self.timelines.fragments
            opening = [fragments[number] for number in numbers]
        else:
            opening = [self.timelines.fragment_at(number, open_at.timestamp()) for number in numbers]
        cards = [self._json[row] for row in hits.rows]
        return b",".join(
            [
                b'{"distance_m":%.1f,"bearing_deg":%d,"open":%b,%b' % told
                for told in zip(hits.metres, hits.bearings, opening, cards, strict=True)
            ]
        )

    def _move_to(self, now: datetime) -> None:
        moment = now.timestamp()
        if moment >= self._open_until:
            self._open_now = self.index.open_set(self.timelines.move_to(moment))
            self._open_until = self.timelines.next_edge()


def _to_json(card: StationCard) -> bytes:
    """Serialise without the opening brace, so that the answer's own members can go before."""
    return orjson.dumps(card, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)[1:]
