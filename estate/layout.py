"""Where everything of one estate lives on disk: one directory, nothing outside it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent
SEED_DUMP = PACKAGE / "seed" / "erp.dump"
SEED_MANIFEST = PACKAGE / "seed" / "manifest.json"
SEED_BASELINE = PACKAGE / "seed" / "baseline.json"
CACHE = Path(os.environ.get("ESTATE_CACHE", CHECKOUT / ".estate-cache"))


@dataclass(frozen=True)
class Layout:
    """The paths inside the directory given with `--dir`."""

    root: Path

    @property
    def facts(self) -> Path:
        return self.root / "estate.json"

    @property
    def database(self) -> Path:
        return self.root / "postgresql"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def disk(self) -> Path:
        return self.root / "disk"

    @property
    def attachments(self) -> Path:
        """The files that people attach to the ERP's documents."""
        return self.root / "attachments"

    @property
    def vault(self) -> Path:
        """Where copies may be kept; nothing of the estate looks there."""
        return self.root / "vault"

    @property
    def second_site(self) -> Path:
        """A second place for them, which stands for another building."""
        return self.root / "second-site"

    @property
    def faults(self) -> Path:
        """One JSON file for each fault that is broken now."""
        return self.root / "faults"

    @property
    def control(self) -> Path:
        """What the running children re-read: held children, the front's delay, its certificate."""
        return self.root / "control"

    def held(self, child: str) -> Path:
        """While this file exists the supervisor leaves the child down."""
        return self.control / f"held-{child}"

    def clear(self) -> None:
        """Forget an earlier run in the same directory; refuse when it still runs."""
        supervisor = read_json(self.facts).get("supervisor_pid")
        if supervisor and b"estate" in _command_line(supervisor):
            raise RuntimeError(f"an estate is already running in {self.root}")
        for path in (self.database, self.tls, self.faults, self.control, *self._of_backups()):
            shutil.rmtree(path, ignore_errors=True)
        self.facts.unlink(missing_ok=True)

    def make(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for path in (self.logs, self.tls, self.disk, self.faults, self.control, *self._of_backups()):
            path.mkdir(exist_ok=True)

    def _of_backups(self) -> tuple[Path, ...]:
        return self.attachments, self.vault, self.second_site


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def read_json(path: Path) -> dict[str, Any]:
    """The object in the file; empty when there is no file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return dict(found)


def write_json(path: Path, value: object) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
