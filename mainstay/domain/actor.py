"""Who acts, and what a role allows. The one table that every face and every action asks."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """A larger role may do all that a smaller one may."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMINISTRATOR = 4


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts, named as the audit trail will show it.

    ``name`` reads ``person:alice``, ``token:ab12cd34`` or ``engine``. ``scopes`` narrows a token to some
    of the acts that its role allows; ``None`` means no narrowing.
    """

    name: str
    role: Role
    scopes: frozenset[str] | None = None


ENGINE = Actor("engine", Role.ADMINISTRATOR)
"""Mainstay itself."""


class Denied(Exception):
    """The actor may not do this. ``str()`` says which role would be needed."""


PERMISSIONS: dict[str, Role] = {
    "catalogue.read": Role.VIEWER,
    "catalogue.apply": Role.APPROVER,
    "check.run": Role.OPERATOR,
    "check.mute": Role.OPERATOR,
    "check.unmute": Role.OPERATOR,
    "incident.read": Role.VIEWER,
    "incident.open": Role.OPERATOR,
    "incident.acknowledge": Role.OPERATOR,
    "incident.note": Role.OPERATOR,
    "incident.resolve": Role.OPERATOR,
    "incident.reopen": Role.OPERATOR,
    "incident.regrade": Role.OPERATOR,
    "notice.read": Role.VIEWER,
    "notice.retry": Role.OPERATOR,
    "channel.test": Role.OPERATOR,
    "alert.receive": Role.OPERATOR,
    "person.add": Role.ADMINISTRATOR,
    "person.change": Role.ADMINISTRATOR,
    "token.create": Role.ADMINISTRATOR,
    "token.revoke": Role.ADMINISTRATOR,
    "secret.set": Role.ADMINISTRATOR,
    "secret.delete": Role.ADMINISTRATOR,
    "secret.rotate": Role.ADMINISTRATOR,
    "audit.read": Role.APPROVER,
    "audit.export": Role.APPROVER,
}
"""Every act and the least role for it. A face that names an act missing here fails at once."""


def authorise(actor: Actor, act: str) -> None:
    """Pass silently when ``actor`` may do ``act``; raise ``Denied`` otherwise. ``act`` unknown: KeyError."""
    needed = PERMISSIONS[act]
    if actor.role < needed:
        raise Denied(f"{act} needs the role {needed.name.lower()}; {actor.name} is {actor.role.name.lower()}")
    if actor.scopes is not None and act not in actor.scopes and act.split(".", maxsplit=1)[0] not in actor.scopes:
        raise Denied(f"{act} is outside the scopes of {actor.name}: {', '.join(sorted(actor.scopes)) or 'none'}")
