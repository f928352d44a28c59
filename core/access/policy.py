"""Policies: who may call a route at all. Which rows he may see or change is decided by scope in each query."""

from dataclasses import dataclass

from core.access.models import Actor, ActorKind, Role
from core.errors import NotAllowed, SignInRequired


@dataclass(frozen=True, slots=True)
class Policy:
    """The kinds of callers a route admits and, for staff, the roles of which one must be held somewhere.

    `whole_district`: it must be held on the whole district, for what is set here holds there.
    """

    name: str
    kinds: frozenset[ActorKind]
    roles: frozenset[Role] = frozenset()
    whole_district: bool = False

    def check(self, actor: Actor) -> None:
        """Let the actor pass, or raise `SignInRequired` (anonymous) or `NotAllowed` (known, wrong role)."""
        if actor.kind not in self.kinds:
            raise SignInRequired() if actor.kind == "anonymous" else NotAllowed()
        if actor.kind == "staff" and self.roles and not self._is_held(actor):
            raise NotAllowed()

    def _is_held(self, actor: Actor) -> bool:
        return "" in actor.scopes(*self.roles) if self.whole_district else actor.holds(*self.roles)


ANYONE = Policy("anyone", frozenset(["anonymous", "rider", "staff"]))
SIGNED_IN = Policy("signed in", frozenset(["rider", "staff"]))
RIDER = Policy("rider", frozenset(["rider"]))
ANY_STAFF = Policy("any staff", frozenset(["staff"]))


def staff(*roles: Role, whole_district: bool = False) -> Policy:
    """Admit staff who hold any of `roles` on any area, or on the whole district."""
    name = "staff: " + ", ".join(role.value for role in roles)
    return Policy(name, frozenset(["staff"]), frozenset(roles), whole_district)
