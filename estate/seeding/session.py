"""One in-process ERP session. Imports proteus (LGPL) and, through it, trytond (GPL)."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

from proteus import Model, Wizard, config

RANDOM_SEED = 20_26


def _print_nothing(_model: Any, _invoices: list[Any]) -> None:
    """Stands in for the rendering of invoices."""


class Erp:
    """The connection every seeding step shares: models, the day we pretend it is, and one dice."""

    def __init__(self, uri: str, config_file: Path, today: dt.date) -> None:
        self.connection = config.set_trytond(uri, user="admin", config_file=str(config_file))
        self.connection.skip_warning = True
        self.today = today
        self._known: dict[str, list[Any]] = {}
        self.dice = random.Random(RANDOM_SEED)
        # Rendering a document takes a third of the posting time and 12 kB a row; history needs none.
        self.connection.pool.get("account.invoice").print_invoice = classmethod(_print_nothing)

    def model(self, name: str) -> Any:
        return Model.get(name)

    def wizard(self, name: str, records: list[Any]) -> Any:
        return Wizard(name, records)

    def one(self, name: str, *domain: Any) -> Any:
        (found,) = self.model(name).find(list(domain), limit=1)
        return found

    def all(self, name: str, *domain: Any) -> list[Any]:
        return list(self.model(name).find(list(domain), order=[("id", "ASC")]))

    def known(self, name: str, *domain: Any) -> list[Any]:
        """The same records each time: a client keeps its master data, and so do the values read with it."""
        key = f"{name} {domain}"
        if key not in self._known:
            self._known[key] = self.all(name, *domain)
        return self._known[key]

    def days_ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def workdays(self, count: int, first: int, last: int) -> list[dt.date]:
        """`count` dates in ascending order between `first` and `last` days ago.

        Ascending matters: a strict sequence refuses an invoice dated before its predecessor.
        """
        days = [self.days_ago(ago) for ago in range(first, last - 1, -1)]
        days = [day for day in days if day.weekday() < 5]
        return sorted(self.dice.choice(days) for _ in range(count))
