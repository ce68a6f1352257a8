"""A Mainstay of its own for the tests that look at its pages: the web process and the command line."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests import forked
from tests.servers import free_port
from tests.workspace import make_ready, own_database

PASSWORD = "correct-horse-battery"
CATALOGUE = """
system: shop
title: {en: Online shop, zh: 网上商城}
tier: 1
components:
  db: {kind: postgresql, dsn: "postgresql://127.0.0.1:1/x", title: {en: Database, zh: 数据库}}
  app: {kind: http, url: "http://127.0.0.1:1/", depends_on: [db], title: {en: Application, zh: 应用}}
checks:
  home: {title: {en: The shop answers, zh: 商城可访问}, probe: {kind: http, on: app}, impact: outage}
"""


class Served:
    """A Mainstay of its own: the web process and the command line."""

    def __init__(self, folder: Path, catalogue: str = CATALOGUE, role: str = "administrator") -> None:
        self.folder, self.port = folder, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "MAINSTAY_WORKSPACE": str(folder), **own_database()}
        self.environment["DJANGO_SETTINGS_MODULE"] = "mainstay.settings"
        (folder / "mainstay.toml").write_text(f'port = {self.port}\nbase_url = "{self.base}"\n')
        (folder / "catalogue").mkdir()
        make_ready(folder, self.environment)
        self.call("user", "add", "ann", "--role", role, "--password-stdin", given=PASSWORD)
        if catalogue:
            (folder / "catalogue" / "shop.yaml").write_text(catalogue)
            self.call("apply", str(folder / "catalogue"))

    def call(self, *words: str, given: str = "") -> str:
        done = forked.run("mainstay", *words, environment=self.environment, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, script: str) -> str:
        """What a piece of Python printed, in a process of its own with the workspace's settings."""
        done = forked.run("-c", script, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        """The web process alone."""
        return self._run("uvicorn", "mainstay.web.server:application", "--port", str(self.port))

    def up(self) -> subprocess.Popen[bytes]:
        """All of it, as users run it."""
        return self._run("mainstay", "up")

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.base}/sign-in/", timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return process
        raise TimeoutError("the pages did not come up")
