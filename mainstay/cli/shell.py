"""Who acts on the command line, and how a refusal is told."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist

from mainstay.cli.output import fail
from mainstay.cli.words import _
from mainstay.domain.actor import Actor, Role, authorise


def acting(act: str) -> Actor:
    """Whoever can run commands in the workspace owns it. Every command names its act, as on the other faces."""
    actor = Actor(f"shell:{getpass.getuser()}", Role.ADMINISTRATOR)
    authorise(actor, act)
    return actor


@contextmanager
def told(absent: str = "") -> Iterator[None]:
    """What cannot be done ends the command with a sentence; ``absent`` is the one for what is not there."""
    try:
        yield
    except ObjectDoesNotExist as error:
        fail(absent or str(error) or _("there is nothing of that name"))
    except ValueError as error:
        fail(str(error))
