"""What may be done to the list of rules, and what the list is after it. Pure: the dry run and the real thing agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from community.routing.errors import RuleNotFound
from community.routing.models import RoutingRule, RuleTerms

#: How far the last rule and a new one behind it stand apart, so that others fit in between.
STEP = 10

_TERMS = tuple(field.name for field in fields(RuleTerms))


@dataclass(frozen=True, slots=True)
class Add:
    """A new rule at `position`; None puts it last."""

    terms: RuleTerms
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """New terms in the place of a rule."""

    rule_id: int
    terms: RuleTerms


@dataclass(frozen=True, slots=True)
class Move:
    """The same terms read earlier or later."""

    rule_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Retire:
    """A rule that holds no longer."""

    rule_id: int


Change = Add | Replace | Move | Retire


def rule_of(terms: RuleTerms, *, rule_id: int, position: int) -> RoutingRule:
    """Give terms an id and a place."""
    return RoutingRule(id=rule_id, position=position, **{name: getattr(terms, name) for name in _TERMS})


def last_position(rules: Sequence[RoutingRule]) -> int:
    """Give where a rule behind all others stands."""
    return max((rule.position for rule in rules), default=0) + STEP


def apply(rules: Iterable[RoutingRule], changes: Iterable[Change]) -> list[RoutingRule]:
    """Give the rules after all changes in turn, in order; what the n-th change makes has the id -n.

    Where another rule stands already, that one and all behind it move one further. Raises `RuleNotFound` pointing at
    the change that names a rule which is not, or no longer, in the list.
    """
    after = list(rules)
    for n, change in enumerate(changes, start=1):
        after = _apply(after, change, n)
    return after


def _apply(rules: list[RoutingRule], change: Change, n: int) -> list[RoutingRule]:
    if isinstance(change, Add):
        position = last_position(rules) if change.position is None else change.position
        return _put(rules, rule_of(change.terms, rule_id=-n, position=position))
    found = next((rule for rule in rules if rule.id == change.rule_id), None)
    if found is None:
        raise RuleNotFound(pointer=f"/changes/{n - 1}/rule_id")
    others = [rule for rule in rules if rule is not found]
    if isinstance(change, Replace):
        return _put(others, rule_of(change.terms, rule_id=-n, position=found.position))
    if isinstance(change, Move):
        return _put(others, replace(found, position=change.position))
    return others


def _put(rules: list[RoutingRule], rule: RoutingRule) -> list[RoutingRule]:
    if any(other.position == rule.position for other in rules):
        rules = [replace(other, position=other.position + (other.position >= rule.position)) for other in rules]
    return sorted([*rules, rule], key=lambda each: each.position)
