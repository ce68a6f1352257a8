"""The company, its books and its bank. Imports trytond's own set-up helpers (GPL)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from stdnum.iso7064 import mod_97_10
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

from estate.seeding.session import Erp

SEQUENCES = {
    "out_invoice_sequence": "INV-",
    "in_invoice_sequence": "BILL-",
    "out_credit_note_sequence": "CREDIT-",
    "in_credit_note_sequence": "SUPCREDIT-",
}


def iban(account: int) -> str:
    """A German account number of an invented bank, with correct check digits."""
    number = f"50010517{account:010d}"
    return f"DE{mod_97_10.calc_check_digits(number + 'DE')}{number}"


def found_company(erp: Erp) -> None:
    country = erp.model("country.country")(name="Germany", code="DE", code3="DEU", code_numeric="276")
    country.save()
    party = erp.model("party.party")(name="Lindenhafen Trading GmbH")
    address = party.addresses[0]
    address.street, address.postal_code, address.city, address.country = (
        "Speicherweg 4", "20457", "Hamburg", country,
    )  # fmt: skip
    party.save()
    creditor = party.identifiers.new(type="eu_at_02", code="DE98ZZZ09999999999")
    creditor.save()
    create_company(party=party, currency=get_currency("EUR"))
    create_chart()


def open_books(erp: Erp) -> None:
    """A year of twelve months around today, and one number range for each kind of invoice.

    One shared range would not do: dates must follow numbers, and sales and purchases interleave.
    """
    first = (erp.days_ago(0).replace(day=1) - dt.timedelta(days=160)).replace(day=1)
    last = first.replace(year=first.year + 1) - dt.timedelta(days=1)
    year = create_fiscalyear(today=(first, last))
    year.start_date, year.end_date = first, last
    kind = erp.one("ir.sequence.type", ("name", "=", "Invoice"))
    (ranges,) = year.invoice_sequences
    for field, prefix in SEQUENCES.items():
        sequence = erp.model("ir.sequence.strict")(
            name=f"{prefix}{year.name}", prefix=prefix, padding=6, sequence_type=kind, company=get_company()
        )
        sequence.save()
        setattr(ranges, field, sequence)
    year.click("create_period")


def set_up_accounts(erp: Erp) -> None:
    accounts = get_accounts()
    clearing = erp.model("account.account")(
        parent=accounts["cash"].parent, code="1.1.9", name="Payments in clearing", type=accounts["cash"].type
    )
    clearing.reconcile = clearing.deferral = True
    clearing.party_required = False
    clearing.save()
    tax = create_tax(Decimal("0.20"))
    tax.save()
    category = erp.model("product.category")(name="Merchandise", accounting=True)
    category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
    category.customer_taxes.append(tax)
    category.supplier_taxes.append(erp.model("account.tax")(tax.id))
    category.save()
    for name, days in (("At once", 0), ("30 days", 30)):
        term = erp.model("account.invoice.payment_term")(name=name)
        line = term.lines.new(type="remainder")
        if days:
            line.relativedeltas.new(days=days)
        term.save()


def open_bank(erp: Erp) -> None:
    """Our account, the two ways to pay (transfer, SEPA) and the statement book."""
    house = erp.model("party.party")(name="Elbe Settlement Bank")
    house.save()
    bank = erp.model("bank")(party=house, bic="ELBEDEHH")
    bank.save()
    ours = give_account(erp, bank, get_company().party, 1)
    cash_book = erp.one("account.journal", ("type", "=", "cash"))
    common: dict[str, Any] = {
        "clearing_journal": cash_book,
        "clearing_account": erp.one("account.account", ("code", "=", "1.1.9")),
        "clearing_posting_delay": dt.timedelta(0),
    }
    journal = erp.model("account.payment.journal")
    journal(name="Bank transfer", process_method="manual", **common).save()
    journal(
        name="SEPA", process_method="sepa", sepa_bank_account_number=ours,
        sepa_payable_flavor="pain.001.001.03", sepa_receivable_flavor="pain.008.001.02", **common,
    ).save()  # fmt: skip
    erp.model("account.statement.journal")(
        name="Bank statements",
        journal=erp.one("account.journal", ("code", "=", "STA")),
        account=get_accounts()["cash"],
        validation="balance",
    ).save()


def give_account(erp: Erp, bank: Any, owner: Any, number: int) -> Any:
    """Open a bank account for a party; returns its IBAN record."""
    account = erp.model("bank.account")(bank=bank)
    account.owners.append(erp.model("party.party")(owner.id))
    account.numbers.new(type="iban", number=iban(number))
    account.save()
    return account.numbers[0]
