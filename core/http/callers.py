"""Whence a request comes: the caller's network address, as far as we may believe it."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: nginx, HAProxy, Caddy, Traefik and Apache send one of the first three as they are set up in operations.md.
_OF_PROXIES = frozenset({"x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto"})

_log = logging.getLogger(__name__)


class Proxies:
    """The proxies in front of us, the only ones whose word about the caller's address is taken."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)
        self._has_warned = False

    def caller_of(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """Give the caller's address, of IPv6 its /64, which is what one subscriber has.

        `forwarded` are the X-Forwarded-For headers. They are read from the end, where the proxy next to us wrote; what
        stands before the first address that is not a trusted proxy's may be anybody's invention.
        """
        address = _parse(peer or "")
        if forwarded and address is not None and not self._trusts(address):
            self._warn(address)
        hops = [part.strip() for part in ",".join(forwarded).split(",")] if forwarded else []
        while hops and address is not None and self._trusts(address):
            before = _parse(hops.pop())
            if before is None:
                break
            address = before
        return _shown(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _warn(self, address: Address) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "X-Forwarded-For from %s is not believed: if that is your proxy, name it in STATION_TRUSTED_PROXIES, "
                "or all who come through it count as one caller",
                address,
            )


PROXIES = web.AppKey("proxies", Proxies)


def read_networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks divided by commas. Raises `ValueError`."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def client_address(request: web.Request) -> str:
    """Give the network address of the caller, by which strangers are limited."""
    return request.app[PROXIES].caller_of(request.remote, request.headers.getall("X-Forwarded-For", ()))


def is_on_this_machine(request: web.Request) -> bool:
    """Tell whether whoever runs the machine asks, from its own shell, and not somebody through a proxy on it.

    A proxy adds a header of its own, believed or not: a shell has no reason to.
    """
    address = _parse(request.remote or "")
    return address is not None and address.is_loopback and _OF_PROXIES.isdisjoint(map(str.lower, request.headers))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def _shown(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address or "")
