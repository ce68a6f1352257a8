"""The estate starts, tells what others need, works, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import smtplib
import socket
import ssl
import subprocess
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from estate.people import STAFF
from tests.estate.conftest import CHECKOUT, Running, estate_command, eventually, start

pytestmark = pytest.mark.estate

PROMISED = {
    "erp_url", "erp_tls_url", "ca_file", "database_dsn", "admin_dsn", "probe_login", "probe_password", "smtp_port",
    "mail_url", "disk_dir", "disk_quota_bytes", "pids", "started_at", "supervisor_pid", "backup_dsn", "config_file",
    "attachments_dir", "vault_dir", "second_site_dir",
}  # fmt: skip


def rpc(facts: dict[str, Any], method: str, params: list[Any], token: str = "") -> Any:
    body = json.dumps({"id": 1, "method": method, "params": params}).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Session {token}"} if token else {})
    request = urllib.request.Request(facts["erp_url"] + "erp/rpc/", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def processes_naming(text: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and str(os.getpid()) != entry.parent.name:
            found.append(line)
    return found


def test_the_facts_say_everything(estate: Running) -> None:
    assert estate.facts.keys() >= PROMISED
    assert all(estate.facts["pids"].values()), "every child has a process"


def test_the_tls_door_shows_a_certificate_of_its_own_authority(estate: Running) -> None:
    context = ssl.create_default_context(cafile=estate.facts["ca_file"])
    port = estate.facts["ports"]["front_tls"]
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as s,
    ):
        expires = ssl.cert_time_to_seconds(s.getpeercert()["notAfter"])  # type: ignore[index,arg-type]
    assert expires - time.time() > 300 * 86400


def test_the_probe_account_reads_and_cannot_write(estate: Running) -> None:
    import base64

    login = estate.facts["probe_login"]
    user, key = rpc(estate.facts, "common.db.login", [login, {"password": estate.facts["probe_password"]}])["result"][
        :2
    ]
    token = base64.b64encode(f"{login}:{user}:{key}".encode()).decode()
    context = {"company": 1}
    rows = rpc(estate.facts, "model.sale.sale.search_read", [[], 0, 2, None, ["number", "state"], context], token)
    assert len(rows["result"]) == 2
    refused = rpc(
        estate.facts, "model.sale.sale.write", [[rows["result"][0]["id"]], {"description": "x"}, context], token
    )
    assert refused.get("error"), "the monitoring group must not write"


def test_the_reading_role_reads_and_cannot_write(estate: Running) -> None:
    with psycopg.connect(estate.facts["database_dsn"], autocommit=True) as db:
        assert db.execute("SELECT count(*) FROM sale_sale").fetchone()
        assert db.execute("SELECT login, active FROM res_user").fetchone()
        for forbidden in (
            "SELECT password_hash FROM res_user", "SELECT key FROM ir_session", "SELECT rolpassword FROM pg_authid",
            "UPDATE sale_sale SET comment = ''", "CREATE TABLE t (i int)",
        ):  # fmt: skip
            with pytest.raises(psycopg.Error):
                db.execute(forbidden)
        db.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("UPDATE sale_sale SET comment = ''")


def test_the_copying_role_reads_everything_and_cannot_write(estate: Running) -> None:
    with psycopg.connect(estate.facts["backup_dsn"], autocommit=True) as db:
        assert db.execute("SELECT count(password_hash) > 0 FROM res_user").fetchone() == (True,)
        db.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("UPDATE sale_sale SET comment = ''")


def test_mail_is_caught(estate: Running) -> None:
    with smtplib.SMTP("127.0.0.1", estate.facts["smtp_port"]) as smtp:
        smtp.sendmail("a@x.example", ["b@x.example"], "Subject: Disk full\r\n\r\nThe disk is full.\r\n")
    with urllib.request.urlopen(estate.facts["mail_url"] + "messages.json") as answer:
        assert json.load(answer)[0]["subject"] == "Disk full"


WORK = {
    "sold": "sale_sale where create_date > %(since)s",
    "shipped": "sale_sale where shipment_state = 'sent' and write_date > %(since)s",
    "invoiced": "account_invoice where type = 'out' and state in ('posted', 'paid') and write_date > %(since)s",
    "paid": "account_payment where state = 'succeeded' and write_date > %(since)s",
}
TABLES = ("sale_sale", "stock_shipment_out", "account_invoice", "account_payment")


def test_traffic_sells_ships_invoices_and_is_paid_as_named_people(estate: Running) -> None:
    with psycopg.connect(estate.facts["database_dsn"], autocommit=True) as db:
        since = {"since": datetime.now(UTC).replace(tzinfo=None)}
        touched = " union ".join(f"select write_uid from {one} where write_date > %(since)s" for one in TABLES)

        def done() -> dict[str, int]:
            one = {name: db.execute(f"select count(*) from {rows}", since).fetchone() for name, rows in WORK.items()}
            return {name: count for name, (count,) in one.items()}

        def staff() -> set[str]:
            rows = db.execute(f"select login from res_user where id in ({touched})", since)
            return {login for (login,) in rows} & STAFF.keys()

        eventually(lambda: done()["sold"] >= 4 and all(done().values()) and len(staff()) >= 3, patience=400)


def test_today_lies_in_an_open_month_for_weeks(estate: Running) -> None:
    with psycopg.connect(estate.facts["database_dsn"]) as db:
        last = db.execute("SELECT max(end_date) - current_date FROM account_period WHERE state = 'open'").fetchone()
    assert last
    assert last[0] > 60


def test_a_stop_leaves_no_process(folder: Path) -> None:
    running = start(folder, "--no-traffic")
    assert processes_naming(str(folder))
    running.stop()
    time.sleep(1)
    assert processes_naming(str(folder)) == []
    assert not (folder / "estate.json").exists()


def test_a_killed_supervisor_takes_its_children_with_it(folder: Path) -> None:
    running = start(folder)
    running.process.kill()
    running.process.wait(5)
    deadline = time.monotonic() + 20
    while processes_naming(str(folder)) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert processes_naming(str(folder)) == []


def test_it_ends_when_its_parent_ends(folder: Path) -> None:
    command = " ".join([*estate_command("up", "--no-traffic", "--json", "--dir", str(folder))])
    shell = subprocess.Popen(["sh", "-c", f"{command} & sleep 300"], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert shell.stdout
    assert shell.stdout.readline()
    shell.kill()
    deadline = time.monotonic() + 30
    while processes_naming(str(folder)) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert processes_naming(str(folder)) == []
