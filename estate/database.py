"""The ERP's database: restore the seed, move it to today, open the doors others may use."""

from __future__ import annotations

import datetime as dt
import secrets
import subprocess
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from estate import postgres
from estate.ageing import age
from estate.layout import SEED_DUMP
from estate.tryton import OWNER

PROBE_ROLE = "mainstay_probe"
PROBE_CONNECTIONS = 15
BACKUP_ROLE = "mainstay_backup"
BACKUP_CONNECTIONS = 12

# Tables whose secrets the reading role must not see: it gets every other column.
SECRETS = {
    "res_user": {"password_hash", "password_reset"},
    "ir_session": {"key"},
    "ir_session_wizard": {"data"},
    "res_user_application": {"key"},
    "res_user_device": {"cookie"},
    "ir_email": {"body"},
}


@dataclass(frozen=True)
class Passwords:
    admin: str
    owner: str
    probe: str
    backup: str


def new_passwords() -> Passwords:
    return Passwords(*(secrets.token_hex(12) for _ in range(4)))


def create(port: int, admin_password: str) -> None:
    """An empty ERP database and the role that owns it."""
    address = postgres.dsn(port, postgres.ADMIN, admin_password, "postgres")
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(OWNER)))
        db.execute(sql.SQL("CREATE DATABASE erp OWNER {}").format(sql.Identifier(OWNER)))


def restore(server: postgres.Server, port: int, admin_password: str) -> None:
    """Load the committed seed; everything in it belongs to the ERP's own role."""
    address = postgres.dsn(port, postgres.ADMIN, admin_password)
    # We open the dump: the server's account may not be able to enter the checkout.
    with SEED_DUMP.open("rb") as dump:
        done = subprocess.run(
            [str(server.bin / "pg_restore"), "--no-owner", f"--role={OWNER}", "--exit-on-error", "-d", address],
            stdin=dump, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the seed could not be restored: {done.stderr.strip()[-800:]}")
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("ANALYZE")


def make_ready(port: int, template_password: str, passwords: Passwords, now: dt.datetime) -> None:
    """A fresh copy of the template becomes this estate's database: new passwords, today's dates."""
    address = postgres.dsn(port, postgres.ADMIN, template_password)
    with psycopg.connect(address, autocommit=True) as db:
        age(db, now)
        _open_reading_door(db, passwords.probe)
        _open_copying_door(db, passwords.backup)
        for role, password in ((OWNER, passwords.owner), (postgres.ADMIN, passwords.admin)):
            db.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def _open_reading_door(db: psycopg.Connection[Any], password: str) -> None:
    """A role for checks: reads the books and the server's statistics, writes nothing, waits briefly."""
    role = sql.Identifier(PROBE_ROLE)
    db.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
            " CONNECTION LIMIT {} PASSWORD {} IN ROLE pg_monitor"
        ).format(role, sql.Literal(PROBE_CONNECTIONS), sql.Literal(password))
    )
    for setting, value in (
        ("default_transaction_read_only", "on"), ("statement_timeout", "10s"), ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"), ("work_mem", "16MB"), ("temp_file_limit", "200MB"),
        ("search_path", "public"),
    ):  # fmt: skip
        db.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(setting), sql.Literal(value)))
    db.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE erp FROM PUBLIC"))
    db.execute(sql.SQL("GRANT TEMPORARY ON DATABASE erp TO {}").format(sql.Identifier(OWNER)))
    db.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    db.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
    db.execute(sql.SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
    for table, hidden in SECRETS.items():
        _hide(db, table, hidden)


def _open_copying_door(db: psycopg.Connection[Any], password: str) -> None:
    """A role for backups: reads everything, secrets too, writes nothing, and may take as long as it needs."""
    role = sql.Identifier(BACKUP_ROLE)
    db.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
            " CONNECTION LIMIT {} PASSWORD {} IN ROLE pg_read_all_data"
        ).format(role, sql.Literal(BACKUP_CONNECTIONS), sql.Literal(password))
    )
    db.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))


def _hide(db: psycopg.Connection[Any], table: str, hidden: set[str]) -> None:
    """Replace the grant on the table by grants on the columns that are no secret."""
    found = db.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s",
        (table,),
    )
    columns = [sql.Identifier(name) for (name,) in found if name not in hidden]
    if not columns:
        return
    names = {"table": sql.Identifier(table), "role": sql.Identifier(PROBE_ROLE)}
    db.execute(sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names))
    db.execute(
        sql.SQL("GRANT SELECT ({columns}) ON {table} TO {role}").format(columns=sql.SQL(", ").join(columns), **names)
    )
