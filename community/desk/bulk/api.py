"""Bulk acts over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from community.acts import Act
from community.api import ActBody, Id
from community.desk.bulk.act import MAX_CASES, act_in_bulk
from community.desk.bulk.models import BulkAct, Outcome
from community.models import Case
from community.workflow import Verb
from core.errors import Text
from core.http.endpoint import to_json
from core.http.problems import describe_problem, refusal_of
from core.http.wiring import actor, now, transaction
from core.idempotency import HEADER

#: The body of a problem, as it is described for every route.
Problem = Annotated[dict[str, object], WithJsonSchema({"$ref": "#/components/schemas/Problem"})]

_OWN_FIELDS = {"verb", "case_ids", "versions", "version"}


class BulkBody(ActBody):
    """A verb, the cases it is done to, and what is said along with it: the same for all.

    `versions`, by case id, are those the caller looked at: a case that has changed since is refused alone.
    """

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [{"verb": "reject", "case_ids": [123, 124], "versions": {"123": 1}, "note": "同一处已在处理"}]
        },
    )

    verb: Verb
    case_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_CASES)]
    versions: dict[Id, Id] = Field(default_factory=dict, max_length=MAX_CASES)

    @field_validator("case_ids")
    @classmethod
    def _each_once(cls, case_ids: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(case_ids)) < len(case_ids):
            raise ValueError(Text("每个案件只能填写一次。", "Give each case only once."))
        return case_ids

    @model_validator(mode="after")
    def _version_by_case(self) -> "BulkBody":
        if self.version is not None or not self.versions.keys() <= set(self.case_ids):
            words = Text("版本请按案件填写在 versions 中。", "Give versions by case, of the cases asked for.")
            raise ValueError(words)
        return self

    def asked(self) -> BulkAct:
        """Give it as the room takes it."""
        return BulkAct(self.verb, self.case_ids, Act(**self.model_dump(exclude=_OWN_FIELDS)), self.versions)


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of one case: the case as it is now, or the problem, as acting on it alone would have answered."""

    case_id: int
    ok: bool
    case: Case | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """How many were done and refused, and what came of each, in the order asked."""

    done: int
    refused: int
    results: tuple[BulkResult, ...]


async def act_on_cases(request: web.Request, body: BulkBody) -> web.Response:
    """Do a verb of the workflow to up to 100 cases; each is done or refused alone, and the status is 200.

    Send a header `Idempotency-Key` made by the client: the same key and body again give the same answer, and nothing is
    done twice.
    """
    async with transaction(request) as conn:
        answer = await act_in_bulk(
            conn,
            key=request.headers.get(HEADER, ""),
            asked=body.asked(),
            write=lambda outcomes: _answer(request, outcomes),
            actor=actor(request),
            now=now(request),
        )
    return web.Response(text=answer, content_type="application/json", charset="utf-8")


def _answer(request: web.Request, outcomes: Sequence[Outcome]) -> str:
    results = tuple(_result(request, outcome) for outcome in outcomes)
    done = sum(result.ok for result in results)
    return to_json(BulkAnswer(done, len(results) - done, results)).decode()


def _result(request: web.Request, outcome: Outcome) -> BulkResult:
    problem = None
    if outcome.refused is not None:
        instance = f"/api/v1/cases/{outcome.case_id}"
        problem = describe_problem(request, refusal_of(request, outcome.refused), instance=instance)
    return BulkResult(outcome.case_id, outcome.refused is None, outcome.case, problem)
