"""Restores for real, and what is under maintenance for one."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from mainstay.backups.models import Job, Restore
from mainstay.backups.queries.jobs import saying
from mainstay.catalogue.models import Policy
from mainstay.catalogue.policies import definition
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.restoring import OPEN, State, seal, wish_of
from mainstay.people.queries import seen

RESTORE_SORTS = {"newest": ("-asked_at", "-pk"), "oldest": ("asked_at", "pk")}


def restores(
    policy: Policy | None = None, state: str = "", sight: Sight = EVERYTHING, *, text: str = "", sort: str = "newest"
) -> QuerySet[Restore]:
    """By policy, state, and by the names in it, of who asked, or the reason."""
    found = Restore.objects.filter(seen(sight, "policy__system__name")).select_related(
        "policy__system", "policy__component", "copy__repository__store", "job", "safety"
    )
    found = saying(found, text, "policy", "asked_by", "reason").order_by(*RESTORE_SORTS[sort])
    found = found.filter(policy=policy) if policy else found
    return found.filter(state=state) if state else found


def restore(number: int, sight: Sight = EVERYTHING) -> Restore:
    """Raises Restore.DoesNotExist."""
    return restores(sight=sight).get(pk=number)


def restore_of(job: Job) -> Restore:
    """Raises Restore.DoesNotExist."""
    return restores().get(job=job)


def wanted_copies(policy: Policy) -> set[int]:
    """Copies that an open restore needs: nothing drops them meanwhile."""
    return set(Restore.objects.filter(policy=policy, state__in=OPEN).values_list("copy", flat=True))


def under_maintenance(names: Iterable[str]) -> set[str]:
    """Of systems those whose live place is being restored, from the approval to the end."""
    found = Restore.objects.filter(policy__system__name__in=list(names), approved_at__isnull=False)
    found = found.filter(state__in=(State.SAFETY, State.RUNNING)).order_by()
    return set(found.values_list("policy__system__name", flat=True))


def live_place(policy: Policy) -> Any:
    """The live place as the catalogue describes it, without any secret's value: what an approval is about."""
    meant = definition(policy)
    part = policy.component
    return [part.system.name, part.name, part.kind, part.settings, list(meant.paths), list(meant.databases)]


def seal_of(row: Restore) -> str:
    """As it would be sealed now."""
    return seal(wish_of(row.wanted), row.copy.identifier, live_place(row.policy))
