"""Asking for a restore, for somebody who waits for the answer: the target is looked at first, and what is refused is
refused by words, with nothing changed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Restore
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Policy
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.restoring import PLACES, Refused, To, Wish, examine, examine_moment, examine_only
from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.engine.jobs.landing import ROOTS, landing, lands, point_of

_SCHEMES = {"sqlite": ("sqlite",), "postgresql": ("postgresql", "postgres"), "mariadb": ("mariadb", "mysql")}


def ask(
    path: str,
    number: int | None,
    to: str,
    target: str = "",
    *,
    only: Sequence[str] = (),
    moment: datetime | None = None,
    reason: str = "",
    actor: Actor,
) -> Restore:
    """``number``: the copy's; the newest of the policy when left out, or the newest that is not after ``moment``.
    Raises Refused, Policy.DoesNotExist, Copy.DoesNotExist."""
    authorise(actor, "backup.restore", system=path.partition("/")[0])
    policy = catalogue.policy(path, actor.sight)
    now = datetime.now(UTC)
    copy = _copy(policy, number, moment, now)
    if to not in PLACES:
        raise Refused(say("restore to one of: %(places)s", places=", ".join(PLACES)))
    wish = Wish(copy.pk, to, target.strip(), tuple(only), moment.isoformat() if moment else "")
    known = lands(copy)
    examine(wish, known, ROOTS, reason)
    examine_only(wish.only, copy.point.get("paths") or (), tables_of(copy), databases_of(copy))
    _require_kind(wish.to, wish.target, known[wish.to])
    _look(copy, wish)
    return actions.ask_to_restore(copy, wish, queries.live_place(policy), reason, now, actor=actor)


def _copy(policy: Policy, number: int | None, moment: datetime | None, now: datetime) -> Copy:
    """The one that is named; else the newest, or the newest that was whole at the moment."""
    copies = queries.copies(policy)
    if moment is None:
        found = copies.get(pk=number) if number else copies.first()
        if found is None:
            raise Refused(say("%(policy)s has no copy yet that could be restored", policy=str(policy)))
        return found
    whole = sorted((since, copy.pk, copy) for copy in copies if (since := from_when(copy)) is not None)
    examine_moment(moment, whole[0][0] if whole else None, now)
    fits = [copy for at, _, copy in whole if at <= moment]
    return copies.get(pk=number) if number else fits[-1]


def from_when(copy: Copy) -> datetime | None:
    """From which moment on any second can be restored from it; None of a copy that has only its own."""
    whole = copy.point.get("whole_at")
    return datetime.fromisoformat(str(whole)) if whole else None


def _require_kind(to: To, target: str, kind: str) -> None:
    if to == "database" and target.partition("://")[0] not in _SCHEMES.get(kind, ()):
        raise Refused(say("a copy of this tool goes to: %(schemes)s", schemes=f"{_SCHEMES[kind][0]}://"))


def _look(copy: Copy, wish: Wish) -> None:
    """The target itself, as it will be looked at again before the restore."""
    try:
        landing(copy, wish, 0, point_of(copy)).look(copy.size)
    except Unfilled as error:
        raise Refused(str(error.args[0])) from None
    except ToolFailed as error:
        raise Refused(error.detail) from None


def tables_of(copy: Copy) -> list[str]:
    """Tables that may be asked for alone, as they are asked for: of PostgreSQL ``schema.table`` of the component's own
    database, of MariaDB ``database.table`` of any."""
    names = sorted(copy.fingerprint.get("rows") or {})
    own = point_of(copy).get("own")
    if own is None or lands(copy).get("database") == "mariadb":
        return names
    return [name.removeprefix(f"{own}.") for name in names if name.startswith(f"{own}.")]


def databases_of(copy: Copy) -> list[str]:
    """Databases that the copy holds."""
    return [str(one["name"]) for one in point_of(copy).get("databases") or ()]


def to_places(copy: Copy) -> list[str]:
    """Where it can be restored to."""
    known = lands(copy)
    return [place for place in PLACES if place in known]
