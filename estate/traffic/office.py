"""What all clerks share: their sessions and the master data a client keeps in memory."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from estate import people
from estate.postgres import DATABASE
from estate.rpc import Session


@dataclass(frozen=True)
class Partner:
    id: int
    address: int
    term: int | None
    patient: bool  # pays only when the invoice is due


@dataclass(frozen=True)
class Ware:
    id: int
    unit: int
    price: Decimal


@dataclass
class Office:
    url: str
    dice: random.Random = field(default_factory=random.Random)
    sessions: dict[str, Session] = field(default_factory=dict)
    customers: list[Partner] = field(default_factory=list)
    suppliers: list[Partner] = field(default_factory=list)
    wares: list[Ware] = field(default_factory=list)
    carriers: list[int] = field(default_factory=list)
    taxes: list[int] = field(default_factory=list)
    mandated: set[int] = field(default_factory=set)
    journals: dict[str, int] = field(default_factory=dict)
    warehouse: dict[str, int] = field(default_factory=dict)

    def of(self, login: str) -> Session:
        if login not in self.sessions:
            self.sessions[login] = Session(self.url, DATABASE, login, people.password(login))
        return self.sessions[login]

    def today(self) -> dt.date:
        return dt.datetime.now(dt.UTC).date()

    def open(self) -> None:
        """Read the master data once, as a client does when it starts."""
        alice, greta, filip = self.of("alice.sales"), self.of("greta.buy"), self.of("filip.cfo")
        patient = {row["id"] for row in _parties(alice, "Pays when due", "customer_payment_term")}
        self.customers = _partners(_parties(alice, "Customer", "customer_payment_term"), "customer", patient)
        self.suppliers = _partners(_parties(greta, "Supplier", "supplier_payment_term"), "supplier", set())
        goods = [["type", "=", "goods"]]
        wares = alice.search("product.product", goods, ["default_uom", "list_price_used"])
        self.wares = [Ware(row["id"], row["default_uom"], row["list_price_used"]) for row in wares]
        self.carriers = [row["id"] for row in alice.search("carrier", [], ["id"])]
        self.taxes = [row["id"] for row in filip.search("account.tax", [["parent", "=", None]], ["id"])]
        mandates = filip.search("account.payment.sepa.mandate", [["state", "=", "validated"]], ["party"])
        self.mandated = {row["party"] for row in mandates}
        fields = ["input_location", "storage_location"]
        place = self.of("dirk.stock").search("stock.location", [["type", "=", "warehouse"]], fields, 1)[0]
        self.warehouse = {
            "warehouse": place["id"], "warehouse_input": place["input_location"],
            "warehouse_storage": place["storage_location"],
        }  # fmt: skip
        journals = filip.search("account.payment.journal", [], ["process_method"])
        self.journals = {row["process_method"]: row["id"] for row in journals}


def _parties(session: Session, category: str, term: str) -> list[dict[str, Any]]:
    return session.search("party.party", [["categories.name", "=", category]], ["addresses", term])


def _partners(rows: list[dict[str, Any]], side: str, patient: set[int]) -> list[Partner]:
    term = f"{side}_payment_term"
    return [Partner(row["id"], row["addresses"][0], row[term], row["id"] in patient) for row in rows]
