"""Orders left at every stage, so that a fresh estate looks like a working day. Uses proteus."""

from __future__ import annotations

import datetime as dt
from typing import Any

from estate.seeding.money import pay
from estate.seeding.sales import confirm, customers, new_sale, post, ship
from estate.seeding.session import Erp

EACH = 2
STAGES = [
    "draft", "quotation", "waiting", "assign_try", "pick", "pack", "do", "posted", "submit", "process", "succeed",
]  # fmt: skip


def leave_open(erp: Erp) -> None:
    impatient = [party for party in customers(erp) if not _waits(party)]
    for stage in STAGES:
        for _ in range(EACH):
            _open_at(erp, erp.dice.choice(impatient), stage)
    patient = [party for party in customers(erp) if _waits(party)]
    for party in patient[:3]:
        _open_at(erp, party, "posted")
    for party in patient:
        _call_off(erp, party)


def _waits(party: Any) -> bool:
    return any(category.name == "Pays when due" for category in party.categories)


def _open_at(erp: Erp, customer: Any, stage: str) -> None:
    reached = STAGES.index(stage)
    sale = new_sale(erp, customer, erp.today)
    sale.save()
    if reached == 1:
        sale.click("quote")
    if reached < 2:
        return
    confirm(erp, [sale])
    if reached > 2:
        ship(erp, list(sale.shipments), erp.today, STAGES[min(reached, STAGES.index("do"))])
    if reached < STAGES.index("posted"):
        return
    sale.reload()
    post(erp, list(sale.invoices), erp.today)
    if reached > STAGES.index("posted"):
        pay(erp, list(sale.invoices), erp.today, "receivable", stage)


def _call_off(erp: Erp, customer: Any) -> None:
    """Ordered now, to be delivered tomorrow: nobody touches it today."""
    sale = new_sale(erp, customer, erp.today)
    sale.shipping_date = erp.today + dt.timedelta(days=1)
    sale.save()
    confirm(erp, [sale])
