"""Jobs, copies and proofs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.catalogue.models import Policy
from mainstay.catalogue.naming import numbered, says
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.backup_job import Pace, pace
from mainstay.people.queries import seen

_OF = "policy__system__name"
Row = TypeVar("Row", bound=Model)
JOB_SORTS = {"newest": ("-tick", "-pk"), "oldest": ("tick", "pk")}
COPY_SORTS = {"newest": ("-at", "-pk"), "oldest": ("at", "pk"), "largest": ("-size", "-pk")}
PROOF_SORTS = {"newest": ("-at", "-pk"), "oldest": ("at", "pk")}


def saying(found: QuerySet[Row], text: str, policy: str = "policy", *more: str) -> QuerySet[Row]:
    """Rows whose number is this, or whose policy, system or component is called so; or one of ``more``."""
    if not text:
        return found
    names = [f"{policy}__{way}" for way in ("name", "system__name", "component__name")]
    titles = (f"{policy}__title", f"{policy}__system__title")
    return found.filter(says(text, (*names, *more), titles) | numbered(text))


def jobs(
    policy: Policy | None = None, state: str = "", act: str = "", sight: Sight = EVERYTHING, *, text: str = "",
    sort: str = "newest",
) -> QuerySet[Job]:  # fmt: skip
    """By policy, state, act, and by the names in it."""
    found = Job.objects.filter(seen(sight, _OF)).select_related("policy__system", "policy__component", "copy")
    found = saying(found, text).order_by(*JOB_SORTS[sort])
    found = found.filter(policy=policy) if policy else found
    found = found.filter(act=act) if act else found
    return found.filter(state=state) if state else found


def job(number: int, sight: Sight = EVERYTHING) -> Job:
    """Raises Job.DoesNotExist."""
    return jobs(sight=sight).get(pk=number)


def running() -> QuerySet[Job]:
    """Jobs that somebody runs now."""
    return Job.objects.filter(state="running").select_related("policy__system")


def copies(
    policy: Policy | None = None,
    *,
    whole: bool = False,
    sight: Sight = EVERYTHING,
    text: str = "",
    sort: str = "newest",
) -> QuerySet[Copy]:
    """By policy, and by the names in it or of the store; those that were dropped too with ``whole``."""
    found = Copy.objects.filter(seen(sight, _OF)).select_related(
        "policy__system", "policy__component", "repository__store"
    )
    found = saying(found, text, "policy", "repository__store__name").order_by(*COPY_SORTS[sort])
    found = found.filter(policy=policy) if policy else found
    return found if whole else found.filter(dropped_at=None)


def copy(number: int, sight: Sight = EVERYTHING) -> Copy:
    """Also one that was dropped. Raises Copy.DoesNotExist."""
    return copies(whole=True, sight=sight).get(pk=number)


def proofs(
    policy: Policy | None = None, sight: Sight = EVERYTHING, *, verdict: str = "", text: str = "", sort: str = "newest"
) -> QuerySet[Proof]:
    """By policy, verdict, and by the names in it or of the store."""
    found = Proof.objects.filter(seen(sight, "copy__policy__system__name"))
    found = found.select_related("job", "copy__policy__system", "copy__policy__component", "copy__repository__store")
    found = saying(found, text, "copy__policy", "copy__repository__store__name").order_by(*PROOF_SORTS[sort])
    found = found.filter(verdict=verdict) if verdict else found
    return found.filter(copy__policy=policy) if policy else found


def proof(number: int, sight: Sight = EVERYTHING) -> Proof:
    """Raises Proof.DoesNotExist."""
    return proofs(sight=sight).get(pk=number)


def newest_copy(policy: Policy, repository: Repository | None = None) -> Copy | None:
    """The newest that is kept, anywhere or in one repository."""
    found = copies(policy).order_by("-at", "-pk")
    return (found.filter(repository=repository) if repository else found).first()


def owed_copies(policy: Policy, since: datetime) -> QuerySet[Copy]:
    """Copies of the first store without a twin elsewhere, that no job cares for, nor has tried after ``since``."""
    there = Copy.objects.filter(made_from=OuterRef("pk"))
    under_way = Job.objects.filter(copy=OuterRef("pk"), act="forward", state__in=("waiting", "running"))
    lately = Job.objects.filter(copy=OuterRef("pk"), act="forward", ended_at__gt=since)
    found = Copy.objects.filter(policy=policy, made_from=None, dropped_at=None)
    return found.exclude(Exists(there)).exclude(Exists(under_way)).exclude(Exists(lately)).order_by("at", "pk")


def pace_of(job: Job, now: datetime) -> Pace | None:
    """How far a running job is; None of one that does not run."""
    if job.state != "running":
        return None
    before = Job.objects.filter(policy=job.policy_id, act=job.act, level=job.level, state="done").order_by("-pk")[:5]
    usual = [(one.ended_at - one.started_at).total_seconds() for one in before if one.ended_at and one.started_at]
    return pace(job.progress, job.started_at, usual, now)


def strays(snapshots: Iterable[tuple[str, Sequence[str]]], repository: Repository, runs: Sequence[str]) -> list[str]:
    """Of snapshots (identifier, tags) those that one of these runs made and no copy knows."""
    known = set(Copy.objects.filter(repository=repository).values_list("identifier", flat=True))
    tags = {f"run={run}" for run in runs}
    return [identifier for identifier, has in snapshots if identifier not in known and tags & set(has)]
