"""What one case counts for, by hand: each case is told in a comment, and what follows from it."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from community.figures.definitions import RATES, SPANS, Rate, Span
from community.figures.models import Record, Round, Step
from community.figures.tally import FIRST_SPAN_SLOT, OPENED, rate_figure, slots_of, span_figures
from community.models import Clock, Satisfaction, State
from tests.conftest import START

NOW = START + timedelta(days=10)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def clock(
    which: Clock,
    due: float,
    met: float | None = None,
    *,
    number: int = 1,
    breached: float | None = None,
    cancelled: float | None = None,
    paused: float | None = None,
) -> Round:
    """Make a round; every time in hours from the opening."""
    met_at, breached_at, cancelled_at, paused_at = (
        None if h is None else at(h) for h in (met, breached, cancelled, paused)
    )
    return Round(which, number, at(due), met_at, breached_at, cancelled_at, paused_at)


def record(state: State, *rounds: Round, path: str = "collected", satisfaction: Satisfaction | None = None) -> Record:
    """Make a case that entered the states of `path`, one every two hours from its opening."""
    states = [State(word) for word in path.split()]
    came = [None, *states]
    steps = tuple(Step(came[n], to, at(2 * n)) for n, to in enumerate(states))
    return Record(1, START, state, "37/01/02", "litter", None, satisfaction, rounds, steps)


def said(case: Record, now: datetime = NOW) -> dict[Rate, str]:
    """Tell for each rate how a single case counts: kept, not, waiting, or - for neither."""
    counts = Counter(slots_of(case, now))
    words = {}
    for rate in Rate:
        figure = rate_figure(rate, counts)
        assert figure.excluded is not None
        outcome = {(1, 1): "kept", (0, 1): "not"}.get((figure.numerator or 0, figure.denominator or 0))
        words[rate] = outcome or ("waiting" if figure.excluded.not_yet_due else "-")
    return words


DONE = "collected filed dispatched handled verified closed"

# What happened, and what it counts for: response, solution, filing, punctuality, closing, rework.
STORIES = [
    # Opened an hour ago, nothing is due before tomorrow.
    (record(State.COLLECTED, clock(Clock.RESPOND, 300)), "waiting waiting waiting - - waiting"),
    # Not answered within its hour; nothing else has begun.
    (record(State.COLLECTED, clock(Clock.RESPOND, 1)), "not waiting waiting - - waiting"),
    # Answered exactly when it was due: in time. Filed, and its handling still has time.
    (
        record(State.FILED, clock(Clock.RESPOND, 1, 1), clock(Clock.HANDLE, 300), path="collected filed"),
        "kept waiting kept waiting waiting waiting",
    ),
    # Filed, and the limit to handle ran out an hour ago without anybody having marked it yet.
    (
        record(State.FILED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.HANDLE, 239), path="collected filed"),
        "kept not kept not not waiting",
    ),
    # The same, held: a clock that stands still has not run out.
    (
        record(State.FILED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.HANDLE, 239, paused=5), path="collected filed"),
        "kept waiting kept waiting waiting waiting",
    ),
    # Handled in time, waiting to be looked at: not solved yet, and nothing has been missed.
    (
        record(
            State.HANDLED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, 6),
            path="collected filed dispatched handled",
        ),
        "kept waiting kept kept waiting not",
    ),
    # Went all the way, in time.
    (
        record(State.CLOSED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.HANDLE, 9, 6), path=DONE),
        "kept kept kept kept kept not",
    ),
    # Handled an hour late, then closed: closed and solved, not in time.
    (
        record(State.CLOSED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.HANDLE, 5, 6), path=DONE),
        "kept kept kept not kept not",
    ),
    # Marked as late, then given more time and handled within that: late all the same.
    (
        record(State.CLOSED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.HANDLE, 9, 6, breached=5), path=DONE),
        "kept kept kept not kept not",
    ),
    # Sent back when it was checked, second round in time: rework; never reopened, so solved.
    (
        record(
            State.CLOSED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, 6),
            clock(Clock.HANDLE, 20, 10, number=2),
            path="collected filed dispatched handled filed handled verified closed",
        ),
        "kept kept kept kept kept kept",
    ),
    # Sent back, and the second round is late: no round may be.
    (
        record(
            State.FILED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, 6),
            clock(Clock.HANDLE, 20, number=2),
            path="collected filed dispatched handled filed",
        ),
        "kept not kept not not kept",
    ),
    # Closed, reopened, closed again: closed, not solved, and rework.
    (
        record(
            State.CLOSED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, 6),
            clock(Clock.HANDLE, 20, 15, number=2),
            path=DONE + " filed handled verified closed",
        ),
        "kept not kept kept kept kept",
    ),
    # Rejected, taken up again after all (the first round of handling was cancelled) and done: no rework, solved.
    (
        record(
            State.CLOSED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, cancelled=3),
            clock(Clock.HANDLE, 20, 8, number=2),
            path="collected filed rejected filed handled verified closed",
        ),
        "kept kept kept kept kept not",
    ),
    # Not to be filed: only the filing rate counts it. What it did before is left out.
    (
        record(
            State.REJECTED,
            clock(Clock.RESPOND, 1, 3),
            clock(Clock.HANDLE, 9, cancelled=4),
            path="collected filed rejected",
        ),
        "- - not - - -",
    ),
    (record(State.DUPLICATE, clock(Clock.RESPOND, 1), path="collected duplicate"), "- - - - - -"),
    (record(State.VOIDED, clock(Clock.RESPOND, 1), path="collected filed voided"), "- - - - - -"),
    # Answered, and then nobody decided whether to file it: that counts as not filed and not solved.
    (record(State.COLLECTED, clock(Clock.RESPOND, 1, 0.5), clock(Clock.FILE, 4)), "kept not not - - waiting"),
    # Handled in time, and nobody looked at it in time: it should be closed by now.
    (
        record(
            State.HANDLED,
            clock(Clock.RESPOND, 1, 0.5),
            clock(Clock.HANDLE, 9, 6),
            clock(Clock.VERIFY, 12),
            path="collected filed dispatched handled",
        ),
        "kept not kept kept not not",
    ),
]


@pytest.mark.parametrize(("case", "expected"), STORIES)
def test_a_case_counts_as_told(case: Record, expected: str) -> None:
    words = said(case)
    told = (Rate.RESPONSE, Rate.SOLUTION, Rate.FILING, Rate.PUNCTUALITY, Rate.CLOSING, Rate.REWORK)
    assert expected.split() == [words[rate] for rate in told]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Satisfaction.SATISFIED, "kept kept not"),
        (Satisfaction.FAIRLY_SATISFIED, "kept not not"),
        (Satisfaction.DISSATISFIED, "not not kept"),
        (None, "- - -"),
    ],
)
def test_only_those_who_answered_are_asked_about(answer: Satisfaction | None, expected: str) -> None:
    words = said(record(State.FOLLOWED_UP, path=DONE + " followed_up", satisfaction=answer))
    asked = (Rate.SATISFACTION, Rate.FULL_SATISFACTION, Rate.DISSATISFACTION)
    assert expected.split() == [words[rate] for rate in asked]


def test_a_limit_runs_out_at_its_moment_and_not_before() -> None:
    case = record(State.COLLECTED, clock(Clock.RESPOND, 5))
    before, then = said(case, at(5) - timedelta(microseconds=1)), said(case, at(5))
    assert ("waiting", "not") == (before[Rate.RESPONSE], then[Rate.RESPONSE])


def test_every_case_is_in_the_denominator_or_excluded_for_one_reason() -> None:
    counts: Counter[int] = Counter()
    for case, _ in STORIES:
        counts.update(slots_of(case, NOW))
    for rate in Rate:
        figure = rate_figure(rate, counts)
        assert figure.excluded is not None
        left_out = figure.excluded
        reasons = (
            left_out.rejected,
            left_out.voided,
            left_out.duplicates,
            left_out.not_yet_due,
            left_out.not_applicable,
        )
        assert len(STORIES) == counts[OPENED] == (figure.denominator or 0) + sum(reasons)
        assert min(reasons) >= 0


def test_the_sums_of_all_stories_are_these() -> None:
    """18 cases, of which 1 was rejected, 1 is a duplicate, 1 voided: 15 count. Read down the columns of STORIES."""
    counts: Counter[int] = Counter()
    for case, _ in STORIES:
        counts.update(slots_of(case, NOW))
    expected = {
        Rate.RESPONSE: (13, 14),  # one is not due; of the rest one was not answered in time
        Rate.SOLUTION: (5, 10),  # 6 stand closed, 1 of them after reopening; 4 more are open and late
        Rate.FILING: (12, 14),  # 12 filed, 1 rejected, 1 should have been; two are not decided
        Rate.PUNCTUALITY: (6, 10),  # 6 closed, 2 handled, 2 open and late; of the closed 2 were late
        Rate.CLOSING: (6, 9),  # 6 stand closed, 3 more were filed and are late
        Rate.REWORK: (3, 9),  # 9 were handled, 3 of them in a second round
    }
    assert expected == {
        rate: (rate_figure(rate, counts).numerator, rate_figure(rate, counts).denominator) for rate in expected
    }


def test_times_run_from_the_opening_to_the_first_arrival() -> None:
    """Filed after 2 h, dispatched 4, handled 6, then sent back and handled again: only the first time counts."""
    case = record(
        State.HANDLED,
        clock(Clock.RESPOND, 1, 0.5),
        path="collected filed dispatched handled filed dispatched handled",
    )
    spans = span_figures(Counter(slots_of(case, NOW)))
    hours = {span: figure.median_s and figure.median_s / 3600 for span, figure in spans.items() if figure.n}
    expected = {Span.ANSWERED: 0.5, Span.FILED: 2, Span.DISPATCHED: 4, Span.HANDLED: 6}
    assert {span: pytest.approx(h, rel=0.025) for span, h in expected.items()} == hours


def test_a_report_that_is_filed_as_it_comes_took_no_time_to_file() -> None:
    spans = span_figures(Counter(slots_of(record(State.FILED, path="filed"), NOW)))
    assert (0.0, 0.0, 1) == (spans[Span.FILED].median_s, spans[Span.FILED].p90_s, spans[Span.FILED].n)


def test_the_median_and_the_ninetieth_percentile_of_ten_cases() -> None:
    """Filed after 1, 2 … 10 hours: the fifth of ten is the median (5 h), the ninth the 90th percentile (9 h)."""
    counts: Counter[int] = Counter()
    for hours in range(1, 11):
        steps = (Step(None, State.COLLECTED, START), Step(State.COLLECTED, State.FILED, at(hours)))
        counts.update(slots_of(Record(1, START, State.FILED, None, "litter", None, None, (), steps), NOW))
    figure = span_figures(counts)[Span.FILED]
    assert (10, pytest.approx(5 * 3600, rel=0.025), pytest.approx(9 * 3600, rel=0.025)) == (
        figure.n,
        figure.median_s,
        figure.p90_s,
    )


def test_what_is_left_out_has_no_times() -> None:
    counts = Counter(slots_of(record(State.REJECTED, path="collected filed rejected"), NOW))
    assert not [slot for slot in counts if slot >= FIRST_SPAN_SLOT]


def test_every_rate_and_span_is_put_into_words() -> None:
    assert list(Rate) == [definition.code for definition in RATES]
    assert list(Span) == [definition.code for definition in SPANS]
