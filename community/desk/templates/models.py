"""Templates and what fills them. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from community.workflow import Verb


class Words(StrEnum):
    """Which words of an act a template serves."""

    NOTE = "note"
    RESULT = "result"


class Placeholder(StrEnum):
    """A place in a template, written `{name}`."""

    CASE_NUMBER = "case_number"
    CATEGORY = "category"
    AREA = "area"
    OPENED_AT = "opened_at"
    RESULT = "result"
    DEPARTMENT = "department"
    DUE_AT = "due_at"
    REPORTER = "reporter"
    SECRETARY = "secretary"


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What someone writes. `verb` None serves inner notes; `area_path` None is the writer's own, else shared there."""

    title: str
    body: str
    verb: Verb | None
    field: Words
    category_code: str | None
    area_path: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A template as stored: either its owner's or its area's."""

    id: int
    owner_id: int | None
    area_path: str | None
    verb: Verb | None
    field: Words
    category_code: str | None
    title: str
    body: str
    updated_by: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """What to look for; None asks for nothing. `for_notes` asks for those of inner notes."""

    verb: Verb | None = None
    field: Words | None = None
    category_code: str | None = None
    for_notes: bool = False


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template filled for one case. `missing` names the places that the case has nothing for."""

    text: str
    missing: tuple[Placeholder, ...]
