"""`estate.json`: everything a watcher of the estate needs to know, in one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from estate.layout import Layout, write_json


@dataclass
class Facts:
    """The keys of `estate.json`, in their order; all URLs and ports are on 127.0.0.1."""

    started_at: str
    supervisor_pid: int
    erp_url: str
    erp_tls_url: str
    ca_file: str
    erp_database: str
    probe_login: str
    probe_password: str
    database_dsn: str
    backup_dsn: str
    admin_dsn: str
    database_port: int
    database_version: int
    database_bin: str
    database_data_dir: str
    smtp_port: int
    mail_url: str
    disk_dir: str
    disk_quota_bytes: int | None
    config_file: str
    attachments_dir: str
    vault_dir: str
    second_site_dir: str
    log_dir: str
    traffic: bool
    order_every_seconds: float
    ports: dict[str, int]
    pids: dict[str, int | None]

    def write(self, layout: Layout) -> None:
        write_json(layout.facts, self.plain())

    def plain(self) -> dict[str, Any]:
        return asdict(self)
