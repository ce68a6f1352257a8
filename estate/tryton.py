"""The ERP's configuration file and command lines. Starts trytond as a program; imports none of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from estate.postgres import DATABASE

OWNER = "tryton"

MODULES = [
    "account_credit_limit", "account_invoice_stock", "account_payment_clearing", "account_payment_sepa",
    "account_statement", "bank", "carrier", "company", "country", "currency", "party", "product",
    "purchase", "purchase_request", "sale", "sale_credit_limit", "sale_history", "sale_shipment_cost",
    "sale_supply", "stock", "stock_inventory_location", "stock_package", "stock_shipment_cost",
    "stock_shipment_measurements", "stock_supply",
]  # fmt: skip


def program(name: str) -> str:
    """A console script of the environment we run in."""
    return str(Path(sys.prefix) / "bin" / name)


def write_config(
    path: Path, *, database_port: int, password: str, port: int = 0, smtp_port: int = 0, worker: bool = True
) -> None:
    write_config_of(f"postgresql://{OWNER}:{password}@127.0.0.1:{database_port}", path, port, smtp_port, worker=worker)


def write_config_of(uri: str, path: Path, port: int, smtp_port: int, *, worker: bool) -> None:
    """The same for a database anywhere. Without the worker what is queued is done at once."""
    path.write_text(
        f"""\
[web]
listen = 127.0.0.1:{port}
num_proxies = 1

[database]
uri = {uri}
path = {path.parent / "attachments"}
list = False

[queue]
worker = {worker}
clean_days = 7

[email]
uri = smtp://127.0.0.1:{smtp_port}
from = erp@lindenhafen.example

[session]
timeout = 3600
""",
        encoding="utf-8",
    )
    path.chmod(0o600)


def server_command(config: Path, database: str = DATABASE) -> list[str]:
    return [program("trytond"), "-c", str(config), "-d", database]


def cron_command(config: Path) -> list[str]:
    return [program("trytond-cron"), "-c", str(config), "-d", DATABASE]


def worker_command(config: Path) -> list[str]:
    return [program("trytond-worker"), "-c", str(config), "-d", DATABASE, "-n", "1"]


def environment() -> dict[str, str]:
    """A small, predictable environment: the ERP's log in English and UTC, one thread for arithmetic."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return keep | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
