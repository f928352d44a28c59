"""What a month's honours are decided by, and what is shown of them. Values only."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.errors import Text


class HonourKind(StrEnum):
    """What an honour is given for: the figure in which its rider is furthest ahead of the area's others."""

    HELPFULNESS = "helpfulness"
    ACCURACY = "accuracy"
    PROMPTNESS = "promptness"
    EYES = "eyes"

    @property
    def text(self) -> Text:
        """The honour in the field's words."""
        return _KIND_TEXTS[self]


_KIND_TEXTS = {
    HonourKind.HELPFULNESS: Text("解决之星", "Most led to a result"),
    HonourKind.ACCURACY: Text("准确之星", "Most accurate"),
    HonourKind.PROMPTNESS: Text("快核之星", "Promptest on site"),
    HonourKind.EYES: Text("慧眼之星", "Widest eye"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """A reporter's month in one area, in counts.

    `stood` of `decided` reports that ended in it were closed with a result; the others were rejected or voided, or
    points for them were taken back. `merged` were duplicates of someone else's. `prompt` of `answers` from looks on
    site came in time. `categories` and `grids` count the different ones among what stood.
    """

    rider_id: int
    decided: int
    stood: int
    merged: int
    answers: int = 0
    prompt: int = 0
    categories: int = 0
    grids: int = 0


@dataclass(frozen=True, slots=True)
class Winner:
    """A place won, and by what."""

    place: int
    kind: HonourKind
    figures: Figures
    quality: float
    evidence: float


@dataclass(frozen=True, slots=True)
class HonourLine:
    """An honour as everyone signed in may see it: the name masked, no figures. Revoked ones are not shown."""

    month: date
    area_path: str
    place: int
    kind: HonourKind
    kind_text: Text
    name: str
    awarded_at: datetime


@dataclass(frozen=True, slots=True)
class HonourRecord:
    """An honour as its rider and the staff over the area see it, with figures and with what became of it."""

    id: int
    month: date
    area_path: str
    rider_id: int
    place: int
    kind: HonourKind
    kind_text: Text
    figures: dict[str, float]
    awarded_at: datetime
    revoked_at: datetime | None
    revoke_reason: Text | None
