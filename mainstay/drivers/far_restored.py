"""What a copy that was restored on another host has besides: of a connection that was cut, that it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pymysql

from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.scratch_far_server import FarServer


class FarCopy:
    """The place there, and the server in it once it was started."""

    def __init__(self, host: FarHost) -> None:
        self._host = host
        self._far: FarServer | None = None

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raises ToolFailed (unreachable, no-space) for what fails because the way there, or the place, is gone."""
        try:
            yield
        except (ToolFailed, psycopg.Error, pymysql.MySQLError):
            if why := self.lost():
                raise why from None
            raise

    def lost(self) -> ToolFailed | None:
        """Why what was found may be the connection's doing, and not the copy's; None when it is not."""
        if (why := self._host.ended()) or self._far is None:
            return why
        return self._host.cut() if self._far.lost() else None
