"""What a resident asks for, and how staff took it from him. Values only."""

from dataclasses import dataclass
from datetime import datetime

from community.models import Channel, Contact, Place
from core.sealing.models import SealedTable

APPEAL = SealedTable("appeal", ("contact_name", "contact_phone", "token"))


@dataclass(frozen=True, slots=True)
class AppealDraft:
    """What the resident sends."""

    category_code: str
    text: str
    contact: Contact
    place: Place | None


@dataclass(frozen=True, slots=True)
class Intake:
    """How an appeal came to the staff who enter it.

    `words` are what was agreed face to face, `area_code` the area it belongs to where there is no place.
    """

    channel: Channel
    words: str | None
    area_code: str | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What staff get of an appeal that they entered: its case, and not the token, which is the resident's alone."""

    case_id: int
    number: str


@dataclass(frozen=True, slots=True)
class KeptAppeal:
    """What is kept of an appeal: the person's contact, his words, and the case they became."""

    district_id: int
    id: int
    case_id: int
    text: str
    contact: Contact
    submitted_at: datetime
    contact_erased_at: datetime | None
