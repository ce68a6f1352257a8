"""Brings the whole estate up in order, keeps it up, and takes it down without a trace."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from estate import certificates, database, disk, people, postgres, template, tryton
from estate.facts import Facts
from estate.faults.state import end_helpers
from estate.layout import CHECKOUT, Layout
from estate.supervisor import Child, Supervisor, free_port, listens

TEND_EVERY = 0.25
PORTS = ("database", "erp", "front", "front_tls", "smtp", "mail")


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    root: Path
    traffic: bool = True
    order_every: float = 7.0
    json: bool = False


class Stopped(BaseException):
    """SIGTERM or SIGINT arrived; derived from BaseException so that no retry swallows it."""


class Estate:
    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.layout = Layout(wish.root.resolve())
        self.server = postgres.find()
        self.ports = {name: free_port() for name in PORTS}
        self.passwords = database.new_passwords()
        self.config = self.layout.root / "trytond.conf"
        self.supervisor = Supervisor(self.layout)
        self.facts: Facts | None = None

    def start(self) -> None:
        """The order of a start: nothing later works without what stands above it."""
        self.layout.clear()
        self.layout.make()
        postgres.check_reachable(self.server, self.layout.root)
        certificates.make_all(self.layout.tls)
        self.supervisor.begin(self.disk())
        self.supervisor.begin(self.mail())
        self.supervisor.begin(self.front())
        first_password = template.copy_to(self.server, self.layout.database)
        self.supervisor.run(self.postgresql(first_password))
        database.make_ready(self.ports["database"], first_password, self.passwords, dt.datetime.now(dt.UTC))
        tryton.write_config(
            self.config, database_port=self.ports["database"], password=self.passwords.owner,
            port=self.ports["erp"], smtp_port=self.ports["smtp"],
        )  # fmt: skip
        for child in (self.erp(), self.worker(), self.scheduler()):
            self.supervisor.begin(child)
        for child in self.supervisor.children:
            self.supervisor.wait(child)
        self.facts = self.collect()
        if self.wish.traffic:
            self.supervisor.run(self.traffic())
        self.publish()

    # The children, each with the question that tells whether it works.

    def disk(self) -> Child:
        command = module("estate.disk", self.layout.root)
        return Child("disk", command, lambda: disk.is_ready(self.layout), options=HERE)

    def mail(self) -> Child:
        smtp, web = self.ports["smtp"], self.ports["mail"]
        return Child("mail", module("estate.mail", smtp, web), lambda: listens(smtp) and listens(web), options=HERE)

    def front(self) -> Child:
        plain, secure = self.ports["front"], self.ports["front_tls"]
        command = module("estate.front", self.layout.root, self.ports["erp"], plain, secure)
        return Child("front", command, lambda: listens(plain) and listens(secure), options=HERE)

    def postgresql(self, first_password: str) -> Child:
        port = self.ports["database"]
        logins = [
            postgres.dsn(port, postgres.ADMIN, password, "postgres")
            for password in (self.passwords.admin, first_password)
        ]
        return Child(
            "postgresql", self.server.command(self.layout.database, port),
            lambda: any(postgres.answers(login) for login in logins),
            stop_signal=signal.SIGINT, options=postgres.account(self.server.user),
        )  # fmt: skip

    def erp(self) -> Child:
        port = self.ports["erp"]
        return Child("erp", tryton.server_command(self.config), lambda: listens(port), options=ERP)

    def worker(self) -> Child:
        return Child("worker", leashed(tryton.worker_command(self.config)), lambda: True, options=HERE)

    def scheduler(self) -> Child:
        return Child("cron", leashed(tryton.cron_command(self.config)), lambda: True, options=HERE)

    def traffic(self) -> Child:
        command = module("estate.traffic", f"http://127.0.0.1:{self.ports['front']}/", self.wish.order_every)
        return Child("traffic", command, lambda: True, options=HERE)

    # What others may know.

    def collect(self) -> Facts:
        port, root = self.ports["database"], self.layout.root
        return Facts(
            started_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            supervisor_pid=os.getpid(),
            erp_url=f"http://127.0.0.1:{self.ports['front']}/",
            erp_tls_url=f"https://localhost:{self.ports['front_tls']}/",
            ca_file=str(self.layout.tls / "ca.pem"),
            erp_database=postgres.DATABASE,
            probe_login=people.PROBE,
            probe_password=people.password(people.PROBE),
            database_dsn=postgres.dsn(port, database.PROBE_ROLE, self.passwords.probe),
            backup_dsn=postgres.dsn(port, database.BACKUP_ROLE, self.passwords.backup),
            admin_dsn=postgres.dsn(port, postgres.ADMIN, self.passwords.admin),
            database_port=port,
            database_version=self.server.major,
            database_bin=str(self.server.bin),
            database_data_dir=str(self.layout.database),
            smtp_port=self.ports["smtp"],
            mail_url=f"http://127.0.0.1:{self.ports['mail']}/",
            disk_dir=str(root / "disk"),
            disk_quota_bytes=disk.quota(self.layout),
            config_file=str(self.config),
            attachments_dir=str(self.layout.attachments),
            vault_dir=str(self.layout.vault),
            second_site_dir=str(self.layout.second_site),
            log_dir=str(self.layout.logs),
            traffic=self.wish.traffic,
            order_every_seconds=self.wish.order_every,
            ports=self.ports,
            pids={},
        )

    def publish(self) -> None:
        """Write the facts: at first, and when a child has fallen or has a new process id."""
        if self.facts:
            self.facts.pids = self.supervisor.pids()
            self.facts.write(self.layout)

    def tend(self) -> None:
        self.supervisor.tend()
        if self.facts and self.facts.pids != self.supervisor.pids():
            self.publish()

    def stop(self) -> None:
        end_helpers(self.layout)
        self.supervisor.stop()
        self.layout.facts.unlink(missing_ok=True)


HERE = {"cwd": str(CHECKOUT), "env": tryton.environment()}
ERP = {"env": tryton.environment()}


def module(name: str, *args: object) -> list[str]:
    return [sys.executable, "-m", name, *map(str, args)]


def leashed(command: list[str]) -> list[str]:
    return module("estate.leash", *command)


def _stop(number: int, _frame: object) -> None:
    raise Stopped(number)


def run(wish: Wish) -> int:
    """The foreground program; returns when it was told to stop or when its parent is gone."""
    parent = os.getppid()
    estate = Estate(wish)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        estate.start()
        announce(estate)
        while os.getppid() == parent:
            estate.tend()
            time.sleep(TEND_EVERY)
    except Stopped:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        estate.stop()
    return 0


def announce(estate: Estate) -> None:
    if not estate.facts:
        return
    if estate.wish.json:
        print(json.dumps(estate.facts.plain()), flush=True)
    else:
        print(
            f"The ERP answers at {estate.facts.erp_url}; facts in {estate.layout.facts}. Stop with Ctrl-C.", flush=True
        )
