"""Short messages: the one seam to whoever sends them."""

import logging
from typing import Protocol

log = logging.getLogger("riders.sms")


class SmsSender(Protocol):
    """Hands a text to a phone; raises any exception when it could not."""

    async def send(self, phone: str, text: str) -> None:
        """Send `text` to `phone` (E.164)."""


class LogSmsSender:
    """Writes messages to the log, for machines without a gateway. Never use it where the log is kept."""

    async def send(self, phone: str, text: str) -> None:
        """Log `text`; the number is masked to its last four digits."""
        log.warning("SMS to ****%s: %s", phone[-4:], text)
