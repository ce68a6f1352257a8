"""Sales from order to paid invoice, many at a time as a clerk clicks a list. Uses proteus."""

from __future__ import annotations

import datetime as dt
from typing import Any

from estate.seeding.money import pay
from estate.seeding.session import Erp

BATCH = 20


def new_sale(erp: Erp, customer: Any, day: dt.date) -> Any:
    sale = erp.model("sale.sale")(party=customer, sale_date=day)
    sale.reference = f"PO-{erp.dice.randrange(10**7):07d}"
    sale.carrier = erp.dice.choice(erp.known("carrier"))
    goods = erp.known("product.product", ("type", "=", "goods"))
    for product in erp.dice.sample(goods, erp.dice.randint(1, 4)):
        line = sale.lines.new()
        line.product = product  # only now: the taxes follow from the order the line belongs to
        line.quantity = float(erp.dice.randint(1, 8))
    return sale


def customers(erp: Erp) -> list[Any]:
    return erp.known("party.party", ("categories.name", "=", "Customer"))


def sell(erp: Erp, count: int) -> None:
    """`count` finished sales over the last two months."""
    days = erp.workdays(count, 60, 3)
    for start in range(0, count, BATCH):
        chunk = days[start : start + BATCH]
        _finish(erp, len(chunk), chunk[-1])


def _finish(erp: Erp, count: int, day: dt.date) -> None:
    sales = [new_sale(erp, erp.dice.choice(customers(erp)), day) for _ in range(count)]
    erp.model("sale.sale").save(sales)
    confirm(erp, sales)
    ship(erp, [shipment for sale in sales for shipment in sale.shipments], day)
    erp.model("sale.sale").reload(sales)
    invoices = [invoice for sale in sales for invoice in sale.invoices]
    post(erp, invoices, day)
    paid_on = min(day + dt.timedelta(days=erp.dice.randint(0, 2)), erp.today)
    pay(erp, invoices, paid_on, "receivable")


def confirm(erp: Erp, sales: list[Any]) -> None:
    erp.model("sale.sale").click(sales, "quote")
    erp.model("sale.sale").click(sales, "confirm")


def ship(erp: Erp, shipments: list[Any], day: dt.date, last: str = "do") -> None:
    """Take shipments through the warehouse up to and including the step named `last`."""
    steps = ["assign_try", "pick", "pack", "do"]
    for shipment in shipments:
        shipment.effective_date = day
    for step in steps[: steps.index(last) + 1]:
        erp.model("stock.shipment.out").click(shipments, step)


def post(erp: Erp, invoices: list[Any], day: dt.date) -> None:
    for invoice in invoices:
        invoice.invoice_date = day
    erp.model("account.invoice").click(invoices, "post")
