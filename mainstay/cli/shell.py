"""Who acts on the command line, and how a refusal is told."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.core.exceptions import ObjectDoesNotExist

from mainstay.cli.output import fail
from mainstay.cli.trouble import DENIED, in_words
from mainstay.cli.words import _
from mainstay.domain.actor import Actor, At, Role, Unseen, authorise
from mainstay.people.actions import touch_token
from mainstay.people.queries import actor_of_token, token_of

TOKEN = "MAINSTAY_TOKEN"  # noqa: S105 - the name of a variable


def acting(act: str) -> Actor:
    """Whoever can run commands in the workspace owns it; with MAINSTAY_TOKEN set he acts as that token, so that a
    script does no more than it is meant to. Every command names its act, as on the other faces."""
    text = os.environ.get(TOKEN)
    actor = _by_token(text) if text else Actor(f"shell:{getpass.getuser()}", Role.ADMINISTRATOR)
    authorise(actor, act, system=At.ANYWHERE)
    return actor


def _by_token(text: str) -> Actor:
    now = datetime.now(UTC)
    token = token_of(text, now)
    if token is None:
        fail(_("MAINSTAY_TOKEN is no valid token"), DENIED)
    touch_token(token, now)
    return actor_of_token(token)


@contextmanager
def told(absent: str = "") -> Iterator[None]:
    """What cannot be done ends the command with a sentence; ``absent`` is the one for what is not there, or on a
    system that may not be seen."""
    try:
        yield
    except Unseen:
        fail(absent or _("there is nothing of that name"))
    except ObjectDoesNotExist as error:
        fail(absent or in_words(error) or _("there is nothing of that name"))
    except ValueError as error:
        fail(in_words(error))
