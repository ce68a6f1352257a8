"""What lies in a directory of a copy, by the store's own word, for somebody who waits for the answer."""

import posixpath
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mainstay.backups.actions import repository_key
from mainstay.backups.actions.keys import KeyLost
from mainstay.backups.models import Copy
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.restoring import Refused
from mainstay.domain.saying import say
from mainstay.drivers import backup_tools
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.restic import Restic
from mainstay.drivers.restic_output import Entry
from mainstay.drivers.stores import Unreachable
from mainstay.engine.jobs import places
from mainstay.engine.stores import opened

SECONDS = 30.0
MOST = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """``more`` entries are not among these. ``above``: the directory that holds this one; empty at the root."""

    below: str
    entries: list[Entry]
    more: int

    @property
    def above(self) -> str:
        return "" if self.below == "/" else posixpath.dirname(self.below)


def contents(copy: Copy, below: str, *, actor: Actor) -> Contents:
    """Raises Refused, with why the store cannot be asked."""
    authorise(actor, "backup.restore", system=copy.policy.system.name)
    below = posixpath.normpath(f"/{below.strip('/')}")
    if copy.policy.tool not in backup_tools.kinds() or backup_tools.load(copy.policy.tool).KEEPS != "staged":
        raise Refused(say("the files of a physical copy are its tool's own affair"))
    try:
        with tempfile.TemporaryDirectory(prefix="look-", dir=places.work()) as private:
            found = _restic(copy, Path(private)).list_files(copy.identifier, time.monotonic() + SECONDS, below)
    except (Unreachable, Unfilled, KeyLost) as error:
        raise Refused(error.args[0] if error.args else str(error)) from None
    except ToolFailed as error:
        raise Refused(f"{error.code}: {error.detail}") from None
    except (KeyError, ValidationError):
        raise Refused(say("the store %(store)s is not set up right", store=copy.repository.store.name)) from None
    inside = sorted((one for one in found if one.path != below), key=lambda one: (one.kind != "dir", one.path))
    return Contents(below, inside[:MOST], max(0, len(inside) - MOST))


def _restic(copy: Copy, private: Path) -> Restic:
    row, path = copy.repository.store, f"{copy.policy.system.name}/{copy.policy.name}"
    return Restic(
        opened(row).place(path, private), repository_key(copy.policy), host="mainstay-look", cache=places.cache()
    )
