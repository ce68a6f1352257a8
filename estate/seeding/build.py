"""From nothing to `erp.dump`: a throw-away server, the ERP's modules, the workflow, the dump.

Starts trytond's programs; the work inside the ERP is in `work.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from estate import postgres, tryton
from estate.database import create
from estate.layout import CHECKOUT, write_json
from estate.people import ADMIN, password
from estate.supervisor import free_port
from estate.template import wait_for

BASELINE = """
SELECT 'index' AS kind, tablename::text AS tab, indexname::text AS def
  FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint ' || contype::text, conrelid::regclass::text, conname::text
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'cron', 'ir_cron', method FROM ir_cron WHERE active
UNION ALL SELECT 'module', 'ir_module', name FROM ir_module WHERE state = 'activated'
UNION ALL SELECT 'series', 'ir_configuration', series FROM ir_configuration
ORDER BY 1, 2, 3
"""
NOT_HISTORY = ["ir_session", "res_user_login_attempt", "ir_queue", "ir_error"]


def build(out: Path, sales: int, purchases: int) -> None:
    """Write the dump, and beside it the manifest and the schema's baseline."""
    server = postgres.find()
    work = Path(tempfile.mkdtemp(prefix="estate-seed-"))
    work.chmod(0o755)
    secret, port = secrets.token_hex(12), free_port()
    postgres.make_cluster(server, work / "postgresql", secret)
    process = subprocess.Popen(
        server.command(work / "postgresql", port), cwd="/", stderr=subprocess.DEVNULL,
        **postgres.account(server.user),
    )  # fmt: skip
    try:
        wait_for(postgres.dsn(port, postgres.ADMIN, secret, "postgres"))
        config = _empty_erp(work, port, secret)
        _work_through(config, port, secret, sales, purchases)
        _tidy_and_dump(server, port, secret, config, out)
    finally:
        process.send_signal(2)
        process.wait(30)
        shutil.rmtree(work)


def _empty_erp(work: Path, port: int, secret: str) -> Path:
    create(port, secret)
    with psycopg.connect(postgres.dsn(port, postgres.ADMIN, secret), autocommit=True) as db:
        db.execute(f"ALTER ROLE {tryton.OWNER} PASSWORD '{secret}'")
    config = work / "trytond.conf"
    tryton.write_config(config, database_port=port, password=secret, worker=False)
    (work / "admin").write_text(password(ADMIN))
    admin = [tryton.program("trytond-admin"), "-c", str(config), "-d", postgres.DATABASE]
    env = os.environ | {"TRYTONPASSFILE": str(work / "admin")}
    _say("modules", lambda: subprocess.run(
        [*admin, "--all", "--email", "admin@lindenhafen.example"], check=True, env=env))  # fmt: skip
    _say("activation", lambda: subprocess.run(
        [*admin, "-u", *tryton.MODULES, "--activate-dependencies"], check=True, env=env))  # fmt: skip
    return config


def _work_through(config: Path, port: int, secret: str, sales: int, purchases: int) -> None:
    """In a process of its own: trytond reads its configuration when it is imported."""
    uri = postgres.dsn(port, tryton.OWNER, secret)
    subprocess.run(
        [sys.executable, "-m", "estate.seeding.work", uri, str(config), str(sales), str(purchases)],
        check=True, cwd=CHECKOUT, env=os.environ | {"TRYTOND_CONFIG": str(config)},
    )  # fmt: skip


def _say(what: str, work: Callable[[], Any]) -> None:
    started = time.monotonic()
    work()
    print(f"{what:22} {time.monotonic() - started:7.1f} s", flush=True)


def _tidy_and_dump(server: postgres.Server, port: int, secret: str, config: Path, out: Path) -> None:
    subprocess.run([*tryton.cron_command(config), "--once"], check=True)
    address = postgres.dsn(port, postgres.ADMIN, secret)
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("DELETE FROM " + "; DELETE FROM ".join(NOT_HISTORY))
        facts = [{"kind": k, "tab": t, "def": d} for k, t, d in db.execute(BASELINE)]
        db.execute("VACUUM FULL")
    now = dt.datetime.now(dt.UTC)
    out.parent.mkdir(parents=True, exist_ok=True)
    dump = subprocess.run(
        [str(server.bin / "pg_dump"), "-Fc", "-Z9", "--no-owner", "--no-acl", address],
        check=True, capture_output=True,
    )  # fmt: skip
    out.write_bytes(dump.stdout)
    manifest = {"moment": now.isoformat(timespec="seconds"), "day": now.date().isoformat()}
    write_json(out.with_name("manifest.json"), manifest | {"made_by_postgresql": server.major})
    lines = ",\n".join(json.dumps(fact, ensure_ascii=False) for fact in facts)
    out.with_name("baseline.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {len(facts)} baseline facts")
