"""Files that come with a note, kept in the transaction of the note."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from mainstay.domain.attachment import PER_NOTE, Unfit, fits, sniff, tame
from mainstay.domain.saying import say
from mainstay.incidents.models import Attachment, Content, Entry


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody sent it."""

    name: str
    content: bytes


def described(file: File) -> dict[str, Any]:
    """What timeline and audit trail say of it."""
    digest = hashlib.sha256(file.content).hexdigest()
    return {"name": tame(file.name), "kind": sniff(file.content), "size": len(file.content), "sha256": digest}


def attach(entry: Entry, files: Sequence[File]) -> None:
    """Keep them. The incident is locked by the caller, so that two notes cannot overfill it. Raises Unfit."""
    if len(files) > PER_NOTE:
        raise Unfit(say("%(n)s files are too many; a note takes %(most)s", n=len(files), most=PER_NOTE))
    if not files:
        return
    kept = Attachment.objects.filter(incident=entry.incident_id).aggregate(size=Sum("size"))["size"] or 0
    for file in files:
        fits(tame(file.name), len(file.content), kept)
        row = Attachment.objects.create(incident_id=entry.incident_id, entry=entry, **described(file))
        Content.objects.create(attachment=row, data=file.content)
        kept += len(file.content)
