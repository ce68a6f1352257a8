"""The seeding steps in their order, run as a process of its own.

Imports proteus and trytond (GPL) through the other files of this package; `TRYTOND_CONFIG` must be set.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from estate.seeding.company import found_company, open_bank, open_books, set_up_accounts
from estate.seeding.inflight import leave_open
from estate.seeding.money import enter_statements
from estate.seeding.partners import (
    count_opening_stock,
    make_carriers,
    make_categories,
    make_customers,
    make_goods,
    make_suppliers,
)
from estate.seeding.people import hire_staff, make_monitoring_group, part_with_leaver, staff_the_scheduler
from estate.seeding.purchases import buy
from estate.seeding.sales import sell
from estate.seeding.session import Erp
from estate.seeding.variants import vary

SET_UP: list[Callable[[Erp], None]] = [
    found_company, open_books, set_up_accounts, open_bank, make_categories, make_customers, make_suppliers,
    make_goods, count_opening_stock, make_carriers, make_monitoring_group, hire_staff, part_with_leaver,
    staff_the_scheduler,
]  # fmt: skip


def main(uri: str, config: str, sales: str, purchases: str) -> None:
    erp = Erp(uri, Path(config), dt.datetime.now(dt.UTC).date())
    for step in SET_UP:
        timed(step.__name__, partial(step, erp))
    timed("sell", lambda: sell(erp, int(sales)))
    timed("buy", lambda: buy(erp, int(purchases)))
    timed("vary", lambda: vary(erp))
    timed("enter_statements", lambda: enter_statements(erp))
    timed("leave_open", lambda: leave_open(erp))


def timed(what: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    print(f"{what:22} {time.monotonic() - started:7.1f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
