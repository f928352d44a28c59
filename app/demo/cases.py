"""Plans the demonstration's cases: what is reported when and where, and what is done about it. Pure; loads nothing.

The plan is random with a fixed seed and relative to `now`, so every state is there whenever it is loaded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from app.demo.fates import FATES, PAUSES, Fate
from app.demo.people import COMMUNITIES, RIDERS
from app.demo.places import Ground
from app.demo.words import NOTES, describe, pick
from community.models import Origin
from community.workflow import Verb
from geo.models import Point

ZONE = ZoneInfo("Asia/Shanghai")
_SEED = 20_260_101

#: Category → how often riders report it.
_REPORTED = {
    "litter": 26,
    "road_damage": 16,
    "blocked_lane": 16,
    "street_light": 11,
    "rubble": 8,
    "standing_water": 7,
    "missing_cover": 6,
    "greenery": 5,
    "fire_lane": 4,
    "illegal_building": 3,
    "other": 4,
}
_ANSWERS: dict[str, dict[str, tuple[str, ...]]] = {
    "missing_cover": {"guarded": ("yes", "no")},
    "road_damage": {"lane": ("car", "bike", "foot")},
}
#: What residents ask for.
_ASKED = ("help", "help", "help", "greenery", "illegal_building", "other")
#: Every so many cases one is a station fault.
_FAULT_EVERY = 9
#: One first answer in this many comes late.
_LATE_ONE_IN = 8


@dataclass(frozen=True, slots=True)
class PlannedAct:
    """A verb at a time, with the words that go along where it needs any."""

    at: datetime
    verb: Verb
    words: str | None


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A case to be. `rider` is a place in `RIDERS`; `original` the number of the case this one repeats.

    A station fault has no place of its own: which door or amenity it is stands in `app.demo.stations`. Without a
    point a case goes to the duty desk.
    """

    number: int
    origin: Origin
    category: str
    description: str
    opened_at: datetime
    acts: tuple[PlannedAct, ...]
    point: Point | None
    rider: int
    original: int | None = None
    answers: dict[str, str] = field(default_factory=dict)


def plan_cases(ground: Ground, *, now: datetime) -> list[PlannedCase]:
    """Plan the cases of the 30 days before `now`; originals stand before those that repeat them."""
    rng = np.random.default_rng(_SEED)
    fates = [fate for fate in FATES for _ in range(fate.count)]
    cases = [_plan(rng, ground, number, fate, now) for number, fate in enumerate(fates) if not fate.is_duplicate]
    settled = [case for case in cases if _may_be_repeated(case)]
    repeated = [fate for fate in fates if fate.is_duplicate]
    for number, (fate, original) in enumerate(zip(repeated, settled, strict=False), len(cases)):
        cases.append(_repeat(rng, original, number, fate, now))
    return cases


def _may_be_repeated(case: PlannedCase) -> bool:
    """Tell whether this is a settled report, well inside one community."""
    is_settled = bool(case.acts) and case.acts[-1].verb in (Verb.CLOSE, Verb.FOLLOW_UP)
    return is_settled and case.origin is Origin.REPORT and case.point is not None and not _is_on_line(case.number)


def _plan(rng: np.random.Generator, ground: Ground, number: int, fate: Fate, now: datetime) -> PlannedCase:
    origin = _origin_of(number, fate)
    rider = int(rng.integers(0, len(RIDERS)))
    home = list(COMMUNITIES)[rider % len(COMMUNITIES)]
    community = home if rng.random() < 0.6 else pick(rng, tuple(COMMUNITIES))
    weights = np.array(list(_REPORTED.values())) / sum(_REPORTED.values())
    category = pick(rng, _ASKED) if origin is Origin.APPEAL else str(rng.choice(list(_REPORTED), p=weights))
    opened_at = _by_day(rng, now - timedelta(hours=float(rng.uniform(fate.youngest_h, fate.oldest_h))))
    return PlannedCase(
        number=number,
        origin=origin,
        category=category,
        description=describe(rng, category, COMMUNITIES[community]),
        opened_at=opened_at,
        acts=tuple(_plan_acts(rng, fate.verbs, opened_at, now)),
        point=_point_of(rng, ground, number, fate, community),
        rider=rider,
        answers={name: pick(rng, values) for name, values in _ANSWERS.get(category, {}).items()},
    )


def fault_number(number: int) -> int:
    """Give which of the station faults the case with this number is."""
    return number // _FAULT_EVERY


def _origin_of(number: int, fate: Fate) -> Origin:
    if fate.is_on_line:
        return Origin.REPORT
    if number % _FAULT_EVERY == 4:
        return Origin.STATION_FAULT
    return Origin.APPEAL if number % 7 == 5 else Origin.REPORT


def _point_of(rng: np.random.Generator, ground: Ground, number: int, fate: Fate, community: str) -> Point | None:
    """Mostly well inside a grid; some on the line of two communities, a few nowhere or outside the district."""
    if fate.is_on_line or _is_on_line(number):
        return ground.point_on_line(rng, community)
    if number % 50 == 2:
        return None
    return ground.point_outside() if number % 97 == 60 else ground.point_inside(rng, community)


def _is_on_line(number: int) -> bool:
    return number % 17 == 7


def _repeat(rng: np.random.Generator, original: PlannedCase, number: int, fate: Fate, now: datetime) -> PlannedCase:
    """Let another rider report the same thing a little later, a few metres away."""
    opened_at = original.opened_at + timedelta(minutes=float(rng.uniform(20, 200)))
    moved = None
    if original.point is not None:
        moved = Point(original.point.lon + float(rng.uniform(0, 1e-4)), original.point.lat)
    return replace(
        original,
        number=number,
        opened_at=opened_at,
        acts=tuple(_plan_acts(rng, fate.verbs, opened_at, now)),
        point=moved,
        rider=(original.rider + 1) % len(RIDERS),
        original=original.number,
    )


def _plan_acts(
    rng: np.random.Generator, verbs: Sequence[Verb], opened_at: datetime, now: datetime
) -> Iterator[PlannedAct]:
    """Lay the acts out in time: the first soon, the rest in office hours; pressed together if they would pass `now`."""
    at, times = opened_at, []
    for place, verb in enumerate(verbs):
        at += timedelta(minutes=float(rng.uniform(*PAUSES[verb])))
        if place == 0 and rng.integers(0, _LATE_ONE_IN) == 0:
            at += timedelta(minutes=float(rng.uniform(15, 240)))
        at = at if place == 0 else _in_office(rng, at)
        times.append(at)
    longest, room = at - opened_at, (now - opened_at) * 0.97
    share = min(1.0, room / longest) if verbs else 1.0
    for verb, time in zip(verbs, times, strict=True):
        words = pick(rng, NOTES[verb]) if verb in NOTES else None
        yield PlannedAct(opened_at + (time - opened_at) * share, verb, words)


def _in_office(rng: np.random.Generator, at: datetime) -> datetime:
    local = at.astimezone(ZONE)
    if 8.5 <= local.hour + local.minute / 60 < 18:
        return at
    morning = local.replace(hour=8, minute=30) + timedelta(minutes=float(rng.uniform(0, 180)))
    return morning if local.hour < 9 else morning + timedelta(days=1)


def _by_day(rng: np.random.Generator, at: datetime) -> datetime:
    """Move what would be reported at night back to the evening before."""
    local = at.astimezone(ZONE)
    if 7 <= local.hour < 22:
        return at
    evening = local.replace(hour=17, minute=0) + timedelta(minutes=float(rng.uniform(0, 290)))
    return evening if local.hour >= 22 else evening - timedelta(days=1)
