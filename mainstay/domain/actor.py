"""Who acts, and what a role allows. The one table that every face and every action asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from mainstay.domain.saying import say


class Role(IntEnum):
    """A larger role may do all that a smaller one may."""

    NONE = 0
    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMINISTRATOR = 4


@dataclass(frozen=True, slots=True)
class Sight:
    """Which systems somebody may see: all but the ``named``, or these only.

    ``rest`` says which, and so whether what belongs to no system is seen.
    """

    rest: bool
    named: frozenset[str] = frozenset()

    def __contains__(self, system: str | None) -> bool:
        return (system in self.named) is not self.rest


EVERYTHING = Sight(rest=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts, named as the audit trail will show it.

    ``name`` reads ``person:alice``, ``token:ab12cd34`` or ``engine``. ``scopes`` narrows a token to some
    of the acts that its role allows; ``None`` means no narrowing. ``systems`` holds the role on single
    systems, which there stands in place of ``role``, be it higher or lower.
    """

    name: str
    role: Role
    scopes: frozenset[str] | None = None
    systems: Mapping[str, Role] = field(default_factory=dict, hash=False)

    def role_on(self, system: str | None) -> Role:
        """The role that decides for a system; for what belongs to none it is the general one."""
        return self.role if system is None else self.systems.get(system, self.role)

    @property
    def sight(self) -> Sight:
        """The systems that this actor may see."""
        rest = self.role > Role.NONE
        return Sight(rest, frozenset(name for name, role in self.systems.items() if (role > Role.NONE) is not rest))

    @property
    def highest(self) -> Role:
        """The largest role, wherever it is held."""
        return max(self.role, *self.systems.values(), Role.NONE)

    @property
    def lowest(self) -> Role:
        """The role that is held on each and every system."""
        return min(self.role, *self.systems.values(), Role.ADMINISTRATOR)


ENGINE = Actor("engine", Role.ADMINISTRATOR)
"""Mainstay itself."""


class Denied(Exception):
    """The actor may not do this. ``str()`` says which role would be needed."""


class Unseen(Denied):
    """What it is about is on a system that the actor may not see: the faces say that there is no such thing."""


_ROLES = {
    Role.NONE: say("none"), Role.VIEWER: say("viewer"), Role.OPERATOR: say("operator"), Role.APPROVER: say("approver"),
    Role.ADMINISTRATOR: say("administrator"),
}  # fmt: skip


class Reach(Enum):
    """Whose role decides about an act."""

    MAINSTAY = "Mainstay itself: the general role"
    SYSTEM = "one system: the role on it"
    EVERY = "all systems at once: the role that is held on each of them"


PERMISSIONS: dict[str, Role] = {
    "catalogue.read": Role.VIEWER,
    "catalogue.export": Role.VIEWER,
    "catalogue.apply": Role.APPROVER,
    "check.edit": Role.APPROVER,
    "catalogue.try": Role.APPROVER,
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
    "incident.pause": Role.OPERATOR,
    "incident.resume": Role.OPERATOR,
    "inspection.read": Role.VIEWER,
    "inspection.run": Role.OPERATOR,
    "inspection.remark": Role.OPERATOR,
    "inspection.raise": Role.OPERATOR,
    "inspection.sign": Role.OPERATOR,
    "inspection.refuse": Role.OPERATOR,
    "inspection.countersign": Role.APPROVER,
    "article.read": Role.VIEWER,
    "article.write": Role.OPERATOR,
    "article.publish": Role.APPROVER,
    "article.retire": Role.APPROVER,
    "review.read": Role.VIEWER,
    "review.open": Role.OPERATOR,
    "review.write": Role.OPERATOR,
    "review.hold": Role.OPERATOR,
    "review.close": Role.OPERATOR,
    "review.reopen": Role.OPERATOR,
    "review.act": Role.OPERATOR,
    "review.end": Role.OPERATOR,
    "review.accept": Role.APPROVER,
    "plan.read": Role.VIEWER,
    "plan.write": Role.OPERATOR,
    "plan.approve": Role.APPROVER,
    "plan.retire": Role.APPROVER,
    "drill.read": Role.VIEWER,
    "drill.plan": Role.OPERATOR,
    "drill.cancel": Role.OPERATOR,
    "drill.start": Role.OPERATOR,
    "drill.inject": Role.APPROVER,
    "drill.alarm": Role.OPERATOR,
    "drill.step": Role.OPERATOR,
    "drill.note": Role.OPERATOR,
    "drill.recover": Role.OPERATOR,
    "drill.end": Role.OPERATOR,
    "drill.attend": Role.OPERATOR,
    "drill.find": Role.OPERATOR,
    "desk.open": Role.OPERATOR,
    "desk.read": Role.OPERATOR,
    "desk.answer": Role.OPERATOR,
    "desk.sort": Role.OPERATOR,
    "desk.join": Role.OPERATOR,
    "desk.close": Role.OPERATOR,
    "desk.wish": Role.OPERATOR,
    "backup.read": Role.VIEWER,
    "backup.run": Role.OPERATOR,
    "backup.prove": Role.OPERATOR,
    "backup.key": Role.ADMINISTRATOR,
    "backup.restore": Role.APPROVER,
    "backup.approve": Role.APPROVER,
    "backup.abort": Role.APPROVER,
    "runbook.read": Role.VIEWER,
    "runbook.edit": Role.APPROVER,
    "runbook.run": Role.OPERATOR,
    "runbook.pause": Role.OPERATOR,
    "runbook.resume": Role.OPERATOR,
    "runbook.retry": Role.OPERATOR,
    "runbook.skip": Role.OPERATOR,
    "runbook.cancel": Role.OPERATOR,
    "runbook.answer": Role.OPERATOR,
    "runbook.approve": Role.OPERATOR,
    "remedy.read": Role.VIEWER,
    "remedy.allow": Role.APPROVER,
    "remedy.revoke": Role.OPERATOR,
    "deployment.tell": Role.OPERATOR,
    "notice.read": Role.VIEWER,
    "notice.retry": Role.OPERATOR,
    "channel.test": Role.OPERATOR,
    "oncall.read": Role.VIEWER,
    "oncall.override": Role.OPERATOR,
    "oncall.swap": Role.OPERATOR,
    "oncall.handover": Role.OPERATOR,
    "oncall.feed": Role.OPERATOR,
    "store.try": Role.ADMINISTRATOR,
    "alert.receive": Role.OPERATOR,
    "person.add": Role.ADMINISTRATOR,
    "person.change": Role.ADMINISTRATOR,
    "factor.reset": Role.ADMINISTRATOR,
    "session.end": Role.ADMINISTRATOR,
    "token.create": Role.ADMINISTRATOR,
    "token.revoke": Role.ADMINISTRATOR,
    "secret.set": Role.ADMINISTRATOR,
    "secret.delete": Role.ADMINISTRATOR,
    "secret.rotate": Role.ADMINISTRATOR,
    "self.backup": Role.ADMINISTRATOR,
    "self.restore": Role.ADMINISTRATOR,
    "audit.read": Role.APPROVER,
    "audit.export": Role.APPROVER,
}
"""Every act and the least role for it. A face that names an act missing here fails at once."""

_ON_SYSTEMS = (
    "check", "incident", "inspection", "notice", "alert", "backup", "article", "desk", "runbook", "review", "remedy",
    "plan", "drill", "deployment",
)  # fmt: skip
_REACH = {
    "catalogue.read": Reach.SYSTEM,
    "catalogue.export": Reach.EVERY,
    "catalogue.apply": Reach.EVERY,
    "catalogue.try": Reach.EVERY,
    "runbook.edit": Reach.EVERY,
    "audit.read": Reach.EVERY,
    "audit.export": Reach.EVERY,
}


def reach(act: str) -> Reach:
    """Whose role decides about ``act``."""
    return _REACH.get(act) or (Reach.SYSTEM if act.partition(".")[0] in _ON_SYSTEMS else Reach.MAINSTAY)


class At(Enum):
    """Where an act happens, when that is not the name of a system or None for what belongs to none."""

    UNTOLD = 0
    ANYWHERE = 1


def authorise(actor: Actor, act: str, *, system: str | At | None = At.UNTOLD) -> None:
    """Pass silently when ``actor`` may do ``act``; raise ``Denied``, or ``Unseen`` of it, otherwise.

    An act on a system needs to be told which: its name, None for what belongs to no system, or ``At.ANYWHERE`` at a
    door behind which each object is asked for by itself. TypeError when it is not; KeyError for an unknown act.
    """
    needed = PERMISSIONS[act]
    role, where = _deciding(actor, act, system)
    if role < needed:
        words = say(
            "%(act)s needs the role %(needed)s%(where)s; %(actor)s has %(role)s",
            act=act, needed=_ROLES[needed], where=where, actor=actor.name, role=_ROLES[role],
        )  # fmt: skip
        hidden = reach(act) is Reach.SYSTEM and not isinstance(system, At) and system not in actor.sight
        raise (Unseen if hidden else Denied)(words)
    if actor.scopes is not None and act not in actor.scopes and act.split(".", maxsplit=1)[0] not in actor.scopes:
        scopes = ", ".join(sorted(actor.scopes)) or say("none")
        raise Denied(
            say("%(act)s is outside the scopes of %(actor)s: %(scopes)s", act=act, actor=actor.name, scopes=scopes)
        )


def sight_for(actor: Actor, act: str) -> Sight:
    """The systems on which the role allows an act: what a list is given where seeing needs more than a viewer."""
    rest = actor.role >= PERMISSIONS[act]
    held = actor.systems.items()
    return Sight(rest, frozenset(name for name, role in held if (role >= PERMISSIONS[act]) is not rest))


def _deciding(actor: Actor, act: str, system: str | At | None) -> tuple[Role, str]:
    """The role that counts, and where it is held, in words."""
    match reach(act):
        case Reach.MAINSTAY:
            return actor.role, ""
        case Reach.EVERY:
            return actor.lowest, say(" on every system") if actor.systems else ""
    if system is At.UNTOLD:
        raise TypeError(f"{act} is about a system; say which")
    if isinstance(system, At):
        return actor.highest, ""
    return actor.role_on(system), say(" on %(system)s", system=system) if system in actor.systems else ""


def person_name(actor: str) -> str:
    """An actor's name as people say it."""
    return "Mainstay" if actor == ENGINE.name else actor.partition(":")[2] or actor
