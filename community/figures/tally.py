"""What one case counts for, and what counts add up to. Pure; the words for it stand in `definitions`.

A case is a set of slots, each counted once; a sum of cases is a count for each slot. Slots are stored, so a number
keeps its meaning for ever: change what a slot says only together with counting everything anew.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum, auto

from community.figures.definitions import Rate, Span
from community.figures.models import Excluded, RateFigure, Record, Round, SpanFigure
from community.figures.spread import STEPS, percentile, step_of
from community.models import Clock, Satisfaction, State

OPENED, REJECTED, VOIDED, DUPLICATE = range(4)
_RATE_SLOTS = {rate: 10 * number for number, rate in enumerate(Rate, start=1)}  # denominator, numerator, not yet due
_SPAN_SLOTS = {span: 1000 + STEPS * number for number, span in enumerate(Span)}
#: Below this are counts of cases, from it on spans of time.
FIRST_SPAN_SLOT = 1000

_ASIDE = {State.REJECTED: REJECTED, State.VOIDED: VOIDED, State.DUPLICATE: DUPLICATE}
_STANDS_CLOSED = frozenset({State.CLOSED, State.FOLLOWED_UP})
_CONTENT = frozenset({Satisfaction.SATISFIED, Satisfaction.FAIRLY_SATISFIED})


class Standing(Enum):
    """How a clock of a case has done, over all its rounds that were not cancelled."""

    NONE = auto()
    RUNNING = auto()
    KEPT = auto()
    MISSED = auto()


def slots_of(record: Record, now: datetime) -> tuple[int, ...]:
    """Give every slot in which a case counts, in order."""
    aside = _ASIDE.get(record.state)
    if aside is not None:
        decided = _shares(Rate.FILING, in_numerator=False) if aside == REJECTED else ()
        return (OPENED, aside, *decided)
    return tuple(sorted([OPENED, *_rate_slots(record, now), *_span_slots(record)]))


def standing(rounds: Iterable[Round], clock: Clock, now: datetime) -> Standing:
    """Tell how `clock` has done: one late round is a miss, and a paused one has not run out."""
    owed = [row for row in rounds if row.clock is clock and row.cancelled_at is None]
    if any(_is_late(row, now) for row in owed):
        return Standing.MISSED
    if any(row.met_at is None for row in owed):
        return Standing.RUNNING
    return Standing.KEPT if owed else Standing.NONE


def _is_late(row: Round, now: datetime) -> bool:
    if row.breached_at is not None:
        return True
    if row.met_at is not None:
        return row.met_at > row.due_at
    return row.paused_at is None and row.due_at <= now


def _rate_slots(record: Record, now: datetime) -> list[int]:
    response, filing, handling, verifying = (
        standing(record.rounds, clock, now) for clock in (Clock.RESPOND, Clock.FILE, Clock.HANDLE, Clock.VERIFY)
    )
    entered = {step.to for step in record.steps}
    filed, closed = State.FILED in entered, record.state in _STANDS_CLOSED
    reopened = any(step.came_from in _STANDS_CLOSED and step.to is State.FILED for step in record.steps)
    late = Standing.MISSED in (handling, verifying)
    slots = [*_by_clock(Rate.RESPONSE, response), *_by_clock(Rate.PUNCTUALITY, handling)]
    slots += _due(
        Rate.SOLUTION, is_due=closed or late or filing is Standing.MISSED, in_numerator=closed and not reopened
    )
    slots += _due(Rate.FILING, is_due=filed or filing is Standing.MISSED, in_numerator=filed)
    if filed:
        slots += _due(Rate.CLOSING, is_due=closed or late, in_numerator=closed)
    rounds = sum(row.clock is Clock.HANDLE and row.cancelled_at is None for row in record.rounds)
    slots += _due(Rate.REWORK, is_due=State.HANDLED in entered, in_numerator=rounds > 1)
    if record.satisfaction is not None:
        slots += _shares(Rate.SATISFACTION, in_numerator=record.satisfaction in _CONTENT)
        slots += _shares(Rate.FULL_SATISFACTION, in_numerator=record.satisfaction is Satisfaction.SATISFIED)
        slots += _shares(Rate.DISSATISFACTION, in_numerator=record.satisfaction not in _CONTENT)
    return slots


def _by_clock(rate: Rate, found: Standing) -> tuple[int, ...]:
    if found is Standing.NONE:
        return ()
    return _due(rate, is_due=found is not Standing.RUNNING, in_numerator=found is Standing.KEPT)


def _due(rate: Rate, *, is_due: bool, in_numerator: bool) -> tuple[int, ...]:
    return _shares(rate, in_numerator=in_numerator) if is_due else (_RATE_SLOTS[rate] + 2,)


def _shares(rate: Rate, *, in_numerator: bool) -> tuple[int, ...]:
    base = _RATE_SLOTS[rate]
    return (base, base + 1) if in_numerator else (base,)


def _span_slots(record: Record) -> Iterable[int]:
    reached: dict[Span, datetime] = {}
    for step in record.steps:
        if step.to in _SPAN_OF_STATE:
            span = _SPAN_OF_STATE[step.to]
            reached[span] = min(step.at, reached.get(span, step.at))
    answer = [row.met_at for row in record.rounds if row.clock is Clock.RESPOND and row.round == 1 and row.met_at]
    if answer:
        reached[Span.ANSWERED] = answer[0]
    return (_SPAN_SLOTS[span] + step_of((at - record.opened_at).total_seconds()) for span, at in reached.items())


_SPAN_OF_STATE = {state: Span(state.value) for state in State if state.value in set(Span)}


def rate_figure(rate: Rate, counts: Mapping[int, int]) -> RateFigure:
    """Read a rate from a sum of slots."""
    base = _RATE_SLOTS[rate]
    denominator, numerator, waiting = (counts.get(base + n, 0) for n in range(3))
    opened, rejected, voided, duplicates = (counts.get(n, 0) for n in (OPENED, REJECTED, VOIDED, DUPLICATE))
    if rate is Rate.FILING:
        rejected = 0
    rest = opened - rejected - voided - duplicates - denominator - waiting
    return RateFigure(
        numerator=numerator,
        denominator=denominator,
        rate=round(numerator / denominator, 4) if denominator else None,
        excluded=Excluded(rejected, voided, duplicates, not_yet_due=waiting, not_applicable=rest),
    )


def span_figures(counts: Mapping[int, int]) -> dict[str, SpanFigure]:
    """Read the times from a sum of slots."""
    by_span: dict[Span, dict[int, int]] = {span: {} for span in Span}
    for slot, count in counts.items():
        if slot >= FIRST_SPAN_SLOT:
            number, step = divmod(slot - FIRST_SPAN_SLOT, STEPS)
            by_span[_SPANS_IN_ORDER[number]][step] = count
    return {
        span.value: SpanFigure(_rounded(percentile(steps, 50)), _rounded(percentile(steps, 90)), sum(steps.values()))
        for span, steps in by_span.items()
    }


_SPANS_IN_ORDER = tuple(Span)


def _rounded(seconds: float | None) -> float | None:
    """Keep five digits: there is no more in it."""
    return None if seconds is None else float(f"{seconds:.5g}")
