"""Routing rules over HTTP: keeping them, trying changes on past cases, and routing one case anew."""

from dataclasses import dataclass
from datetime import UTC, time
from typing import Annotated, Literal, Self

from aiohttp import web
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from community.api import Moment
from community.models import Case
from community.routing import queries
from community.routing.changes import Add, Change, Move, Replace, Retire
from community.routing.models import RoutingRule, RuleRecord, RuleTerms
from community.routing.reroute import reroute
from community.routing.rota.models import Span
from community.routing.rules import add_rule, get_rule, move_rule, replace_rule, retire_rule, say_rules
from community.routing.trial.models import Trial
from community.routing.trial.trial import try_changes
from core.errors import Text
from core.http.endpoint import Created, Input
from core.http.wiring import actor, district_id, now, transaction

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Position = Annotated[int, Field(ge=1, le=999_999)]
Path = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$")]
Weekday = Annotated[int, Field(ge=1, le=7)]


def _each_once(ids: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(ids)) < len(ids):
        raise ValueError(Text("不能重复。", "Name each only once."))
    return ids


class RuleBody(Input):
    """Which cases a rule fits, and where it sends them; what is left out is not asked.

    Times are local, of whole minutes; a window from 22:00 to 06:00 belongs to the day on which it begins. The first of
    `department_ids` leads. Whoever is on duty at the post leads the case.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "area_path": "370211/001",
                    "category_code": "litter",
                    "weekdays": [5, 6],
                    "from_time": "22:00",
                    "to_time": "06:00",
                    "on_workdays": None,
                    "desk_depth": 2,
                    "department_ids": [3, 7],
                    "post_id": 4,
                    "note": "夜市周末清运",
                }
            ]
        }
    )

    area_path: Path = ""
    category_code: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7), AfterValidator(_each_once)] = ()
    from_time: ClockTime | None = None
    to_time: ClockTime | None = None
    on_workdays: bool | None = None
    desk_depth: Annotated[int, Field(ge=1, le=20)] | None = None
    department_ids: Annotated[tuple[Id, ...], Field(max_length=10), AfterValidator(_each_once)] = ()
    post_id: Id | None = None
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""

    @model_validator(mode="after")
    def _window_whole(self) -> Self:
        if (self.from_time is None) != (self.to_time is None):
            raise ValueError(Text("from_time 与 to_time 须同时填写。", "Give from_time and to_time together."))
        if self.from_time is not None and self.to_time is not None and self.from_time[:5] == self.to_time[:5]:
            raise ValueError(
                Text("起止时间不能相同；全天请都不填。", "They must differ; for the whole day give neither.")
            )
        return self

    def terms(self) -> RuleTerms:
        """Give the terms as the room knows them."""
        said = self.model_dump(include=set(RuleBody.model_fields))
        times = {name: said[name] and time.fromisoformat(said[name]) for name in ("from_time", "to_time")}
        return RuleTerms(**said | times | {"weekdays": tuple(sorted(self.weekdays))})


class NewRuleBody(RuleBody):
    """A rule and where it is read; without `position` last. A rule that stands there, and all behind, move one on."""

    position: Position | None = None


class MoveBody(Input):
    """Where the rule is read from now on; a rule that stands there, and all behind it, move one further."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": 10}]})

    position: Position


class ReasonBody(Input):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "夜市已迁走"}]})

    reason: Reason


class ChangeBody(Input):
    """One change: add a `rule` (at `position` or last), replace a rule by it, move a rule, or retire one."""

    act: Literal["add", "replace", "move", "retire"]
    rule_id: Id | None = None
    position: Position | None = None
    rule: RuleBody | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {
            "add": {"rule"},
            "replace": {"rule_id", "rule"},
            "move": {"rule_id", "position"},
            "retire": {"rule_id"},
        }
        given = {name for name in ("rule_id", "position", "rule") if getattr(self, name) is not None}
        if not needed[self.act] <= given <= needed[self.act] | ({"position"} if self.act == "add" else set()):
            fields = ", ".join(sorted(needed[self.act]))
            raise ValueError(Text(f"{self.act} 需要且只需要：{fields}。", f"{self.act} takes exactly: {fields}."))
        return self

    def change(self) -> Change:
        """Give the change as the room knows it."""
        if self.act == "add" and self.rule is not None:
            return Add(self.rule.terms(), self.position)
        assert self.rule_id is not None  # noqa: S101 — `_whole` has seen to it
        if self.act == "replace" and self.rule is not None:
            return Replace(self.rule_id, self.rule.terms())
        return Retire(self.rule_id) if self.position is None else Move(self.rule_id, self.position)


class TrialBody(Input):
    """The changes in their order, and the period; without one the calendar month before this. At most 92 days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {"act": "add", "position": 10, "rule": {"category_code": "litter", "department_ids": [3]}},
                        {"act": "retire", "rule_id": 12},
                    ],
                    "opened_from": "2026-03-01T00:00:00+08:00",
                    "opened_before": "2026-04-01T00:00:00+08:00",
                }
            ]
        }
    )

    changes: Annotated[list[ChangeBody], Field(min_length=1, max_length=100)]
    opened_from: Moment | None = None
    opened_before: Moment | None = None

    @model_validator(mode="after")
    def _period_whole(self) -> Self:
        if (self.opened_from is None) != (self.opened_before is None):
            raise ValueError(Text("起止时间须同时填写。", "Give opened_from and opened_before together."))
        return self

    def period(self) -> Span | None:
        """Give the period asked for."""
        if self.opened_from is None or self.opened_before is None:
            return None
        return Span(self.opened_from.astimezone(UTC), self.opened_before.astimezone(UTC))


class RerouteBody(Input):
    """Why the case is routed anew. `version`, if sent, is the version the caller looked at."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"note": "分拨规则已调整，按新规则重新分拨", "version": 3}]}
    )

    note: Reason
    version: Id | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule and what it says in words."""

    rule: RoutingRule
    text: Text


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold, in the order in which they are read; the first that fits decides."""

    rules: tuple[RuleLine, ...]


async def list_rules(request: web.Request) -> Rules:
    """List the routing rules that hold, in the order in which they are read."""
    district = district_id(request)
    async with transaction(request) as conn:
        rules = await queries.list_routing_rules(conn, district_id=district)
        texts = await say_rules(conn, district_id=district, rules=rules)
    return Rules(tuple(RuleLine(rule, text) for rule, text in zip(rules, texts, strict=True)))


async def get_routing_rule(request: web.Request, rule_id: int) -> RuleRecord:
    """Show a rule as it stands or stood: what the `rule_id` of an old case's history means."""
    async with transaction(request) as conn:
        return await get_rule(conn, district_id=district_id(request), rule_id=rule_id)


async def add_routing_rule(request: web.Request, body: NewRuleBody) -> Created[RuleRecord]:
    """Add a rule; it holds for the cases opened from now on and moves none that is open."""
    async with transaction(request) as conn:
        record = await add_rule(
            conn,
            district_id=district_id(request),
            add=Add(body.terms(), body.position),
            actor=actor(request),
            now=now(request),
        )
    return Created(record, location=f"/api/v1/routing-rules/{record.rule.id}")


async def replace_routing_rule(request: web.Request, rule_id: int, body: RuleBody) -> Created[RuleRecord]:
    """Put other terms in a rule's place. The answer is a new rule; the old one stays on record as it was."""
    async with transaction(request) as conn:
        record = await replace_rule(
            conn,
            district_id=district_id(request),
            change=Replace(rule_id, body.terms()),
            actor=actor(request),
            now=now(request),
        )
    return Created(record, location=f"/api/v1/routing-rules/{record.rule.id}")


async def move_routing_rule(request: web.Request, rule_id: int, body: MoveBody) -> RuleRecord:
    """Let a rule be read earlier or later."""
    async with transaction(request) as conn:
        return await move_rule(
            conn,
            district_id=district_id(request),
            change=Move(rule_id, body.position),
            actor=actor(request),
            now=now(request),
        )


async def retire_routing_rule(request: web.Request, rule_id: int, body: ReasonBody) -> RuleRecord:
    """Let a rule hold no longer; it stays on record."""
    async with transaction(request) as conn:
        return await retire_rule(
            conn,
            district_id=district_id(request),
            rule_id=rule_id,
            reason=body.reason,
            actor=actor(request),
            now=now(request),
        )


async def try_routing_rules(request: web.Request, body: TrialBody) -> Trial:
    """Tell what changed rules would have done to last month's cases, or those of a given period. Changes nothing.

    Cases are taken as they lie now: one that was handed over counts where it was found to belong.
    """
    async with transaction(request) as conn:
        return await try_changes(
            conn,
            changes=[each.change() for each in body.changes],
            period=body.period(),
            actor=actor(request),
            now=now(request),
        )


async def reroute_case(request: web.Request, case_id: int, body: RerouteBody) -> Case:
    """Route one open case anew by the rules and the rota of now.

    Desk, suggested departments, post and, with them, who leads may change; its state and clocks do not.
    """
    async with transaction(request) as conn:
        return await reroute(
            conn, case_id=case_id, note=body.note, version=body.version, actor=actor(request), now=now(request)
        )
