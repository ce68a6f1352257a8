"""The ERP alone on a database that is handed in, such as a restored copy: no scheduler, no worker, no mail.

Mainstay's proof starts it with the copy's address in COPY_DSN and a free port in COPY_PORT, and runs the transaction of
its checks against it. It becomes trytond, so whoever ends us ends that.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from estate import tryton

NOWHERE = 9
"""The port of mail: discard, where nobody listens."""


def run(directory: Path) -> int:
    """Write the configuration into the directory and serve until ended."""
    parts = conninfo_to_dict(os.environ["COPY_DSN"])
    config = directory / "trytond.conf"
    tryton.write_config_of(_uri(parts), config, int(os.environ["COPY_PORT"]), NOWHERE, worker=False)
    command = tryton.server_command(config, str(parts["dbname"]))
    os.execve(command[0], command, tryton.environment())


def _uri(parts: dict[str, object]) -> str:
    """As the ERP wants it; a socket's directory goes behind the question mark."""
    account = quote(str(parts["user"])) + (f":{quote(str(parts['password']))}" if parts.get("password") else "")
    return f"postgresql://{account}@?{urlencode({key: parts[key] for key in ('host', 'port') if parts.get(key)})}"
