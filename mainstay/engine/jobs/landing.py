"""The place that a restore goes to: what the catalogue or the request says of it, as a landing of the drivers."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mainstay.backups.models import Copy
from mainstay.backups.queries.means import component_settings
from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.placeholder import fill
from mainstay.domain.restoring import Wish
from mainstay.domain.saying import say
from mainstay.drivers import backup_tools, landings
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.database_sqlite import file_of
from mainstay.drivers.landings import Target
from mainstay.settings import CONFIGURATION, DATA, NETWORK

ROOTS = (str(DATA / "restored"), *CONFIGURATION.restore_directories)
"""Directories below which restores may be written."""


def lands(copy: Copy) -> Mapping[str, str]:
    """Where its tool can restore to → the landing that does it."""
    try:
        module: ModuleType = backup_tools.load(copy.policy.tool)
    except KeyError:
        return {}
    staged = {"directory": "directory"} if module.KEEPS == "staged" else {}
    found: Mapping[str, str] = getattr(module, "LANDS", staged)
    return found


def of_a_server(copy: Copy) -> bool:
    """Whether the copy's files are those of a whole server, from which one can start."""
    return lands(copy).get("directory") == "mariadb_files"


def landing(copy: Copy, wish: Wish, number: int, point: Mapping[str, Any]) -> Any:
    """Raises Unfilled, ToolFailed."""
    place = _live(copy) if wish.to == "live" else str(fill(wish.target, SecretBook().value))
    if wish.to == "directory":
        _require_inside(Path(place))
    elif wish.to == "database" and place.startswith("sqlite://"):
        _require_inside(Path(file_of(place)))
    target = Target(wish.to == "live", place, number, wish.only, point)
    kind = lands(copy)[wish.to]
    return landings.load(kind).Landing(target, NETWORK)


def point_of(copy: Copy) -> dict[str, Any]:
    """The copy's own; of a whole server that is copied as files, the component's database is the one that is meant."""
    name = copy.point.get("database") or ("" if "databases" in copy.point else copy.point.get("own"))
    return {**copy.point, **({"databases": [{"name": name}], "own": name} if name else {})}


def _require_inside(place: Path) -> None:
    """Also by way of links, which an earlier restore may have brought. Raises ToolFailed."""
    there = place.parent.resolve()
    if not any(there.is_relative_to(Path(root).resolve()) for root in ROOTS):
        raise ToolFailed("refused", say("%(path)s leads out of where restores may be written", path=str(place)))


def _live(copy: Copy) -> str:
    return str(component_settings(copy.policy.component).get("dsn", ""))
