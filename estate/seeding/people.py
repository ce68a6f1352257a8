"""Who works here, who has left, and what the monitoring account may read. Uses proteus through our session."""

from __future__ import annotations

from typing import Any

from estate.people import LEAVER, PROBE, STAFF, password
from estate.seeding.session import Erp

MAY_READ = [
    "sale.sale", "sale.line", "purchase.purchase", "purchase.line", "stock.move", "stock.shipment.out",
    "stock.shipment.in", "account.invoice", "account.invoice.line", "account.payment",
]  # fmt: skip


def make_monitoring_group(erp: Erp) -> None:
    """A group that only reads: the sales group could also write."""
    group = erp.model("res.group")(name="Monitoring")
    group.save()
    for name in MAY_READ:
        access = erp.model("ir.model.access")(group=group, model=name)
        access.perm_read = True
        access.perm_write = access.perm_create = access.perm_delete = False
        access.description = "Read by the monitoring account"
        access.save()


def hire_staff(erp: Erp) -> None:
    for login, (name, groups) in STAFF.items():
        _user(erp, login, name, groups, _employee(erp, name))
    _user(erp, PROBE, "Monitoring account", ["Monitoring"], None)


def part_with_leaver(erp: Erp) -> None:
    """Off-boarded as it should be: the end date is set and the account is closed."""
    employee = _employee(erp, "Hugo Left")
    employee.end_date = erp.days_ago(20)
    employee.save()
    user = _user(erp, LEAVER, "Hugo Left", ["Sales"], employee)
    user.active = False
    user.save()


def _employee(erp: Erp, name: str) -> Any:
    party = erp.model("party.party")(name=name)
    party.save()
    employee = erp.model("company.employee")(party=party, company=erp.one("company.company"))
    employee.start_date = erp.days_ago(100)
    employee.save()
    return employee


def _user(erp: Erp, login: str, name: str, groups: list[str], employee: Any) -> Any:
    user = erp.model("res.user")(login=login, name=name, email=f"{login}@lindenhafen.example")
    user.password = password(login)
    for group in groups:
        user.groups.append(erp.one("res.group", ("name", "=", group)))
    company = erp.one("company.company")
    user.companies.append(company)
    user.company = erp.model("company.company")(company.id)
    if employee:
        user.employees.append(erp.model("company.employee")(employee.id))
        user.employee = erp.model("company.employee")(employee.id)
    user.save()
    return user


def staff_the_scheduler(erp: Erp) -> None:
    """Jobs that run for each company do nothing until they are told for which."""
    company = erp.one("company.company")
    for job in erp.all("ir.cron"):
        if job.company_needed and not job.companies:
            job.companies.append(erp.model("company.company")(company.id))
            job.save()
