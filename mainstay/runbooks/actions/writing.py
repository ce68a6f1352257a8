"""Runbooks come to be: from files, from the page, and with packs. Each change is a new version."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.packs import BUILT_IN, OWN
from mainstay.catalogue.sources import contents
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.run_answers import Refused
from mainstay.domain.saying import say
from mainstay.runbooks import queries
from mainstay.runbooks.examine import Written, examine
from mainstay.runbooks.models import Runbook, Version
from mainstay.settings import WORKSPACE

FOLDER = WORKSPACE / "runbooks"
PAGE, FILE, PACK = "page", "file", "pack:"


def write(text: str, *, actor: Actor, name: str = "") -> Version:
    """Keep a runbook that somebody wrote. ``name``: of the one that he meant to change. Raises Invalid, Refused."""
    authorise(actor, "runbook.edit")
    file = f"{name or 'runbook'}.yaml"
    written = next(iter(examine({file: text.encode()}, known()).values()))
    if name and written.document.runbook != name:
        raise Refused(say("this is the text of %(other)s, not of %(name)s", other=written.document.runbook, name=name))
    with transaction.atomic():
        return _keep(written, PAGE, actor) or queries.newest(written.document.runbook)


def apply_files(written: Mapping[str, Written], *, whole: bool, actor: Actor) -> list[tuple[str, str]]:
    """Make the runbooks what the files say: (act, name) of each that differs. ``whole``: one that came from a file and
    has none any more is retired."""
    authorise(actor, "runbook.edit")
    done: list[tuple[str, str]] = []
    with transaction.atomic():
        before = set(queries.runbooks().values_list("name", flat=True))
        for name, one in sorted(written.items()):
            if _keep(one, FILE, actor) is not None:
                done.append(("changed" if name in before else "created", name))
        if whole:
            for row in queries.runbooks().filter(source=FILE).exclude(name__in=written):
                _retire(row, actor)
                done.append(("retired", row.name))
    return done


def retire(name: str, *, actor: Actor) -> None:
    """Take it out of use; runs that are under way go on. Raises Runbook.DoesNotExist."""
    authorise(actor, "runbook.edit")
    with transaction.atomic():
        _retire(queries.runbook(name), actor)


def keep_shipped() -> list[str]:
    """What came with packs, unless somebody wrote a runbook of that name himself. Names of those that are new."""
    made = []
    with transaction.atomic():
        taken = set(queries.runbooks().exclude(source__startswith=PACK).values_list("name", flat=True))
        for source, written in shipped().items():
            if written.document.runbook not in taken and _keep(written, f"{PACK}{source[0]}", ENGINE) is not None:
                made.append(written.document.runbook)
    return made


def shipped() -> dict[tuple[str, str], Written]:
    """(pack, name) → the runbook. Raises Invalid."""
    found: dict[tuple[str, str], Written] = {}
    for directory in (BUILT_IN, OWN):
        for folder in sorted(directory.glob("*/runbooks")):
            files = {f"{folder.parent.name}/{name}": data for name, data in contents(folder).items()}
            found |= {(folder.parent.name, name): one for name, one in examine(files).items()}
    return found


def known() -> dict[str, Any]:
    """Name → document of each in use."""
    return {name: queries.document(row) for name, row in queries.documents().items()}


def _keep(written: Written, source: str, actor: Actor) -> Version | None:
    """A new version, unless it says what the newest says."""
    document = written.document.model_dump(mode="json", by_alias=True)
    title = written.document.title
    words = {"en": title} if isinstance(title, str) else dict(title)
    row, new = Runbook.objects.get_or_create(name=written.document.runbook, defaults={"source": source, "title": words})
    last = row.versions.order_by("-number").first()
    if last is not None and last.document == document and row.retired_at is None and row.source == source:
        return None
    row.source, row.title, row.retired_at = source, words, None
    row.save()
    version = Version.objects.create(
        runbook=row, number=last.number + 1 if last else 1, text=written.text, document=document,
        made_at=datetime.now(UTC), made_by=actor.name,
    )  # fmt: skip
    record(actor, "runbook.edit", row.name, {"version": version.number, "source": source, "new": new})
    return version


def _retire(row: Runbook, actor: Actor) -> None:
    row.retired_at = datetime.now(UTC)
    row.save()
    record(actor, "runbook.edit", row.name, {"retired": True})
