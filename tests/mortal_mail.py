"""A mail server as a process of its own: ``python mortal_mail.py PORT FOLDER``; see ``mortal.mail``."""

import asyncio
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

FOLDER = Path(sys.argv[2])
TRAP = FOLDER / "trap"


class Taker:
    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        trap = TRAP.read_text() if TRAP.exists() else ""
        if trap == "before":
            die()
        (FOLDER / "new" / secrets.token_hex(8)).write_bytes(envelope.content)
        if trap == "after":
            die()
        return "250 taken"


def die() -> None:
    TRAP.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


async def serve() -> None:
    (FOLDER / "new").mkdir(exist_ok=True)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Taker(), loop=loop), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(serve())
