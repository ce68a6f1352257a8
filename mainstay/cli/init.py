"""``mainstay init [DIR]``: a workspace to begin with, watching the very machine it is on."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from mainstay.cli.output import AsJson, fail

SETTINGS = """\
# Settings of this Mainstay. Every key may be left out; shown are the defaults.
# The environment wins over this file: MAINSTAY_PORT=8081 mainstay up

# address = "127.0.0.1"          # where the web page listens
# port = 8080
# base_url = ""                  # how people reach the page, for links in notices: "https://mainstay.example.org"
# hosts = []                     # further names under which the page may be asked for
# database = ""                  # empty: SQLite in data/; or "postgresql://user:password@host/name"
# timezone = "UTC"
# language = "en"                # or "zh-hans"
# second_factor = ""             # the least role that must sign in with a second factor, such as "operator"
# settle = 5.0                   # seconds an incident may still grow before people are told
# keep_samples_days = 400
# audit_head = ""                # name a channel: it is sent the audit trail's newest digest each day, without which
#                                # records that are cut off the trail's end are not missed
# plugin_directories = ["/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"]   # and plugins/ here
# log_directories = ["/var/log"]   # below which a diagnosis may read logs, besides logs/ here
# restore_directories = []       # below which copies may be restored, besides data/restored/ here

# [networks]                     # what checks may touch; where notices and the dead-man's call may go
# allowed = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "0.0.0.0/0", "::/0"]
# notices = ["0.0.0.0/0", "::/0"]

# [dead_man]                     # an address elsewhere that raises the alarm when it no longer hears from us
# url = ""
# every = 60.0                   # seconds

# [own_copies]                   # of Mainstay itself; the passphrase: mainstay secret set OWN_COPY_PASSPHRASE
# directory = ""                 # an absolute path, best on another disk; empty: none are made
# every = "1d"
# keep = 14
"""

CATALOGUE = """\
# A system under care. What may stand here: `mainstay schema`, and in words at /help/catalogue/ of the
# page that `mainstay up` opens; `mainstay validate` says what is wrong and where.
system: {name}
title: {{en: {title}, zh: {title}}}
tier: 3
components:
  host:
    kind: host
    address: local
    packs: [linux-host]
    # packs: [{{linux-host: {{cpu_warn: "90%"}}}}]   # thresholds are the pack's parameters
# checks:
#   front-page:
#     title: {{en: The front page answers, zh: 首页可以打开}}
#     probe: {{kind: http, url: "https://www.example.org/"}}
#     every: 30s
#     warn: "> 2s for 5m"
"""

SHARED = """\
# What is not one system's: who is told, and which days are holidays. Secrets are written ${NAME} and given with
# `mainstay secret set NAME` or in the environment.
channels: {}
#  mail: {kind: smtp, host: mail.example.org, sender: mainstay@example.org, to: [ops@example.org]}
calendars: {}
#  cn: {holidays: ["2027-01-01"], workdays: []}
"""

IGNORED = "data/\n"

NEXT = """\
The workspace is ready: {directory}

  cd {directory}
  mainstay validate                              # is the catalogue right?
  mainstay apply                                 # make it so
  mainstay user add NAME --role administrator    # somebody who may sign in
  mainstay up                                    # watch; the page is at http://127.0.0.1:8080/
"""


def register(app: typer.Typer) -> None:
    """Put the command into the main program."""
    app.command(name="init")(init)


def init(
    directory: Annotated[Path, typer.Argument(help="Where; the current directory by default.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Make a workspace: settings, a first catalogue that watches this machine. What is there already stays."""
    directory = directory.resolve()
    files = _files(first=not any((directory / "catalogue").glob("*.yaml")))
    made = [name for name, text in files.items() if _write_new(directory / name, text)]
    _make_database(directory)
    if as_json:
        print(json.dumps({"directory": str(directory), "made": made}))
        return
    for name in made:
        print(f"made {name}")
    print(("" if made else "everything was there already\n") + NEXT.format(directory=directory))


def _make_database(directory: Path) -> None:
    """In a process of its own, because this one has read the settings of another workspace."""
    environment = {**os.environ, "MAINSTAY_WORKSPACE": str(directory)}
    done = subprocess.run(
        [sys.executable, "-m", "mainstay", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        fail(f"the database could not be made: {(done.stderr or done.stdout).strip()}", 69)


def _files(*, first: bool) -> dict[str, str]:
    """The catalogue is only begun, never added to."""
    files = {"mainstay.toml": SETTINGS, ".gitignore": IGNORED}
    if not first:
        return files
    title = socket.gethostname().partition(".")[0] or "this-host"
    name = re.sub(r"[^a-z0-9-]+", "-", title.lower()).strip("-")[:63] or "this-host"
    own = CATALOGUE.format(name=name, title=json.dumps(title))
    return {**files, f"catalogue/{name}.yaml": own, "catalogue/shared.yaml": SHARED}


def _write_new(path: Path, text: str) -> bool:
    """Whether the file was made, whole; one that exists is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
