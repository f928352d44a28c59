"""Photos of a case. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Text


class PhotoStage(StrEnum):
    """What a photo shows."""

    BEFORE = "before"
    AFTER = "after"
    PROOF = "proof"
    CHECK = "check"

    @property
    def text(self) -> Text:
        """The stage in the field's words."""
        return _TEXTS[self]


_TEXTS = {
    PhotoStage.BEFORE: Text("处置前", "before"),
    PhotoStage.AFTER: Text("处置后", "after"),
    PhotoStage.PROOF: Text("联系凭证", "proof"),
    PhotoStage.CHECK: Text("现场核实", "check"),
}


@dataclass(frozen=True, slots=True)
class CasePhoto:
    """A stored photo of a case: what it shows, and who sent it.

    `sha256` is its name, of the bytes as they were sent; the other three are of the file that is served.
    """

    sha256: str
    stored_sha256: str
    stage: PhotoStage
    media_type: str
    size: int
    by_kind: str
    by_id: int | None
    stored_at: datetime
