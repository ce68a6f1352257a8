"""Gives the whole test run a workspace of its own, before the settings are read; loaded by ``-p tests.workspace``.

With ``MAINSTAY_TEST_DATABASE=postgresql`` Mainstay's own data are kept in a PostgreSQL that is started for the run.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests import forked, servers

if "MAINSTAY_TEST_WORKSPACE" not in os.environ:  # workers started by pytest-xdist share their parent's
    _directory = tempfile.mkdtemp(prefix="mainstay-tests-")
    os.environ["MAINSTAY_TEST_WORKSPACE"] = _directory
    atexit.register(shutil.rmtree, _directory, ignore_errors=True)
    if os.environ.get("MAINSTAY_TEST_DATABASE") == "postgresql":
        _stack = contextlib.ExitStack()
        os.environ["MAINSTAY_DATABASE"] = _stack.enter_context(servers.postgresql(max_connections=200))
        atexit.register(_stack.close)
os.environ["MAINSTAY_WORKSPACE"] = os.environ["MAINSTAY_TEST_WORKSPACE"]


def own_database() -> dict[str, str]:
    """The environment in which a workspace of a test's own has a database of its own, of the kind under test."""
    server = os.environ.get("MAINSTAY_DATABASE")
    if not server:
        return {}
    name = f"own_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}")
    return {"MAINSTAY_DATABASE": urlsplit(server)._replace(path=f"/{name}").geturl()}


def make_ready(folder: Path, environment: Mapping[str, str]) -> None:
    """What ``mainstay migrate`` does in an empty workspace; with SQLite it is done once, and copied."""
    if environment.get("MAINSTAY_DATABASE"):
        done = forked.run("mainstay", "migrate", environment=environment, cwd=folder)
        assert done.returncode == 0, done.stderr
        return
    (folder / "data").mkdir(exist_ok=True)
    shutil.copy(_migrated(), folder / "data" / "mainstay.sqlite3")


@cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="migrated-", dir=os.environ["MAINSTAY_TEST_WORKSPACE"]))
    environment = {key: value for key, value in os.environ.items() if key != "MAINSTAY_DATABASE"}
    done = forked.run("mainstay", "migrate", environment={**environment, "MAINSTAY_WORKSPACE": str(folder)})
    assert done.returncode == 0, done.stderr
    return folder / "data" / "mainstay.sqlite3"
