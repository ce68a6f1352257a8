"""The catalogue as code: validate, compare, apply, export. A single file may also be sent as it is, as YAML."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import answers, trial_answers
from mainstay.api.auth import actor, needs
from mainstay.api.rows import look_row, revision_row, told_row
from mainstay.api.shapes import Body, Page, Paging, Text, page
from mainstay.catalogue import actions, drift, examine, export, queries
from mainstay.catalogue.schema import schema as catalogue_schema
from mainstay.catalogue.sources import Invalid
from mainstay.checker.trial import attempt
from mainstay.engine.trial import tell
from mainstay.remedies.examine import examine as examine_remedies
from mainstay.remedies.queries import known as runbooks_in_use

router = Router(tags=["catalogue"])

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
POSTED = "posted.yaml"
"""The name under which flaws of a file sent as YAML are told."""


class Files(Body):
    """File name → YAML text. ``whole``: what the files do not speak of is retired; else it stays as it is."""

    files: dict[Text, Text] = Field(max_length=2000)
    whole: bool = Field(True, strict=True)


class Trial(Files):
    """What to try: every check or those of one component (``system/name``), and channels that send a test message."""

    component: Text = ""
    channels: list[Text] = Field([], max_length=5)


class Tried(Schema):
    """What the trial gave."""

    looks: list[trial_answers.Look]
    told: list[trial_answers.Told]


class Examined(Schema):
    """Whether a catalogue could be applied, and everything that is wrong with it."""

    ok: bool
    flaws: list[answers.Flaw]


class Differences(Schema):
    """What ``apply`` would do, or did."""

    differences: list[answers.Difference]


class Drift(Schema):
    """What ``apply`` of the workspace's files would do; ``flaws`` say why it could do nothing."""

    differences: list[answers.Difference]
    flaws: list[answers.Flaw]


def _examined(body: Files) -> examine.Examined:
    files = {name: text.encode() for name, text in body.files.items()}
    found = examine.examine(files, whole=body.whole, known=examine.Known() if body.whole else queries.known())
    examine_remedies(files, found.catalogue, runbooks_in_use())
    return found


@router.get("/catalogue", response=Files, **needs("catalogue.export"))
def export_catalogue(request: HttpRequest) -> Any:
    """Applied again, it changes nothing."""
    return {"files": export.files(), "whole": True}


@router.get("/catalogue/schema", response=dict[str, Any], **needs("catalogue.read"))
def show_schema(request: HttpRequest) -> Any:
    """The JSON Schema of a catalogue's files."""
    return catalogue_schema()


@router.post("/catalogue/validate", response=Examined, **needs("catalogue.export", **{"x-yaml": True}))
def validate_catalogue(request: HttpRequest, body: Files) -> Any:
    """Everything that is wrong, with file, line, column, and what would be right."""
    try:
        return {"ok": True, "flaws": [flaw.plain() for flaw in _examined(body).warnings]}
    except Invalid as error:
        return {"ok": False, "flaws": [flaw.plain() for flaw in error.flaws]}


@router.post("/catalogue/diff", response=Differences, **needs("catalogue.export", **{"x-yaml": True}))
def diff_catalogue(request: HttpRequest, body: Files) -> Any:
    """What apply would do."""
    return {"differences": [one.plain() for one in queries.differences(_examined(body).catalogue)]}


@router.post("/catalogue/apply", response=Differences, **needs("catalogue.apply", **{"x-yaml": True}))
def apply_catalogue(request: HttpRequest, body: Files) -> Any:
    """All of it or nothing; a second time changes nothing."""
    found = _examined(body).catalogue
    return {"differences": [one.plain() for one in actions.apply(found, actor=actor(request))]}


@router.get("/catalogue/drift", response=Drift, **needs("catalogue.export"))
def show_drift(request: HttpRequest) -> Any:
    """Whether the workspace's files say what is in force."""
    found = drift.drift()
    return {
        "differences": [one.plain() for one in found.differences], "flaws": [one.plain() for one in found.flaws],
    }  # fmt: skip


@router.get("/catalogue/revisions", response=Page[answers.Revision], **needs("catalogue.export"))
def list_revisions(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Who changed what, the newest first."""
    return page(request, queries.revisions(), paging, revision_row)


@router.post("/catalogue/try", response=Tried, **needs("catalogue.try", **{"x-yaml": True}))
def try_catalogue(request: HttpRequest, body: Trial) -> Any:
    """Look once at every check of a catalogue that is not applied, with the real drivers; nothing is kept.

    Secrets are filled in from the store. It is over within about twenty seconds.
    """
    wanted, who = _examined(body).catalogue, actor(request)
    looks = attempt(wanted, actor=who, component=body.component)
    return {
        "looks": list(map(look_row, looks)),
        "told": [told_row(tell(wanted, name, actor=who)) for name in body.channels],
    }
