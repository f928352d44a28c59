"""A bulk act and what came of it. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from community.acts import Act
from community.models import Case
from community.workflow import Verb
from core.errors import Refusal

#: Why one case of many was refused: by a rule of ours, or by a constraint of the database.
Refused = Refusal | asyncpg.IntegrityConstraintViolationError


@dataclass(frozen=True, slots=True)
class BulkAct:
    """What is done to which cases, in which order. `versions` are those the caller looked at, by case."""

    verb: Verb
    case_ids: Sequence[int]
    act: Act
    versions: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case: the case as it is now, or why it was refused."""

    case_id: int
    case: Case | None
    refused: Refused | None


@dataclass(frozen=True, slots=True)
class BulkRow:
    """What is kept of a bulk act."""

    body_hash: bytes
    answer: str
