"""Alice and Bruno sell, Carla and Dirk send the goods off."""

from __future__ import annotations

import datetime as dt
from typing import Any

from estate.traffic.office import Office

CALL_OFF_SHARE = 0.04  # ordered today for tomorrow; such an order waits by agreement
STEPS = [("packed", "do"), ("picked", "pack"), ("assigned", "pick"), ("waiting", "assign_try")]
TOGETHER = 12


def take_order(office: Office) -> None:
    session = office.of(office.dice.choice(["alice.sales", "bruno.sales"]))
    call_off = office.dice.random() < CALL_OFF_SHARE
    customer = office.dice.choice([partner for partner in office.customers if partner.patient or not call_off])
    values: dict[str, Any] = {
        "party": customer.id, "invoice_address": customer.address, "shipment_address": customer.address,
        "payment_term": customer.term, "sale_date": office.today(),
        "reference": f"PO-{office.dice.randrange(10**8):08d}",
        "carrier": office.dice.choice(office.carriers),
        "lines": [["create", order_lines(office)]],
    }  # fmt: skip
    if call_off:
        values["shipping_date"] = office.today() + dt.timedelta(days=1)
    ids = session.create("sale.sale", [values])
    session.create("ir.attachment", [
        {"name": f"{values['reference']}.txt", "resource": f"sale.sale,{ids[0]}", "type": "data",
         "data": customers_letter(office, values)},
    ])  # fmt: skip
    session.click("sale.sale", "quote", ids)
    session.click("sale.sale", "confirm", ids)


def customers_letter(office: Office, values: dict[str, Any]) -> bytes:
    """The order as the customer sent it, with a signature that looks like a scan: it cannot be compressed."""
    lines = [f"{line['quantity']:g} x article {line['product']}" for line in values["lines"][0][1]]
    words = [f"Order {values['reference']} of {values['sale_date']}", *lines, ""]
    return "\n".join(words).encode() + office.dice.randbytes(20_000)


def order_lines(office: Office) -> list[dict[str, Any]]:
    return [
        {
            "product": ware.id, "unit": ware.unit, "unit_price": ware.price,
            "quantity": float(office.dice.randint(1, 8)), "taxes": [["add", office.taxes]],
        }
        for ware in office.dice.sample(office.wares, office.dice.randint(1, 4))
    ]  # fmt: skip


def send_goods(office: Office) -> None:
    """Every shipment that is due takes one step; the last step first, so that none takes two."""
    session = office.of(office.dice.choice(["carla.stock", "dirk.stock"]))
    due = ["OR", [["planned_date", "=", None]], [["planned_date", "<=", office.today()]]]
    for state, button in STEPS:
        rows = session.search("stock.shipment.out", [["state", "=", state], due], ["id"], TOGETHER)
        session.click("stock.shipment.out", button, [row["id"] for row in rows])
