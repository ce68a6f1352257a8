"""The process: ``python -m mainstay.checker.main [NAME]``."""

import asyncio
import gc
import logging
import os
import resource
import signal
import sys

import django
import uvloop
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from mainstay.checker.checker import Checker  # noqa: E402 - Django must be set up before models are imported
from mainstay.checker.clock import Clock  # noqa: E402
from mainstay.checker.desk import Desk  # noqa: E402
from mainstay.checker.leases import AdvisoryLocks, Alone, Leases  # noqa: E402

_log = logging.getLogger(__name__)


def run(name: str = "checker") -> None:
    """Watch until SIGTERM or SIGINT. ``name`` tells several checkers apart: it begins with ``checker``."""
    _raise_file_limit()
    sys.setswitchinterval(0.001)  # a batch being written must not hold up the looks
    gc.set_threshold(50_000, 20, 50)  # thousands of short-lived results a second would start it all the time
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_watch(name))


async def _watch(name: str) -> None:
    clock = Clock()
    checker = Checker(Desk(name, clock.wall), leases(), settings.NETWORK, clock, settings.PLUGINS)
    loop = asyncio.get_running_loop()
    for word in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(word, checker.stop)
    await checker.run()


def leases() -> Leases:
    """Alone on SQLite; on PostgreSQL shared with whoever else watches."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.postgresql":
        return Alone()
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return AdvisoryLocks({key: database[name] for key, name in names.items() if database.get(name)})


def _raise_file_limit() -> None:
    """As many sockets as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    run(*sys.argv[1:2])
