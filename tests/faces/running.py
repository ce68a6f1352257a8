"""``mainstay up`` in a workspace, as a person runs it: all processes, a port of its own, ended by Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import forked
from tests.servers import free_port

PROGRAM = [sys.executable, "-m", "mainstay"]

PATIENCE = 120.0
"""Seconds that a test waits for what must come; nothing is asserted about how long it took."""

LOOPBACK = '\n[networks]\nallowed = ["127.0.0.0/8"]\n'


class Workspace:
    """``program`` is ``mainstay`` as it is called there; ``folder`` is where it is called."""

    def __init__(self, folder: Path, program: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self.folder, self.port = folder, free_port()
        self.program = list(program) or PROGRAM
        dropped = ("MAINSTAY_WORKSPACE", "MAINSTAY_DATABASE", "LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
        self.environment = {key: value for key, value in os.environ.items() if key not in dropped}
        self.environment |= {"MAINSTAY_PORT": str(self.port), **(environment or {})}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        if self.program == PROGRAM:
            return forked.run("mainstay", *words, environment=self.environment, given=given, cwd=self.folder)
        return subprocess.run(
            [*self.program, *words], cwd=self.folder, env=self.environment, input=given, text=True,
            capture_output=True, check=False, start_new_session=True,
        )  # fmt: skip

    def done(self, *words: str, given: str = "") -> str:
        """What it prints, when it ends well."""
        found = self(*words, given=given)
        assert found.returncode == 0, (words, found.stdout, found.stderr)
        return found.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """Yields when the page answers."""
        log = self.folder / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self.program, "up"], cwd=self.folder, env=self.environment, stdout=output, stderr=output
            )

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return self.get("/sign-in/")[0] == 200
            except OSError:
                return False

        try:
            until(answers)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                process.kill()
        assert process.returncode == 0, log.read_text()


def until(holds: Callable[[], Any]) -> Any:
    """Wait for what must come, and hand it on."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, f"did not come within {PATIENCE:g} s"
        time.sleep(0.2)
    return found
