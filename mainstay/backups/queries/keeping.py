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
    goes_on = len(meant.stores) > 1 and repository.store.name == meant.stores[0]
    held = [Held(row.pk, row.at, row.base_id, _proved(row), goes_on and not row.forwarded.all()) for row in rows]
    return retain(held, meant.keep, zone(repository.policy), now)


def _proved(copy: Copy) -> bool:
    """By its own newest proof, or by that of the copy that it was made from."""
    for one in filter(None, (copy, copy.made_from)):
        said = [proof for proof in one.proofs.all() if proof.verdict != "unproved"]  # which takes nothing back
        newest = max(said, key=lambda proof: proof.at, default=None)
        if newest is not None:
            return newest.verdict == "proved"
    return False
