"""Do the workspace's files say what is in force? A change made in the browser is drift until somebody exports it."""

from dataclasses import dataclass, field
from pathlib import Path

from mainstay.catalogue import examine, queries
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.difference import Difference
from mainstay.settings import WORKSPACE

CATALOGUE = WORKSPACE / "catalogue"
"""Where a user keeps his files."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What applying the files would do; or why nothing can be said. ``present``: there is such a directory."""

    present: bool
    differences: list[Difference] = field(default_factory=list)
    flaws: list[LocatedFlaw] = field(default_factory=list)

    @property
    def known(self) -> bool:
        return self.present and not self.flaws


def drift(path: Path = CATALOGUE) -> Drift:
    """The files at ``path`` against what is in force."""
    if not path.is_dir():
        return Drift(present=False)
    try:
        found = examine.read(path)
    except Invalid as error:
        return Drift(True, flaws=[one for one in error.flaws if one.flaw.fatal])
    return Drift(True, queries.differences(found.catalogue))
