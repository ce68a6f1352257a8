"""Emma posts invoices and enters bank statements, Filip collects and pays."""

from __future__ import annotations

import datetime as dt
from typing import Any

from estate.traffic.office import Office

TOGETHER = 12
PATIENCE = dt.timedelta(days=30)
Row = dict[str, Any]


def post_invoices(office: Office) -> None:
    emma = office.of("emma.books")
    drafts = emma.search("account.invoice", [["state", "=", "draft"]], ["type", "party"], TOGETHER)
    for row in drafts:
        if row["type"] == "in":
            paper = {"reference": f"NW-{row['party']}-T{row['id']:06d}", "invoice_date": office.today()}
            emma.call("model.account.invoice.write", [row["id"]], paper)
    emma.click("account.invoice", "post", [row["id"] for row in drafts])


def move_money(office: Office) -> None:
    """The oldest step first: what is processing succeeds, what is submitted is processed, then new ones."""
    _succeed(office)
    _process(office)
    _collect(office)


def _payments(office: Office, *states: str) -> list[Row]:
    domain = [["state", "in", list(states)]]
    return office.of("filip.cfo").search("account.payment", domain, ["kind", "journal", "state"], TOGETHER)


def _succeed(office: Office) -> None:
    ids = [row["id"] for row in _payments(office, "processing")]
    if ids:
        data = {"start": {"date": office.today()}}
        office.of("filip.cfo").wizard("account.payment.succeed", "succeed", data, "account.payment", ids)


def _process(office: Office) -> None:
    filip = office.of("filip.cfo")
    rows = _payments(office, "submitted", "approved")
    filip.click("account.payment", "approve", [
        row["id"] for row in rows if row["kind"] == "payable" and row["state"] == "submitted"])  # fmt: skip
    if rows:
        ids = [row["id"] for row in rows]
        filip.wizard("account.payment.process", "process", {}, "account.payment", ids)
    messages = filip.search("account.payment.sepa.message", [["state", "=", "waiting"]], ["id"], TOGETHER)
    filip.click("account.payment.sepa.message", "do", [row["id"] for row in messages])


def _collect(office: Office) -> None:
    filip = office.of("filip.cfo")
    patient = [partner.id for partner in office.customers if partner.patient]
    due = ["OR", [["party", "not in", patient]], [["invoice_date", "<=", office.today() - PATIENCE]]]
    fields = ["type", "party", "lines_to_pay"]
    invoices = filip.search("account.invoice", [["state", "=", "posted"], due], fields, 5 * TOGETHER)
    lines = {line: invoice for invoice in invoices for line in invoice["lines_to_pay"]}
    if not lines:
        return
    domain = [["id", "in", list(lines)], ["reconciliation", "=", None]]
    open_lines = filip.search("account.move.line", domain, ["payment_amount"])
    drafts = [
        _payment(office, lines[row["id"]], row) for row in open_lines if row["payment_amount"]
    ]  # fmt: skip
    if drafts:
        filip.click("account.payment", "submit", filip.create("account.payment", drafts))


def _payment(office: Office, invoice: Row, line: Row) -> Row:
    payable = invoice["type"] == "in"
    method = "sepa" if payable or invoice["party"] in office.mandated else "manual"
    return {
        "kind": "payable" if payable else "receivable", "party": invoice["party"], "line": line["id"],
        "journal": office.journals[method], "amount": abs(line["payment_amount"]), "date": office.today(),
    }  # fmt: skip


def enter_statement(office: Office) -> None:
    """What the bank has booked since the last statement; each starts where the one before ended."""
    filip, emma = office.of("filip.cfo"), office.of("emma.books")
    booked = filip.search(
        "account.payment", [["state", "=", "succeeded"], ["clearing_reconciled", "!=", True]],
        ["kind", "amount", "date", "party", "journal.clearing_account"], 60,
    )  # fmt: skip
    references = [f"account.payment,{row['id']}" for row in booked]
    known = emma.search("account.statement.line", [["related_to", "in", references]], ["related_to"])
    entered = {row["related_to"] for row in known}
    fresh = [row for row in booked if f"account.payment,{row['id']}" not in entered]
    if fresh:
        _enter(office, fresh)


def _enter(office: Office, booked: list[Row]) -> None:
    emma = office.of("emma.books")
    last = emma.call(
        "model.account.statement.search_read", [["state", "!=", "cancelled"]], 0, 1,
        [["date", "DESC"], ["id", "DESC"]], ["end_balance", "journal", "name"],
    )[0]  # fmt: skip
    lines = [
        {
            "date": row["date"], "amount": row["amount"] * (1 if row["kind"] == "receivable" else -1),
            "party": row["party"], "account": row["journal."]["clearing_account"],
            "related_to": f"account.payment,{row['id']}",
        }
        for row in booked
    ]  # fmt: skip
    ids = emma.create("account.statement", [{
        "name": f"Statement {last['id'] + 1:04d}", "journal": last["journal"], "date": office.today(),
        "start_balance": last["end_balance"],
        "end_balance": last["end_balance"] + sum(line["amount"] for line in lines),
        "lines": [["create", lines]],
    }])  # fmt: skip
    emma.click("account.statement", "validate_statement", ids)
    emma.click("account.statement", "post", ids)
