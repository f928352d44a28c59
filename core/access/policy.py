"""Policies: who may call a route at all. Which rows he may see or change is decided by scope in each query."""

from dataclasses import dataclass

from core.access.errors import AccountNotReady
from core.access.models import Actor, ActorKind, Owed, Role
from core.errors import NotAllowed, SignInRequired, Text

_OWED = {
    Owed.PASSWORD: Text("设置自己的密码", "set a password of your own"),
    Owed.SECOND_FACTOR: Text("绑定验证器", "set up an authenticator"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The kinds of callers a route admits and, for staff, the roles of which one must be held somewhere.

    `whole_district`: it must be held on the whole district, for what is set here holds there. `for_newcomers`: staff
    who still owe a password or a second factor pass too; nowhere else do they.
    """

    name: str
    kinds: frozenset[ActorKind]
    roles: frozenset[Role] = frozenset()
    whole_district: bool = False
    for_newcomers: bool = False

    def check(self, actor: Actor) -> None:
        """Let the actor pass, or raise `SignInRequired` (anonymous), `AccountNotReady` or `NotAllowed` (known)."""
        if actor.kind not in self.kinds:
            raise SignInRequired() if actor.kind == "anonymous" else NotAllowed()
        if actor.owes and not self.for_newcomers:
            zh, en = zip(*(_OWED[each] for each in actor.owes), strict=True)
            raise AccountNotReady(owes=Text("、".join(zh), ", ".join(en)))
        if actor.kind == "staff" and self.roles and not self._is_held(actor):
            raise NotAllowed()

    def _is_held(self, actor: Actor) -> bool:
        return "" in actor.scopes(*self.roles) if self.whole_district else actor.holds(*self.roles)


#: Without a token one could do the same, so newcomers pass; they hold no grants.
ANYONE = Policy("anyone", frozenset(["anonymous", "rider", "staff"]), for_newcomers=True)
SIGNED_IN = Policy("signed in", frozenset(["rider", "staff"]))
#: One's own session: to see it and to end it.
OWN_SESSION = Policy("signed in, newcomers too", frozenset(["rider", "staff"]), for_newcomers=True)
RIDER = Policy("rider", frozenset(["rider"]))
ANY_STAFF = Policy("any staff", frozenset(["staff"]))
#: One's own account: password and second factor.
OWN_ACCOUNT = Policy("any staff, newcomers too", frozenset(["staff"]), for_newcomers=True)


def staff(*roles: Role, whole_district: bool = False) -> Policy:
    """Admit staff who hold any of `roles` on any area, or on the whole district; the name is for the documents."""
    name = "staff: " + ", ".join(role.value for role in roles) + (" on the whole district" if whole_district else "")
    return Policy(name, frozenset(["staff"]), frozenset(roles), whole_district)
