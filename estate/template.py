"""A cluster with the seed already restored, kept between starts: the second start is a copy.

The cache key names everything that goes into it: the dump, the server's version and this code.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from estate import database, postgres
from estate.layout import CACHE, PACKAGE, SEED_DUMP
from estate.supervisor import free_port


def copy_to(server: postgres.Server, data: Path) -> str:
    """Put a restored cluster at `data`; returns its administrator's first password."""
    try:
        home = _cached(server)
    except PermissionError:  # a checkout we may only read: restore on the spot
        return _make(server, data)
    subprocess.run(["cp", "-a", "--reflink=auto", str(home / "cluster"), str(data)], check=True)
    return (home / "password").read_text()


def _key(server: postgres.Server) -> str:
    digest = hashlib.sha256(f"{server.bin}|{server.major}|{server.user}".encode())
    for path in (SEED_DUMP, PACKAGE / "postgres.py", PACKAGE / "template.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cached(server: postgres.Server) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    home = CACHE / f"postgresql{server.major}-{_key(server)}"
    if (home / "password").exists():
        return home
    draft = CACHE / f".draft-{secrets.token_hex(4)}"
    draft.mkdir(mode=0o755)
    try:
        password = _make_elsewhere(server, draft / "cluster")
        (draft / "password").touch(mode=0o600)
        (draft / "password").write_text(password)
        _replace(home, draft)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home


def _replace(home: Path, draft: Path) -> None:
    """Publish the new template and drop the outdated ones; whoever was first wins."""
    for outdated in CACHE.glob(home.name.split("-")[0] + "-*"):
        if outdated != home:
            shutil.rmtree(outdated, ignore_errors=True)
    try:
        draft.rename(home)
    except OSError:
        if not (home / "password").exists():
            raise


def _make_elsewhere(server: postgres.Server, data: Path) -> str:
    """Make the cluster where its server's account may go; a checkout in root's home is closed to it."""
    with tempfile.TemporaryDirectory(prefix="estate-seed-") as workshop:
        Path(workshop).chmod(0o755)
        postgres.check_reachable(server, Path(workshop))
        made = Path(workshop) / "cluster"
        password = _make(server, made)
        subprocess.run(["cp", "-a", "--reflink=auto", str(made), str(data)], check=True)
    return password


def _make(server: postgres.Server, data: Path) -> str:
    password, port = secrets.token_hex(12), free_port()
    postgres.make_cluster(server, data, password)
    process = subprocess.Popen(
        server.command(data, port), cwd="/", stderr=subprocess.DEVNULL, start_new_session=True,
        **postgres.account(server.user),
    )  # fmt: skip
    try:
        wait_for(postgres.dsn(port, postgres.ADMIN, password, "postgres"))
        database.create(port, password)
        database.restore(server, port, password)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    return password


def wait_for(address: str, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while not postgres.answers(address):
        if time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.1)
