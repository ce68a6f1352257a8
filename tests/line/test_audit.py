"""The audit trail in the database: append only, part of its act, and verifiable anywhere."""

import pytest
from django.db import DatabaseError, transaction

from mainstay.audit import queries
from mainstay.audit.actions import record
from mainstay.audit.models import Record
from mainstay.domain.actor import Actor, Role

pytestmark = pytest.mark.django_db
ALICE = Actor("person:alice", Role.OPERATOR)


@pytest.fixture
def trail() -> list[Record]:
    with transaction.atomic():
        return [record(ALICE, "incident.note", f"incident {number}", {"text": "早"}) for number in range(1, 6)]


def test_the_database_refuses_changes(trail: list[Record]) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Record.objects.filter(pk=trail[1].pk).update(actor="person:bob")
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        Record.objects.filter(pk=trail[1].pk).delete()
    assert queries.verify().whole
    assert queries.head() == (trail[-1].number, trail[-1].digest)


@pytest.mark.django_db(transaction=True)
def test_no_record_without_a_transaction_nor_of_what_was_undone() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record(ALICE, "incident.note", "incident 1")
    with transaction.atomic():
        record(ALICE, "incident.note", "incident 1")
        transaction.set_rollback(True)
    assert not Record.objects.exists()


def test_an_export_is_verified_without_the_database(trail: list[Record]) -> None:
    lines = list(queries.export())
    head = {trail[-1].number: trail[-1].digest}
    assert queries.verify_lines(lines, head).whole
    assert queries.verify_lines(lines[:-1], {}).whole, "a cut tail is not seen by itself"
    assert not queries.verify_lines(lines[:-1], head).whole
    assert not queries.verify_lines([*lines[:2], *lines[3:]], {}).whole
    assert not queries.verify_lines([lines[0].replace("alice", "bob"), *lines[1:]], {}).whole
    with pytest.raises(ValueError, match="Expecting value"):
        queries.verify_lines(["no record"], {})
