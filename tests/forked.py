"""Commands in processes of their own, forked from one that has read the libraries.

To read what it is built from takes a command a second, and the tests call hundreds. The parent has read libraries only:
no settings, no workspace and nothing of Mainstay that would look for them, so each command begins as it would alone.
"""

import atexit
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
READ = (
    "cryptography.fernet", "django.contrib.auth", "django.contrib.messages", "django.core.management",
    "django.core.serializers.json", "django.db.backends.sqlite3.base", "django.db.migrations.executor",
    "django.db.models", "django.forms", "django.http", "django.template", "django.template.response", "django.urls",
    "django.utils.autoreload", "mainstay.domain.document", "mainstay.drivers.probes", "pydantic", "rich.console",
    "rich.table", "typer", "yaml",
)  # fmt: skip


def run(
    *words: str, environment: Mapping[str, str], given: str = "", cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """``python -m words…``, or ``python -c code`` when the first word is ``-c``: what it printed, and its exit code."""
    with tempfile.TemporaryDirectory(prefix="mainstay-forked-") as folder:
        files = {name: Path(folder, name) for name in ("in", "out", "err")}
        files["in"].write_text(given, encoding="utf-8")
        job = {"words": words, "environment": dict(environment), "cwd": str(cwd)}
        code = _parent().ask({**job, **{name: str(path) for name, path in files.items()}})
        out, err = (files[name].read_bytes().decode() for name in ("out", "err"))
    return subprocess.CompletedProcess(words, code, out, err)


class _Parent:
    """The process that has read the libraries; ends when this one does."""

    def __init__(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(theirs[0]), str(ours[1])],
            pass_fds=(theirs[0], ours[1]), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        os.close(theirs[0])
        os.close(ours[1])
        self._say, self._hear = os.fdopen(theirs[1], "w"), os.fdopen(ours[0])
        self._one_at_a_time = threading.Lock()

    def ask(self, job: Mapping[str, Any]) -> int:
        with self._one_at_a_time:
            self._say.write(json.dumps(job) + "\n")
            self._say.flush()
            return int(self._hear.readline())


@cache
def _parent() -> _Parent:
    return _Parent()


def _serve(hear: int, say: int) -> None:
    for name in READ:
        importlib.import_module(name)
    jobs, answers = os.fdopen(hear), os.fdopen(say, "w")
    for line in jobs:
        if not (child := os.fork()):
            jobs.close()
            answers.close()
            _become(json.loads(line))
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _become(job: Mapping[str, Any]) -> NoReturn:
    os.setsid()
    for number, name in enumerate(("in", "out", "err")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY, 0o600), number)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["cwd"])
    first, *words = job["words"]
    sys.argv = [first] if first == "-c" else [first, *words]
    code = 0
    try:
        if first == "-c":
            exec(compile(words[0], "<string>", "exec"), {"__name__": "__main__"})
        else:
            runpy.run_module(first, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    _end(code)


def _end(code: int) -> NoReturn:
    """As an interpreter ends, without taking down all that was read, which costs as much as a command."""
    threading._shutdown()  # type: ignore[attr-defined]  # threads end by nothing public
    atexit._run_exitfuncs()
    if "mainstay.settings" in sys.modules:
        sys.modules["django.db"].connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(*map(int, sys.argv[1:]))
