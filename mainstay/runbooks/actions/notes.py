"""What every act on a run does besides: the row locked, a line in its story, and a knock for who drives it."""

from datetime import datetime
from typing import Any

from mainstay.domain.actor import Actor, authorise
from mainstay.domain.evidence import kept
from mainstay.domain.run_answers import Refused
from mainstay.domain.run_state import OPEN
from mainstay.domain.saying import say
from mainstay.notices.actions import announce
from mainstay.runbooks.models import Entry, Run
from mainstay.settings import BASE_URL


def locked(number: int) -> Run:
    """In a transaction. Raises Run.DoesNotExist."""
    return Run.objects.select_for_update().get(pk=number)


def open_run(number: int, actor: Actor, act: str) -> Run:
    """Locked, for one who may do this on its system. Raises Refused, Run.DoesNotExist."""
    row = locked(number)
    authorise(actor, act, system=row.system.name if row.system else None)
    if row.state not in OPEN:
        raise Refused(say("run %(number)s is over", number=number))
    return row


def tell(row: Run, actor: str, now: datetime, word: str, path: str = "", **data: Any) -> None:
    """A line of the story."""
    plain = kept({name: value for name, value in data.items() if value not in (None, "", [], {})})
    Entry.objects.create(run=row, at=now, actor=actor, word=word, path=path, data=plain)


def knock(row: Run) -> None:
    """Whoever drives it looks again. Saves the row."""
    row.knocks += 1
    row.save()


def call(row: Run, now: datetime, about: str) -> None:
    """Tell the system's people that somebody is needed."""
    system, title = row.system, f"{row.version.runbook.title.get('en') or row.version.runbook} {row.pk}: {about}"
    announce(
        None, "runbook", now, {"title": title, "text": f"{title}\n{BASE_URL}/runbooks/runs/{row.pk}/", "run": row.pk},
        level=2, system=system.name if system else "", only=(system.document.get("notify") or ()) if system else (),
    )  # fmt: skip
