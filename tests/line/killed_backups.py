"""Run as ``python -m tests.line.killed_backups FOLDER POINT…`` in a workspace of its own: kills a worker at each point,
lets another finish, and prints what was found after each as JSON."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import psutil

django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first
from django.db import connections  # noqa: E402

from mainstay.backups import actions  # noqa: E402
from mainstay.backups.models import Copy, Job, Proof, Repository  # noqa: E402
from mainstay.drivers.restic import Restic  # noqa: E402
from mainstay.engine import backup_worker  # noqa: E402
from mainstay.engine.jobs import backup, bench, copied_rules, forward, leftovers, places, prove, prune  # noqa: E402
from tests.line.copied_shop import ANN, Shop  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(place: Any, name: str) -> Callable[[], None]:
    """Dies when it is about to call it."""
    return lambda: setattr(place, name, die)


def after(place: Any, name: str) -> Callable[[], None]:
    """Dies when it has called it, before it has seen the result."""

    def patch() -> None:
        real = getattr(place, name)

        def dying(*given: Any, **more: Any) -> Any:
            real(*given, **more)
            die()

        setattr(place, name, dying)

    return patch


def within(name: str, word: str) -> Callable[[], None]:
    """Dies while a restic command runs."""

    def patch() -> None:
        real = getattr(Restic, name)

        def dying(self: Restic, words: Any, *given: Any, **more: Any) -> Any:
            if word in words:
                threading.Timer(0.1, die).start()
            return real(self, words, *given, **more)

        setattr(Restic, name, dying)

    return patch


POINTS: dict[str, tuple[str, Callable[[], None]]] = {
    "backup: nothing begun": ("backup", before(backup, "_require_room")),
    "backup: the tool has left its files": ("backup", before(Restic, "save")),
    "backup: restic is saving": ("backup", within("_run", "backup")),
    "backup: saved, not looked behind": ("backup", after(Restic, "save")),
    "backup: about to be kept": ("backup", before(actions, "keep_copy")),
    "backup: kept, not committed": ("backup", before(actions, "follow_up")),
    "forward: brought, not written down": ("forward", after(Restic, "forward")),
    "prune: struck off, still there": ("prune", after(actions, "drop")),
    "prune: restic is pruning": ("prune", within("_run", "prune")),
    "prune: gone, not written down": ("prune", before(actions, "finish")),
    "prove: loaded": ("prove", after(Restic, "load")),
    "prove: looking": ("prove", before(copied_rules, "gates")),
    "prove: about to be kept": ("prove", before(actions, "keep_proof")),
}  # fmt: skip
_ = (bench, forward, prove, prune)  # what is patched is looked up in these


def forked(act: Callable[[], object]) -> int:
    """In a process of its own; the signal that ended it."""
    connections.close_all()
    child = os.fork()
    if not child:
        os.setsid()
        act()
        time.sleep(0.2)  # for a death that is timed
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def work(patch: Callable[[], None]) -> None:
    job = actions.lease(f"run-{os.getpid()}", datetime.now(UTC))
    assert job is not None
    patch()
    backup_worker.work(job, bench.Progress())


def locks(shop: Shop) -> int:
    return sum(1 for store in (shop.vault, shop.away) for _ in (store / "shop/nightly/locks").iterdir())


def programs(shop: Shop) -> int:
    """Programs that still work on the repositories."""
    found = 0
    for process in psutil.process_iter(["cmdline", "environ"]):
        environ, words = process.info["environ"] or {}, process.info["cmdline"] or [""]
        found += str(shop.folder) in environ.get("RESTIC_REPOSITORY", "") and "restic" in words[0]
    return found


def snapshots(shop: Shop) -> int:
    return sum(1 for store in (shop.vault, shop.away) for _ in (store / "shop/nightly/snapshots").iterdir())


def seen(shop: Shop) -> dict[str, Any]:
    return {
        "copies": Copy.objects.filter(dropped_at=None).count(), "proofs": Proof.objects.count(), "locks": locks(shop),
        "snapshots": snapshots(shop), "places": len(places.numbers()),
    }  # fmt: skip


def killed(shop: Shop, act: str, patch: Callable[[], None]) -> dict[str, Any]:
    Job.objects.filter(state="waiting").delete()
    made = shop.asked(act)
    stood = seen(shop)
    ended = forked(lambda: work(patch))
    deadline = time.monotonic() + 20
    while programs(shop) and time.monotonic() < deadline:
        time.sleep(0.05)
    left, after_kill = programs(shop), seen(shop)
    assert ended == signal.SIGKILL, f"{act}: the point was never reached"
    (lost,) = actions.reclaim(datetime.now(UTC), dead={made.pk: "its worker was ended by signal 9"})
    leftovers.sweep(places.place(made.pk))
    clean = {"places": len(places.numbers())}
    Job.objects.filter(pk=made.pk).update(not_before=None)
    again = forked(lambda: work(lambda: None))
    row = Job.objects.get(pk=made.pk)
    return {
        "before": stood, "signal": ended, "programs": left, "after": after_kill, "lost": lost.state, "clean": clean,
        "again": again, "state": row.state, "problem": row.problem, "story": [entry["word"] for entry in row.story],
        "end": seen(shop), "unclean": sum(len(row.unclean) for row in Repository.objects.all()),
    }  # fmt: skip


def finish(most: int = 20) -> None:
    """All jobs that wait, or so many."""
    for number in range(most):
        if (job := actions.lease(f"finish-{number}", datetime.now(UTC))) is None:
            return
        backup_worker.work(job, bench.Progress())


def points(folder: Path, names: list[str]) -> dict[str, Any]:
    keep = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0}
    shop = Shop(folder, stores=["vault", "away"], keep=keep, prove={"after_each": False})
    actions.ask("shop/nightly", actor=ANN)
    finish()
    found = {}
    for name in names:
        act, patch = POINTS[name]
        if act in ("forward", "prune"):  # something to bring; or at both sites, so that an older one may go
            actions.ask("shop/nightly", actor=ANN)
            finish(1 if act == "forward" else 20)
        found[name] = killed(shop, act, patch)
    return found


def engine(folder: Path) -> dict[str, Any]:
    """The engine is killed while a worker of its own is saving slowly, and started again."""
    shop = Shop(folder, rate=0.05, prove={"after_each": False})
    shop.change("create table noise (bytes blob)", "insert into noise values (randomblob(1500000))")
    job = actions.ask("shop/nightly", actor=ANN)
    first = started()
    try:
        wait(lambda: Job.objects.get(pk=job.pk).progress.get("stage") == "saving")
        family = psutil.Process(first.pid).children(recursive=True)
    finally:
        first.kill()
        first.wait()
    gone, alive = psutil.wait_procs(family, timeout=20)
    during = seen(shop)
    Job.objects.filter(pk=job.pk).update(leased_until=datetime.now(UTC) - timedelta(seconds=1))
    shop.apply(rate=0, prove={"after_each": False})
    second = started()
    try:
        wait(lambda: Job.objects.get(pk=job.pk).state == "waiting")
        Job.objects.filter(pk=job.pk).update(not_before=None)
        wait(lambda: Job.objects.get(pk=job.pk).state == "done")
        second.terminate()
        code = second.wait(30)
    finally:
        second.kill()
    words = [entry["word"] for entry in Job.objects.get(pk=job.pk).story]
    return {"family": len(gone), "alive": len(alive), "during": during, "end": seen(shop), "story": words, "code": code}


def started() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "mainstay.engine.main"])


def wait(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not met():
        assert time.monotonic() < deadline, list(Job.objects.values())
        time.sleep(0.1)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    where = Path(sys.argv[1])
    print(json.dumps(engine(where) if sys.argv[2:] == ["engine"] else points(where, sys.argv[2:])))
