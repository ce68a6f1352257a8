"""Faults that are a few changed values in the database: found, saved, changed, put back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from psycopg import sql

from estate.faults.base import Fault

Row = dict[str, Any]


class ChangedRows(Fault):
    """Changes columns of rows that the ERP does not touch while the fault lasts.

    The old values go to the estate's directory in the text form of PostgreSQL, which reads them back
    exactly. One transaction takes the row's lock, saves, then changes.
    """

    table: ClassVar[str]

    @abstractmethod
    def choose(self) -> str:
        """A query for rows with `id` and, for each column to change, its new value."""

    def break_(self) -> None:
        with self.database() as db:
            chosen = db.execute(self.choose()).fetchall()
            if not chosen:
                raise RuntimeError(f"{self.name}: no suitable row; let the traffic run for a while")
            columns = [name for name in chosen[0] if name != "id"]
            ids = [row["id"] for row in chosen]
            names = sql.SQL(", ").join(sql.SQL("{0}::text").format(sql.Identifier(name)) for name in columns)
            old = db.execute(
                sql.SQL("SELECT id, {} FROM {} WHERE id = ANY(%s) ORDER BY id FOR UPDATE").format(
                    names, sql.Identifier(self.table)
                ),
                (ids,),
            ).fetchall()
            self.remember(rows=old)
            for row in chosen:
                self._write(db, row)

    def mend(self) -> None:
        with self.database() as db:
            for row in self.recall().get("rows", []):
                self._write(db, row)

    def _write(self, db: Any, row: Row) -> None:
        columns = [name for name in row if name != "id"]
        changes = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in columns
        )
        db.execute(sql.SQL("UPDATE {} SET {} WHERE id = %(id)s").format(sql.Identifier(self.table), changes), row)


class LedgerUnbalanced(ChangedRows):
    """One line of a posted entry is 10.00 higher than its counterparts.

    The line is on an account of income or expense: on a customer's or supplier's account the sub-ledger,
    the invoice and its reconciliation would disagree as well. Its period cannot be spared.
    """

    name = "ledger-unbalanced"
    title = {"en": "A posted entry does not balance", "zh": "已过账凭证借贷不平"}
    category = "data"
    level = 1
    detect_within = 300
    trips = ("app.move-unbalanced",)
    also = ("app.period-unbalanced",)
    table = "account_move_line"

    def choose(self) -> str:
        return """
            SELECT l.id, l.credit + 10.00 AS credit
            FROM account_move_line l
            JOIN account_move m ON m.id = l.move AND m.state = 'posted'
            JOIN account_account a ON a.id = l.account
            JOIN account_account_type t ON t.id = a.type
            WHERE t.revenue AND l.credit > 0 AND l.debit = 0 AND l.reconciliation IS NULL
            ORDER BY l.id DESC OFFSET 3 LIMIT 1"""


class StockNegative(ChangedRows):
    """The opening count of one article was booked the wrong way round: out of the store, not into it."""

    name = "stock-negative"
    title = {"en": "An article has negative stock", "zh": "商品库存为负"}
    category = "data"
    level = 2
    detect_within = 300
    trips = ("app.negative",)
    table = "stock_move"

    def choose(self) -> str:
        return """
            SELECT id, to_location AS from_location, from_location AS to_location
            FROM stock_move
            WHERE state = 'done' AND starts_with(origin, 'stock.inventory.line,')
            ORDER BY id LIMIT 1"""


class SaleStuck(ChangedRows):
    """An order has waited in 'processing' for three days longer than its log says.

    An order for later delivery is taken while there is one: the warehouse does not touch it today.
    """

    name = "sale-stuck"
    title = {"en": "An order is stuck in processing", "zh": "订单卡在处理中"}
    category = "business"
    level = 2
    detect_within = 300
    trips = ("app.sale-stuck",)
    table = "ir_model_log"

    def choose(self) -> str:
        return """
            SELECT l.id, l.create_date - interval '72 hours' AS create_date
            FROM ir_model_log l
            WHERE l.event = 'transition' AND starts_with(l.target, 'state:') AND l.resource = (
                SELECT 'sale.sale,' || s.id FROM sale_sale s
                WHERE s.state = 'processing' AND s.shipment_state = 'waiting'
                ORDER BY s.shipping_date DESC NULLS LAST, s.id LIMIT 1)"""


class InvoiceOverdue(ChangedRows):
    """A customer who pays when due has not: the due date lies 21 days back."""

    name = "invoice-overdue"
    title = {"en": "A customer invoice is overdue", "zh": "客户发票逾期未付"}
    category = "business"
    level = 3
    detect_within = 300
    trips = ("app.invoice-overdue",)
    table = "account_move_line"

    def choose(self) -> str:
        return """
            SELECT l.id, (now() AT TIME ZONE 'utc')::date - 21 AS maturity_date
            FROM account_invoice i
            JOIN account_move_line l ON l.move = i.move AND l.account = i.account
            JOIN "party_party-party_category" r ON r.party = i.party
            JOIN party_category c ON c.id = r.category AND c.name = 'Pays when due'
            WHERE i.type = 'out' AND i.state = 'posted' AND l.reconciliation IS NULL
              AND NOT EXISTS (SELECT 1 FROM account_payment p WHERE p.line = l.id)
            ORDER BY i.id LIMIT 1"""


class ReferenceDuplicated(ChangedRows):
    """Two bills of one supplier carry the same number: was it entered twice?"""

    name = "reference-duplicated"
    title = {"en": "A supplier's bill number was entered twice", "zh": "供应商发票号重复录入"}
    category = "data"
    level = 2
    detect_within = 300
    trips = ("app.reference-duplicated",)
    table = "account_invoice"

    def choose(self) -> str:
        return """
            SELECT max(id) AS id, min(reference) AS reference FROM (
                SELECT id, party, reference, row_number() OVER (PARTITION BY party ORDER BY id) AS n
                FROM account_invoice WHERE type = 'in' AND state = 'paid' AND reference IS NOT NULL) x
            WHERE n <= 2 GROUP BY party HAVING count(*) = 2 ORDER BY party LIMIT 1"""


class OrphanRow(ChangedRows):
    """A ledger line says it comes from an invoice line that does not exist."""

    name = "orphan-row"
    title = {"en": "A ledger line points to nothing", "zh": "账目明细指向不存在的记录"}
    category = "data"
    level = 3
    detect_within = 300
    trips = ("app.reference-to-nothing",)
    table = "account_move_line"

    def choose(self) -> str:
        return """
            SELECT id, 'account.invoice.line,999999999' AS origin FROM account_move_line
            WHERE starts_with(origin, 'account.invoice.line,') ORDER BY id DESC OFFSET 5 LIMIT 1"""
