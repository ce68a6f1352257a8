"""The files of a whole MariaDB server, made fit to start, in a new directory: a server's data directory.

It is prepared with all that it rests on, and every page is looked at, before the directory takes its name. A server
that starts from it must own it, and be of the version that was copied.
"""

import shutil
from pathlib import Path

from mainstay.domain.saying import say
from mainstay.drivers import mariadb_prepared, staging
from mainstay.drivers.backup_tools import Run, ToolFailed
from mainstay.drivers.landings import directory


class Landing(directory.Landing):
    """Below ``target.place``, which does not exist or is empty."""

    def look(self, needed: int) -> None:
        if self._target.only:
            raise ToolFailed(
                "refused", say("a physical copy goes into a directory whole; single tables go into a new database")
            )
        super().look(needed)

    def rooms(self, loaded: Path) -> list[tuple[Path, tuple[str, ...]]]:
        self.sweep()
        return [(loaded, ())]

    def build(self, run: Run) -> None:
        data = mariadb_prepared.opened(run, self._target.point)
        pages = mariadb_prepared.pages(data, run.until)
        if not pages.ok:
            raise ToolFailed("damaged", f"{pages.name}: {pages.detail}")
        staging.ensure_room(self._built.parent, staging.size_of(data))
        shutil.copytree(data, self._built)
        shutil.rmtree(data)
