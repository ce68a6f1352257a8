"""Keeps a scratch place on another host: makes it, measures it, and removes it with all that runs in it when whoever
asked for it says nothing any more. What dead keepers left is removed first.

It is sent there as text and run by Python 3.9 or newer, so it imports nothing of Mainstay; ``far_host.py`` starts it.
It hears a sign every few seconds by its standard input; the end of that, which comes with the end of the connection, or
silence is the end of the place. It says two lines of JSON: what it made, and why it ended.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PREFIX, _FRESH = "mainstay-far-", "mainstay-fresh-"
SILENCE = 60.0
"""Seconds without a sign after which nobody is there any more."""
_STEP, _PATIENCE = 0.3, 20.0
BLOCK = 512
"""Bytes, as ``st_blocks`` counts them."""


def main(base: Path, room: int, floor: int) -> None:
    """Keep a place below ``base`` that takes at most ``room`` bytes and leaves ``floor`` on its disk."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sweep(base)
    place, lock = _made(base)
    try:
        programs = {path.parent.name: str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")}
        mariadb = shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
        free = shutil.disk_usage(place).free
        _say(place=str(place), free=free, root=os.geteuid() == 0, postgresql=programs, mariadb=mariadb or "")
        _say(ended=_kept(place, room, floor))  # before it is removed, for then its programs fail
    finally:
        remove(place)
        os.close(lock)


def sweep(base: Path) -> None:
    """Remove the places whose keepers are dead: nobody holds their locks."""
    for place in base.glob(f"{PREFIX}*"):
        try:
            if place.is_symlink() or place.stat().st_uid != os.geteuid():
                continue
            lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(place)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def _made(base: Path) -> tuple[Path, int]:
    """A place that bears its name only once its lock is held."""
    fresh = Path(tempfile.mkdtemp(prefix=_FRESH, dir=base))
    lock = os.open(fresh / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return fresh.rename(base / fresh.name.replace(_FRESH, PREFIX)), lock


def _kept(place: Path, room: int, floor: int) -> str:
    """Until somebody or something ends it; why."""
    heard, pause = time.monotonic(), _STEP
    while True:
        if select.select([0], [], [], pause)[0]:
            if not os.read(0, 4096):
                return "closed"
            heard = time.monotonic()
        began = time.monotonic()
        if began - heard > SILENCE:
            return "silent"
        if sum(blocks(place)) * BLOCK > room:
            return "room"
        if shutil.disk_usage(place).free < floor:
            return "floor"
        pause = max(_STEP, 4 * (time.monotonic() - began))


def blocks(place: "Path | str") -> Iterator[int]:
    """Of each file below; what goes while it is looked at takes nothing."""
    try:
        with os.scandir(place) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    yield from blocks(one.path)
                else:
                    yield one.stat(follow_symlinks=False).st_blocks
    except OSError:
        return


def remove(place: Path) -> None:
    """End what runs in there, and remove it."""
    end = time.monotonic() + _PATIENCE
    while (found := [pid for pid in _all() if _in(place, pid)]) and time.monotonic() < end:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    shutil.rmtree(place, onerror=_unlock)


def _unlock(function: Callable[..., Any], name: str, _error: object) -> None:
    """A directory that may not be written is no reason to stay."""
    try:
        os.chmod(os.path.dirname(name), 0o700)  # noqa: PTH101, PTH120
        function(name)
    except OSError:
        pass


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]  # noqa: PTH208


def _in(place: Path, pid: int) -> bool:
    try:
        return place in (where := Path(os.readlink(f"/proc/{pid}/cwd"))).parents or where == place  # noqa: PTH115
    except OSError:
        return False


def _say(**values: Any) -> None:
    try:
        os.write(1, json.dumps(values).encode() + b"\n")
    except OSError:
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
