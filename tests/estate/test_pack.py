"""The pack ``tryton`` on the running estate, as the demo uses it.

Silent on healthy data and on what an ordinary year brings (returns, partial deliveries, failed payments, credit notes:
``estate/seeding/variants.py``), and each fault in the data found by the checks that are meant for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from mainstay.catalogue.models import Check
from tests.estate.conftest import Running, lasting
from tests.estate.test_faults import broken, listed

pytestmark = [pytest.mark.estate, pytest.mark.django_db]

DATA_FAULTS = (
    "ledger-unbalanced", "stock-negative", "sale-stuck", "invoice-overdue", "reference-duplicated", "orphan-row",
    "leaver-active", "erp-cron-stopped",
)  # fmt: skip
VARIANTS = {
    "cancelled quotation": "sale_sale where state = 'cancelled'",
    "return": "stock_shipment_out_return where state = 'done'",
    "partial delivery": "ir_model_log where target = 'shipment_state:partially shipped'",
    "failed payment": "account_payment where state = 'failed'",
    "credited invoice": "account_invoice where state = 'cancelled' and number is not null",
    "cancelled delivery": "stock_shipment_out where state = 'cancelled'",
}


@pytest.mark.parametrize("what", VARIANTS)
def test_the_seed_has_had_an_ordinary_year(estate: Running, what: str) -> None:
    with psycopg.connect(estate.facts["admin_dsn"]) as db:
        assert db.execute(f"select count(*) > 0 from {VARIANTS[what]}").fetchone() == (True,)


def test_nothing_is_found_where_nothing_is_wrong(meridian: Running) -> None:
    assert Check.objects.count() > 45
    assert lasting(set()) == set()


def test_each_fault_in_the_data_is_found_by_its_checks_and_no_other(meridian: Running) -> None:
    """All at once, for a look takes seconds: what is found is exactly what they should trip together."""
    known = listed()
    with broken(meridian, *DATA_FAULTS):
        must = {check for name in DATA_FAULTS for check in known[name]["trips"]}
        may = {check for name in DATA_FAULTS for check in known[name]["also"]}
        found = lasting(must | may)
        assert must <= found <= must | may
    assert lasting(set()) == set()


@contextmanager
def changed(estate: Running, there: str, back: str) -> Iterator[None]:
    with psycopg.connect(estate.facts["admin_dsn"], autocommit=True) as db:
        db.execute(there)
        try:
            yield
        finally:
            db.execute(back)


def test_what_is_less_than_at_hand_over_is_found(meridian: Running) -> None:
    with psycopg.connect(meridian.facts["admin_dsn"]) as db:
        name, made = db.execute(
            "select indexname, indexdef from pg_indexes"
            " where tablename = 'party_party' and indexdef not like '%UNIQUE%'"
        ).fetchone() or ("", "")
    module = "update ir_module set state = '{}' where name = 'stock_package'"
    expected = {"app.schema-size", "app.module-missing"}
    with (
        changed(meridian, f'drop index "{name}"', made),
        changed(meridian, module.format("not activated"), module.format("activated")),
    ):
        assert lasting(expected) == expected
