"""A server for a restored copy on another host: reached there by a socket file in a closed directory alone, and from
here by a socket file that leads to it through SSH. It ends with the connection."""

import time
from contextlib import suppress
from pathlib import Path

from mainstay.drivers import scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.program import Limits
from mainstay.drivers.scratch_server import MEMORY

KIND = "far"
_PAUSE = 0.1
_POLITE = Limits(nice=10, memory=MEMORY)


class FarServer:
    """What the server of each maker has in common, from ``_begin`` to ``close``. ``home``: our own directory for its
    socket and log; ``there``: where its socket and ``data`` lie on that host."""

    def __init__(self, host: FarHost, directory: Path, until: float) -> None:
        """``until`` in monotonic seconds. Raises ToolFailed."""
        self._host, self._directory, self._until = host, directory, until
        self._closed = self._lost = False
        self.there = host.path / "server"
        self.home = scratch_place.home(directory, KIND, "")
        self.log = self.home / "log"
        host.run(["mkdir", "-m", "700", str(self.there), str(self.there / "socket")], until=until)

    def _make(self, words: list[str]) -> None:
        """An empty data directory, by the maker's own program."""
        self._host.run(words, until=self._until, limits=_POLITE)

    def _begin(self, words: list[str], socket: str, stop: int) -> None:
        """Start it, and wait until it answers by its ``socket``."""
        limits = Limits(nice=10, memory=MEMORY, stop=stop, patience=5)
        self._server = self._host.running(words, limits, self.log)
        try:
            self._tunnel = self._host.tunnel(self.there / "socket" / socket, self.home / "socket" / socket, self._until)
        except BaseException:
            self._server.end()
            raise
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        """Whether it takes a session, and the way there stands."""
        raise NotImplementedError

    def lost(self) -> bool:
        """Whether the way there is gone, or was before it was closed, or the server is."""
        return self._lost if self._closed else not self._answers()

    def close(self) -> None:
        """End it. Its files go with the place there."""
        self._closed, self._lost = True, self._tunnel.process.poll() is not None
        self._tunnel.end()
        self._server.end()
        with suppress(OSError):
            scratch_place.remove(self._directory, KIND)

    def _wait(self) -> None:
        while not self._answers():
            if self._server.process.poll() is not None:
                raise self._host.ended() or ToolFailed("refused", f"the scratch server ended: {self._said()}")
            if time.monotonic() > self._until:
                raise ToolFailed("timeout", f"the scratch server did not start in time: {self._said()}")
            time.sleep(_PAUSE)

    def _said(self) -> str:
        return self.log.read_text(errors="replace").strip()[-500:]


def sweep(directory: Path) -> None:
    """Remove what a run that was killed left here; there the keeper does it."""
    scratch_place.remove(directory, KIND)
