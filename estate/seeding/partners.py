"""Customers, suppliers, carriers, goods and the opening stock. Imports nothing but our session (proteus)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from estate.seeding.company import give_account
from estate.seeding.session import Erp

CUSTOMERS, SUPPLIERS, GOODS = 50, 8, 30
OPENING_QUANTITY = 5000.0
TRADES = ["Bakery", "Boatyard", "Clinic", "Farm", "Hotel", "Joinery", "Laundry", "Museum", "Nursery", "School"]
PLACES = [("Bremen", "28195"), ("Kiel", "24103"), ("Lübeck", "23552"), ("Rostock", "18055"), ("Emden", "26721")]
WARES = [
    "Apron", "Basket", "Bench", "Bottle", "Broom", "Bucket", "Candle", "Crate", "Cup", "Drill",
    "Funnel", "Glove", "Hammer", "Hook", "Jar", "Kettle", "Ladder", "Lamp", "Level", "Mat",
    "Pallet", "Plane", "Plate", "Rope", "Saw", "Scale", "Shelf", "Stool", "Tarp", "Trolley",
]  # fmt: skip


def make_categories(erp: Erp) -> None:
    for name in ("Customer", "Supplier", "Pays when due"):
        erp.model("party.category")(name=name).save()


def _party(erp: Erp, name: str, street: str, place: tuple[str, str], *categories: str) -> Any:
    party = erp.model("party.party")(name=name)
    address = party.addresses[0]
    address.street, (address.city, address.postal_code) = street, place
    address.country = erp.one("country.country", ("code", "=", "DE"))
    for category in categories:
        party.categories.append(erp.one("party.category", ("name", "=", category)))
    return party


def make_customers(erp: Erp) -> None:
    """Every third pays by direct debit, every tenth waits until the invoice is due."""
    bank = erp.one("bank")
    terms = {term.name: term for term in erp.all("account.invoice.payment_term")}
    for index in range(CUSTOMERS):
        place = PLACES[index % len(PLACES)]
        patient = index % 10 == 0
        categories = ["Customer", "Pays when due"] if patient else ["Customer"]
        name = f"{place[0]} {TRADES[index // len(PLACES)]}"
        party = _party(erp, name, f"Hauptstrasse {index + 1}", place, *categories)
        party.customer_payment_term = terms["30 days" if patient or index % 3 else "At once"]
        party.contact_mechanisms.new(type="email", value=f"orders{index:02d}@customer.example")
        party.save()
        if index % 3 == 1 and not patient:
            _sign_mandate(erp, party, give_account(erp, bank, party, 100 + index), index)


def _sign_mandate(erp: Erp, party: Any, number: Any, index: int) -> None:
    mandate = erp.model("account.payment.sepa.mandate")(party=party)
    mandate.account_number = number
    mandate.identification = f"LH-MANDATE-{index:03d}"
    mandate.type = "recurrent"
    mandate.signature_date = erp.days_ago(120)
    mandate.click("request")
    mandate.click("validate_mandate")


def make_suppliers(erp: Erp) -> None:
    bank = erp.one("bank")
    for index in range(SUPPLIERS):
        party = _party(erp, f"Nordsee Works {index + 1}", f"Am Kai {index + 1}", PLACES[index % 5], "Supplier")
        party.supplier_payment_term = erp.one("account.invoice.payment_term", ("name", "=", "30 days"))
        party.save()
        give_account(erp, bank, party, 900 + index)


def make_goods(erp: Erp) -> None:
    unit = erp.one("product.uom", ("name", "=", "Unit"))
    category = erp.one("product.category", ("name", "=", "Merchandise"))
    for index, name in enumerate(WARES[:GOODS]):
        price = Decimal(erp.dice.randint(150, 18000)) / 100
        template = erp.model("product.template")(name=name, code=f"W{index + 1:02d}", type="goods")
        template.default_uom, template.list_price, template.account_category = unit, price, category
        template.salable = template.purchasable = True
        template.lead_time = dt.timedelta(0)
        template.save()
        (product,) = template.products
        product.cost_price = (price * Decimal("0.6")).quantize(Decimal("0.0001"))
        product.save()


def make_carriers(erp: Erp) -> None:
    """A quotation is refused without a carrier, and the carrier's price becomes an order line."""
    unit = erp.one("product.uom", ("name", "=", "Unit"))
    category = erp.one("product.category", ("name", "=", "Merchandise"))
    for name, price in (("Tide Parcel", "4.90"), ("Dyke Freight", "11.50")):
        template = erp.model("product.template")(name=f"Delivery, {name}", type="service", salable=True)
        template.default_uom, template.list_price, template.account_category = unit, Decimal(price), category
        template.save()
        party = erp.model("party.party")(name=name)
        party.save()
        erp.model("carrier")(party=party, carrier_product=template.products[0]).save()


def count_opening_stock(erp: Erp) -> None:
    inventory = erp.model("stock.inventory")(location=erp.one("stock.location", ("code", "=", "STO")))
    inventory.date = erp.days_ago(110)
    for product in erp.all("product.product", ("type", "=", "goods")):
        line = inventory.lines.new(product=product)
        line.quantity, line.expected_quantity = OPENING_QUANTITY, 0.0
    inventory.click("confirm")
