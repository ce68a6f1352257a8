"""Faults of the machine's own resources."""

from __future__ import annotations

from pathlib import Path

from estate import disk
from estate.faults.base import Fault


class DiskNearlyFull(Fault):
    """The estate's small disk is filled to 97 percent."""

    name = "disk-nearly-full"
    title = {"en": "A disk is nearly full", "zh": "磁盘空间将满"}
    category = "system"
    level = 2
    detect_within = 120
    trips = ("disk",)
    share = 0.97

    def break_(self) -> None:
        self.remember()
        disk.fill(Path(self.facts["disk_dir"]), self.share)

    def mend(self) -> None:
        disk.empty(Path(self.facts["disk_dir"]))
