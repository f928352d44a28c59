"""Short messages: the one seam to whoever sends them."""

from typing import Protocol


class SmsSender(Protocol):
    """Hands a text to a phone; raises any exception when it could not."""

    async def send(self, phone: str, text: str) -> None:
        """Send `text` to `phone` (E.164)."""


class NoGateway:
    """Sends nothing: nobody can sign in by phone before a gateway is connected, and no code is left lying about."""

    async def send(self, phone: str, text: str) -> None:
        """Refuse."""
        raise ConnectionError("no gateway")


class ConsoleSmsSender:
    """Shows messages on the terminal of whoever tries the demonstration out on his own machine; the log has none."""

    async def send(self, phone: str, text: str) -> None:
        """Print `text`; of the number the last four digits."""
        print(f"SMS ****{phone[-4:]}: {text}", flush=True)
