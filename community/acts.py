"""What someone says along with a verb, and the deed that comes of it. Values only."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from community.models import Case, Channel, Kind, Satisfaction
from community.workflow import Field, Transition, Verb
from core.access.models import Actor
from core.database import Connection

#: What happened when nobody was reached.
CONTACT_TRIED = "case.contact_tried"


@dataclass(frozen=True, slots=True)
class Act:
    """What is said along with a verb. `version` is the one the caller read; None does not insist.

    `reached` False says that a contact was tried and nobody was reached. `photos` are SHA-256 of photos that the case
    has already; `extend_by` counts in the unit of the clock's limit.
    """

    note: str | None = None
    result: str | None = None
    channel: Channel | None = None
    reached: bool | None = None
    kind: Kind | None = None
    promised_at: datetime | None = None
    assignee_id: int | None = None
    department_id: int | None = None
    partner_ids: tuple[int, ...] | None = None
    area_code: str | None = None
    duplicate_of: int | None = None
    until: datetime | None = None
    extend_by: int | None = None
    satisfaction: Satisfaction | None = None
    photos: tuple[str, ...] | None = None
    version: int | None = None

    def given(self) -> dict[str, object]:
        """Give the fields that were sent, by name."""
        said = {each.value: getattr(self, each.value) for each in Field}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb about to be carried out on a case whose row is locked. `actor` None is the system.

    `others` are the further cases locked with it. `by_department` says that the actor stands before the case as a
    department at work on it, and in no other role that may do this.
    """

    conn: Connection
    case: Case
    transition: Transition
    act: Act
    actor: Actor | None
    now: datetime
    by_department: bool = False
    others: dict[int, Case] = field(default_factory=dict)

    @property
    def reached_nobody(self) -> bool:
        """Tell whether a contact was tried in vain, which answers nobody."""
        return self.transition.verb is Verb.CONTACT and self.act.reached is False

    @property
    def event(self) -> str:
        """The kind of event that the deed leaves behind."""
        return CONTACT_TRIED if self.reached_nobody else self.transition.verb.event

    def without_turning(self) -> "Deed":
        """Give the deed as one that leaves the state of the case and its clocks alone.

        So are those of a department that does not lead, and a contact that reached nobody.
        """
        row = replace(
            self.transition,
            to=None,
            starts=frozenset(),
            meets=frozenset(),
            cancels=frozenset(),
            pauses=frozenset(),
            resumes=frozenset(),
        )
        return replace(self, transition=row)
