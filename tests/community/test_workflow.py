"""The table of the workflow, against a second copy written out by hand."""

from itertools import product

import pytest

from community.models import State
from community.workflow import TABLE, Field, Verb, allowed_transitions, find_transition
from core.access.models import Role
from tests.community.workflow_by_hand import NEXT_STATE, STATE_BEFORE

FORBIDDEN = [pair for pair in product(State, Verb) if pair not in NEXT_STATE]


@pytest.mark.parametrize(("pair", "to"), NEXT_STATE.items(), ids=str)
def test_an_allowed_verb_leads_where_the_field_says(pair: tuple[State, Verb], to: State) -> None:
    row = find_transition(*pair)
    assert row is not None
    assert to == (STATE_BEFORE if row.goes_back else row.to or pair[0])


@pytest.mark.parametrize(("state", "verb"), FORBIDDEN)
def test_every_other_verb_is_forbidden(state: State, verb: Verb) -> None:
    assert find_transition(state, verb) is None


def test_the_two_lists_together_are_all_there_is() -> None:
    assert len(State) * len(Verb) == len(FORBIDDEN) + len(NEXT_STATE)


def test_no_state_and_verb_stand_twice_in_the_table() -> None:
    pairs = [(state, row.verb) for row in TABLE for state in row.states]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("state", State)
def test_no_state_is_a_dead_end_for_the_secretary(state: State) -> None:
    assert allowed_transitions(state, frozenset({Role.SECRETARY}))


@pytest.mark.parametrize("state", State)
def test_the_auditor_only_looks(state: State) -> None:
    assert () == allowed_transitions(state, frozenset({Role.AUDITOR, Role.STATION_HOST}))


@pytest.mark.parametrize("state", State)
def test_a_department_only_works_on_what_is_dispatched(state: State) -> None:
    verbs = {row.verb for row in allowed_transitions(state, frozenset({Role.DEPARTMENT}))}
    at_work = {Verb.ACCEPT, Verb.PASS_ON, Verb.FEEDBACK, Verb.HANDLE, Verb.RETURN}
    assert (at_work if state in (State.DISPATCHED, State.HANDLING) else set()) == verbs


@pytest.mark.parametrize(
    "verb",
    [
        Verb.REJECT,
        Verb.RETURN,
        Verb.REOPEN,
        Verb.FOLLOW_UP,
        Verb.CONTACT,
        Verb.FEEDBACK,
        Verb.HOLD,
        Verb.EXTEND,
        Verb.VOID,
        Verb.SPLIT,
        Verb.PASS_ON,
    ],
)
def test_a_reason_must_be_given(verb: Verb) -> None:
    assert all(Field.NOTE in row.required for row in TABLE if row.verb is verb)
