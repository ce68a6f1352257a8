"""Greta buys, Dirk receives the goods."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from estate.traffic.office import Office


def order_goods(office: Office) -> None:
    session = office.of("greta.buy")
    supplier = office.dice.choice(office.suppliers)
    lines = [
        {
            "product": ware.id, "unit": ware.unit, "quantity": float(office.dice.randint(50, 110)),
            "unit_price": (ware.price * Decimal("0.6")).quantize(Decimal("0.0001")),
            "taxes": [["add", office.taxes]],
        }
        for ware in office.dice.sample(office.wares, 2)
    ]  # fmt: skip
    values: dict[str, Any] = {
        "party": supplier.id, "invoice_address": supplier.address, "payment_term": supplier.term,
        "purchase_date": office.today(), "invoice_method": "fulfillment", "lines": [["create", lines]],
    }  # fmt: skip
    ids = session.create("purchase.purchase", [values])
    session.click("purchase.purchase", "quote", ids)
    session.click("purchase.purchase", "confirm", ids)


def receive_goods(office: Office) -> None:
    """One delivery for each purchase that waits for its goods."""
    session = office.of("dirk.stock")
    waiting = [["state", "=", "draft"], ["from_location.type", "=", "supplier"], ["shipment", "=", None]]
    by_purchase: dict[tuple[int, int], list[int]] = defaultdict(list)
    for move in session.search("stock.move", waiting, ["purchase", "supplier"], 20):
        by_purchase[move["supplier"], move["purchase"]].append(move["id"])
    for (supplier, purchase), moves in by_purchase.items():
        delivery = {
            "supplier": supplier, "reference": f"DN-{purchase:06d}", "incoming_moves": [["add", moves]],
            "effective_date": office.today(), **office.warehouse,
        }  # fmt: skip
        ids = session.create("stock.shipment.in", [delivery])
        session.click("stock.shipment.in", "receive", ids)
        session.click("stock.shipment.in", "do", ids)
