"""What is kept of a phone that asked for a code, and what its limits say. Pure.

Every limit of a phone stands in its one row, so that whoever holds the row decides alone.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

CODE_LIFE = timedelta(minutes=5)
TRIES_A_CODE = 5
WAIT_BETWEEN_CODES = timedelta(seconds=60)
CODES_A_DAY = 5
WRONG_AN_HOUR = 10
WRONG_A_DAY = 20
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """A phone's last code, and when codes were sent and wrong ones tried within the last day."""

    code_hmac: bytes | None = None
    device_hmac: bytes | None = None
    expires_at: datetime | None = None
    tries: int = 0
    sent_at: tuple[datetime, ...] = ()
    wrong_at: tuple[datetime, ...] = ()
    warned_at: datetime | None = None

    def locked_until(self, now: datetime) -> datetime | None:
        """Give when the phone may sign in again after too many wrong tries; None when it may."""
        ends = [_falls_below(self.wrong_at, WRONG_AN_HOUR, HOUR), _falls_below(self.wrong_at, WRONG_A_DAY, DAY)]
        return max((end for end in ends if end is not None and end > now), default=None)

    def next_code_at(self, now: datetime) -> datetime:
        """Give when the next code may be sent: `now` or later."""
        ends = [_falls_below(self.sent_at, 1, WAIT_BETWEEN_CODES), _falls_below(self.sent_at, CODES_A_DAY, DAY)]
        return max([now, *(end for end in ends if end is not None)])

    def send(self, *, code_hmac: bytes, device_hmac: bytes, now: datetime) -> "PhoneCode":
        """Put a fresh code in the place of the one before."""
        return replace(
            self,
            code_hmac=code_hmac,
            device_hmac=device_hmac,
            expires_at=now + CODE_LIFE,
            tries=0,
            sent_at=(*_of_last_day(self.sent_at, now), now),
        )

    def take_back(self, *, code_hmac: bytes, sent_at: datetime) -> "PhoneCode":
        """Undo a code that could not be sent, and that it was; a newer one stays."""
        rest = tuple(moment for moment in self.sent_at if moment != sent_at)
        return replace(self if self.code_hmac != code_hmac else self._without_code(), sent_at=rest)

    def guess(
        self, *, code_hmacs: Sequence[bytes], device_hmacs: Sequence[bytes], now: datetime
    ) -> tuple["PhoneCode", bool]:
        """Count one try and tell whether it was right; the right one uses the code up. Each under every key in use.

        Where no try can be right, none is counted: the code has ended, or another device asked for it. So nobody can
        use up the code of another, nor lock his phone without paying for codes to it.
        """
        if self.code_hmac is None or self.expires_at is None or self.expires_at <= now:
            return self, False
        if self.tries >= TRIES_A_CODE or not _is_one(self.device_hmac or b"", device_hmacs):
            return self, False
        if _is_one(self.code_hmac, code_hmacs):
            return self._without_code(), True
        return replace(self, tries=self.tries + 1, wrong_at=(*_of_last_day(self.wrong_at, now), now)), False

    def should_be_warned(self, now: datetime) -> bool:
        """Tell whether its owner is to be told now that somebody tries: once a day."""
        is_news = self.warned_at is None or self.warned_at <= now - DAY
        return is_news and self.locked_until(now) is not None

    def warned(self, now: datetime) -> "PhoneCode":
        """Note that its owner is told."""
        return replace(self, warned_at=now)

    def _without_code(self) -> "PhoneCode":
        return replace(self, code_hmac=None, device_hmac=None, expires_at=None)


def _is_one(stored: bytes, given: Sequence[bytes]) -> bool:
    return any(hmac.compare_digest(stored, each) for each in given)


def _falls_below(moments: tuple[datetime, ...], most: int, span: timedelta) -> datetime | None:
    """Give when fewer than `most` of these moments, oldest first, will lie within `span`; None when it is so always."""
    return moments[-most] + span if len(moments) >= most else None


def _of_last_day(moments: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    return tuple(moment for moment in moments if moment > now - DAY)
