"""Rows of the audit trail, anchors, and what is found wrong with them. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Text


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom, and why; `data` holds what the act changed. No secret and nobody's phone or name."""

    id: int
    happened_at: datetime
    actor_kind: str
    actor_id: int | None
    act: str
    act_text: Text
    subject: str
    subject_id: str
    reason: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the chain: its number, its hash, and the text that the hash covers after the hash before it."""

    id: int
    hash: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """What stood at the end of the trail at a time, written down outside the database."""

    id: int
    hash: bytes


class Fault(StrEnum):
    """What was done to the trail."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first row that is not as it was written, and what was done to it; `other` is a second row concerned.

    Reordered: `other` now holds what stood at `row`. Rewritten: the tampering begins between `row` and `other`.
    """

    fault: Fault
    row: int
    other: int | None = None

    @property
    def text(self) -> Text:
        """Say it in words."""
        zh, en = _TEXTS[self.fault]
        return Text(zh.format(row=self.row, other=self.other), en.format(row=self.row, other=self.other))


@dataclass(frozen=True, slots=True)
class Verification:
    """How many rows and anchors were read, and the first finding; None where all is as it was written."""

    rows: int
    anchors: int
    finding: Finding | None


_TEXTS = {
    Fault.EDITED: Text(
        "第 {row} 行被改动（或其上一行连同哈希被改动）",
        "row {row} was edited (or the row before it, together with its hash)",
    ),
    Fault.DELETED: Text("第 {row} 行被删除", "row {row} was deleted"),
    Fault.REORDERED: Text(
        "第 {row} 行被调换：原内容现在第 {other} 行", "row {row} was reordered: its content now stands at {other}"
    ),
    Fault.TRUNCATED: Text(
        "末尾被截断：第 {row} 行起缺失（库外锚点记有第 {other} 行）",
        "the end was cut off from row {row} on (an anchor outside the database knows row {other})",
    ),
    Fault.REWRITTEN: Text(
        "第 {row} 至 {other} 行之间起被整体改写，与库外锚点不符",
        "rewritten from some row between {row} and {other} on: an anchor outside the database does not fit",
    ),
}
