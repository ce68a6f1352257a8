"""Purchases from order to paid bill. Uses proteus."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from estate.seeding.money import pay
from estate.seeding.session import Erp


def buy(erp: Erp, count: int) -> None:
    suppliers = erp.all("party.party", ("categories.name", "=", "Supplier"))
    for number, day in enumerate(erp.workdays(count, 60, 3), start=1):
        purchase = _order(erp, erp.dice.choice(suppliers), day)
        _receive(erp, purchase, day, number)
        purchase.reload()
        for bill in purchase.invoices:
            bill.invoice_date = day
            bill.reference = f"NW-{bill.party.id}-{number:05d}"
        erp.model("account.invoice").click(list(purchase.invoices), "post")
        pay(erp, list(purchase.invoices), min(day + dt.timedelta(days=2), erp.today), "payable")


def _order(erp: Erp, supplier: Any, day: dt.date) -> Any:
    purchase = erp.model("purchase.purchase")(party=supplier, purchase_date=day)
    purchase.invoice_method = "fulfillment"
    goods = erp.known("product.product", ("type", "=", "goods"))
    for product in erp.dice.sample(goods, erp.dice.randint(1, 3)):
        line = purchase.lines.new()
        line.product = product
        line.quantity = float(erp.dice.randint(10, 40))
        line.unit_price = (product.list_price_used * Decimal("0.6")).quantize(Decimal("0.0001"))
    purchase.save()
    purchase.click("quote")
    purchase.click("confirm")
    return purchase


def _receive(erp: Erp, purchase: Any, day: dt.date, number: int) -> None:
    shipment = erp.model("stock.shipment.in")(supplier=purchase.party, reference=f"DN-{number:05d}")
    shipment.effective_date = day
    for move in purchase.moves:
        shipment.incoming_moves.append(erp.model("stock.move")(move.id))
    shipment.save()
    shipment.click("receive")
    shipment.click("do")
