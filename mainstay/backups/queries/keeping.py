"""Which copies of a repository stay and which go, by our own record."""

from datetime import datetime

from mainstay.backups.models import Copy, Repository
from mainstay.catalogue.policies import definition, zone
from mainstay.domain.retention import Held, Retention, retain


def retention(repository: Repository, now: datetime) -> Retention:
    """Which copies of a repository stay and which go. One that has not reached the second site yet stays."""
    meant = definition(repository.policy)
    rows = list(
        Copy.objects.filter(repository=repository, dropped_at=None).prefetch_related(
            "proofs", "made_from__proofs", "forwarded"
        )
    )
    held = [Held(row.pk, row.at, row.base_id, _proved(row)) for row in rows]
    found = retain(held, meant.keep, zone(repository.policy), now)
    if len(meant.stores) < 2 or repository.store.name != meant.stores[0]:
        return found
    owed = {row.pk for row in rows if not row.forwarded.all()}
    return Retention(found.stays, [number for number in found.goes if number not in owed], found.refused)


def _proved(copy: Copy) -> bool:
    """By its own newest proof, or by that of the copy that it was made from."""
    for one in filter(None, (copy, copy.made_from)):
        newest = max(one.proofs.all(), key=lambda proof: proof.at, default=None)
        if newest is not None:
            return newest.verdict == "proved"
    return False
