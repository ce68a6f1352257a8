"""Changes that pages make to the catalogue: through the same examination and the same act as files."""

import os
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mainstay.catalogue import actions, examine, queries
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor
from mainstay.domain.difference import Difference
from mainstay.domain.outline import secret_name
from mainstay.domain.saying import said
from mainstay.domain.yaml_text import write
from mainstay.web.access import actor
from mainstay.web.attempt import attempt


def examined(files: dict[str, dict[str, Any]]) -> examine.Examined:
    """Files that are not the whole catalogue. Raises Invalid."""
    texts = {name: write(document).encode() for name, document in files.items()}
    return examine.examine(texts, whole=False, known=queries.known())


def apply(files: dict[str, dict[str, Any]], who: Actor) -> list[Difference]:
    """What the files say, and nothing else, becomes so. Raises Invalid."""
    return actions.apply(examined(files).catalogue, actor=who)


def retire(request: HttpRequest, kind: Literal["channel", "calendar", "store", "rotation"], name: str) -> bool:
    """Take one out of use and say so, or why not; whether it is."""
    done = _("%(name)s is retired.") % {"name": name}
    return attempt(request, lambda: actions.retire(kind, name, actor=actor(request)), done)


def reasons(error: ValueError) -> list[str]:
    """Why nothing came of it: the flaws of what was filled in, or one refusal."""
    return flaws(error) if isinstance(error, Invalid) else [said(error, _)]


def flaws(error: Invalid) -> list[str]:
    """What is wrong and what would be right, for who filled in a form: without lines, which a form has not."""
    found = []
    for one in error.flaws:
        if one.flaw.fatal:
            where = f"{one.flaw.where}: " if one.flaw.where else ""
            found.append(f"{where}{one.flaw.what}" + (f"; {one.flaw.right}" if one.flaw.right else ""))
    return found


def seal(value: str, *words: str, own: set[str], who: Actor) -> str:
    """Keep a value in the secret store under a name made of ``words``; that name.

    A name that somebody else's secret has, or the environment, is not taken; ``own`` are those that may be replaced.
    """
    others = set(queries.secrets().values_list("name", flat=True)) | set(os.environ)
    name = secret_name(*words, taken=others - own)
    actions.set_secret(name, value, actor=who)
    return name
