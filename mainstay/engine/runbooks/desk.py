"""Keeps runs and their drives together: what has no drive gets one, what was knocked at is told, what lost its process
is taken over, what is over is forgotten."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mainstay.engine.runbooks.durable import LIVE, Durable
from mainstay.runbooks import queries
from mainstay.runbooks.actions import driving as notes
from mainstay.runbooks.models import Run

_log = logging.getLogger(__name__)

FORGET = 600.0
"""Seconds between two looks for drives that are over."""


@dataclass(slots=True)
class Desk:
    """One round is cheap: a query while nothing is under way."""

    durable: Durable
    steady: Callable[[], float] = time.monotonic
    forgot: float = field(default_factory=time.monotonic)

    def step(self) -> int:
        """How many runs are open."""
        runs = self._open()
        if runs:
            if gone := self.durable.take_over(self.steady()):
                notes.left_by(gone)
                runs = self._open()
            self._keep(runs)
        if self.steady() - self.forgot > FORGET:
            self.forgot = self.steady()
            self.durable.forget(self.durable.ended())
        return len(runs)

    @staticmethod
    def _open() -> list[Run]:
        return list(queries.open_runs().only("pk", "drive", "knocks", "heard"))

    def _keep(self, runs: list[Run]) -> None:
        states = self.durable.states(row.drive for row in runs if row.drive)
        for row in runs:
            state = states.get(row.drive, "")
            if state not in LIVE:
                if state:
                    _log.info("run %s is driven anew: its drive is %s", row.pk, state)
                self.durable.start(notes.drive_as(row, over=row.drive if state else ""), row.pk)
                notes.heard(row.pk, row.knocks)
            elif row.knocks > row.heard:
                self.durable.knock(row.drive, row.knocks)
                notes.heard(row.pk, row.knocks)
