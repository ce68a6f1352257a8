"""Every read on backups: ``jobs`` with what they made, what ``keeping`` them asks for, and the ``means`` to run one."""

from mainstay.backups.queries.jobs import (
    COPY_SORTS,
    JOB_SORTS,
    PROOF_SORTS,
    copies,
    copy,
    job,
    jobs,
    newest_copy,
    owed_copies,
    pace_of,
    proof,
    proofs,
    running,
    strays,
)
from mainstay.backups.queries.keeping import retention
from mainstay.backups.queries.means import Means, OtherDatabase, means
from mainstay.backups.queries.restores import (
    RESTORE_SORTS,
    live_place,
    restore,
    restore_of,
    restores,
    under_maintenance,
    wanted_copies,
)

__all__ = [
    "COPY_SORTS",
    "JOB_SORTS",
    "PROOF_SORTS",
    "RESTORE_SORTS",
    "Means",
    "OtherDatabase",
    "copies",
    "copy",
    "job",
    "jobs",
    "live_place",
    "means",
    "newest_copy",
    "owed_copies",
    "pace_of",
    "proof",
    "proofs",
    "restore",
    "restore_of",
    "restores",
    "retention",
    "running",
    "strays",
    "under_maintenance",
    "wanted_copies",
]
