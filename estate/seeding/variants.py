"""What an ordinary year brings besides the straight path: returns, partial deliveries, failed and divided payments,
corrections. Healthy all of it, so a watcher must stay silent. Uses proteus.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from estate.seeding.money import draft, pay
from estate.seeding.sales import confirm, customers, new_sale, post, ship
from estate.seeding.session import Erp

DAYS_AGO = 2
"""After the last regular sale, which a strict sequence wants, and before what is left open today."""


def vary(erp: Erp) -> None:
    """One case of each kind."""
    day = erp.days_ago(DAYS_AGO)
    for case in CASES:
        case(erp, day)


def _ordered(erp: Erp, day: dt.date, quantity: float) -> Any:
    """A confirmed sale of one product to a customer who pays by transfer."""
    mandated = {mandate.party.id for mandate in erp.all("account.payment.sepa.mandate")}
    sale = new_sale(erp, next(party for party in customers(erp) if party.id not in mandated), day)
    del sale.lines[1:]
    sale.lines[0].quantity = quantity
    sale.save()
    confirm(erp, [sale])
    return sale


def _delivered(erp: Erp, day: dt.date, quantity: float = 4.0) -> Any:
    """A sale that was shipped and invoiced."""
    sale = _ordered(erp, day, quantity)
    ship(erp, list(sale.shipments), day)
    sale.reload()
    post(erp, list(sale.invoices), day)
    return sale


def cancelled_quotation(erp: Erp, day: dt.date) -> None:
    sale = new_sale(erp, erp.dice.choice(customers(erp)), day)
    sale.save()
    sale.click("quote")
    sale.click("cancel")


def partial_shipment(erp: Erp, day: dt.date) -> None:
    """Three of eight are there; the rest follows on a shipment of its own, and each is invoiced."""
    sale = _ordered(erp, day, 8.0)
    (first,) = sale.shipments
    first.inventory_moves[0].quantity = 3.0
    first.save()
    ship(erp, [first], day)
    sale.reload()
    (rest,) = [shipment for shipment in sale.shipments if shipment.id != first.id]
    ship(erp, [rest], day)
    sale.reload()
    post(erp, list(sale.invoices), day)
    pay(erp, list(sale.invoices), day, "receivable")


def customer_return(erp: Erp, day: dt.date) -> None:
    """Goods come back, and the customer's credit is paid out."""
    sale = _ordered(erp, day, -2.0)
    (back,) = sale.shipment_returns
    back.effective_date = day
    back.save()
    back.click("receive")
    back.click("do")
    sale.reload()
    post(erp, list(sale.invoices), day)
    _transfer(draft(erp, sale.invoices[0], day, "payable", "manual"), day)


def failed_payment(erp: Erp, day: dt.date) -> None:
    """The bank takes a payment back after it was booked; the next one succeeds."""
    sale = _delivered(erp, day)
    pay(erp, list(sale.invoices), day, "receivable")
    (payment,) = erp.all("account.payment", ("line.move.origin", "=", f"account.invoice,{sale.invoices[0].id}"))
    payment.click("fail")
    sale.invoices[0].reload()
    pay(erp, list(sale.invoices), day, "receivable")


def half_paid(erp: Erp, day: dt.date) -> None:
    """The first of two payments came in; the rest is not due yet."""
    sale = _delivered(erp, day)
    payment = draft(erp, sale.invoices[0], day, "receivable", "manual")
    payment.amount = (payment.amount / 2).quantize(Decimal("0.01"))
    _transfer(payment, day)


def _transfer(payment: Any, day: dt.date) -> None:
    payment.save()
    payment.click("submit")
    if payment.kind == "payable":
        payment.click("approve")
    payment.click("process_wizard")
    wizard = payment.click("succeed_wizard")
    wizard.form.date = day
    wizard.execute("succeed")


def credited_invoice(erp: Erp, day: dt.date) -> None:
    """A wrong invoice is taken back whole: the two cancel each other out."""
    sale = _delivered(erp, day)
    wrong = sale.invoices[0]
    wizard = erp.wizard("account.invoice.credit", [wrong])
    wizard.form.with_refund = True
    wizard.form.invoice_date = day
    wizard.execute("credit")


def cancelled_shipment(erp: Erp, day: dt.date) -> None:
    """The warehouse called one off; the clerk has it made again."""
    sale = _ordered(erp, day, 4.0)
    (first,) = sale.shipments
    first.click("cancel")
    sale.reload()
    again = sale.click("handle_shipment_exception")
    again.form.recreate_moves.extend(again.form.recreate_moves.find())  # all that were cancelled
    again.execute("handle")
    sale.reload()
    (second,) = [shipment for shipment in sale.shipments if shipment.state != "cancelled"]
    ship(erp, [second], day)
    sale.reload()
    post(erp, list(sale.invoices), day)
    pay(erp, list(sale.invoices), day, "receivable")


def cancelled_draft_invoice(erp: Erp, day: dt.date) -> None:
    """A draft that nobody posted is withdrawn; its number was never given."""
    sale = _delivered(erp, day)
    pay(erp, list(sale.invoices), day, "receivable")
    (second,) = sale.invoices[0].duplicate()
    second.click("cancel")


CASES: tuple[Callable[[Erp, dt.date], None], ...] = (
    cancelled_quotation, partial_shipment, customer_return, failed_payment, half_paid, credited_invoice,
    cancelled_shipment, cancelled_draft_invoice,
)  # fmt: skip
