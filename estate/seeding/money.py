"""Payments and bank statements. Uses proteus."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from estate.seeding.session import Erp

STATEMENT_LINES = 40


def pay(erp: Erp, invoices: list[Any], day: dt.date, kind: str, last: str = "succeed") -> None:
    """Pay posted invoices: by direct debit or SEPA credit where possible, by transfer otherwise."""
    mandated = {mandate.party.id for mandate in erp.all("account.payment.sepa.mandate")}
    by_method: dict[str, list[Any]] = {"sepa": [], "manual": []}
    for invoice in invoices:
        sepa = kind == "payable" or invoice.party.id in mandated
        by_method["sepa" if sepa else "manual"].append(invoice)
    for method, group in by_method.items():
        if group:
            _pay(erp, group, day, kind, method, last)


def _pay(erp: Erp, invoices: list[Any], day: dt.date, kind: str, method: str, last: str) -> None:
    model = erp.model("account.payment")
    payments = [draft(erp, invoice, day, kind, method) for invoice in invoices]
    model.save(payments)
    model.click(payments, "submit")
    if kind == "payable":
        model.click(payments, "approve")
    if last == "submit":
        return
    model.click(payments, "process_wizard")
    if method == "sepa":
        messages = erp.all("account.payment.sepa.message", ("state", "=", "waiting"))
        erp.model("account.payment.sepa.message").click(messages, "do")
    if last == "process":
        return
    wizard = model.click(payments, "succeed_wizard")
    wizard.form.date = day
    wizard.execute("succeed")


def draft(erp: Erp, invoice: Any, day: dt.date, kind: str, method: str) -> Any:
    (line,) = invoice.lines_to_pay
    payment = erp.model("account.payment")(kind=kind)
    payment.journal = erp.one("account.payment.journal", ("process_method", "=", method))
    payment.party = invoice.party
    payment.line = line
    payment.account = None  # a payment takes either a line or an account, and the party suggests one
    payment.date = day
    payment.amount = abs(line.debit - line.credit)
    return payment


def enter_statements(erp: Erp) -> None:
    """Bank statements for everything that succeeded; each starts where the one before ended."""
    payments = erp.model("account.payment").find(
        [("state", "=", "succeeded"), ("clearing_reconciled", "!=", True)],
        order=[("date", "ASC"), ("id", "ASC")],
    )
    balance, day = Decimal(0), dt.date.min
    for start in range(0, len(payments), STATEMENT_LINES):
        chunk = payments[start : start + STATEMENT_LINES]
        day = max(day, chunk[-1].date)
        balance = _enter(erp, chunk, day, balance, start // STATEMENT_LINES + 1)


def _enter(erp: Erp, payments: list[Any], day: dt.date, balance: Decimal, number: int) -> Decimal:
    journal = erp.one("account.statement.journal")
    statement = erp.model("account.statement")(name=f"Statement {number:04d}", journal=journal)
    statement.date = day
    statement.start_balance = balance  # set after date and journal, which would reset it
    for payment in payments:
        line = statement.lines.new(date=payment.date)
        line.amount = payment.amount if payment.kind == "receivable" else -payment.amount
        line.related_to = payment
        balance += line.amount
    statement.end_balance = balance
    statement.save()
    statement.click("validate_statement")
    statement.click("post")
    return balance
