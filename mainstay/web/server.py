"""The web process' application: heartbeats past Django, pages and the API through it, static files beside it."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402 - Django must be set up first
from servestatic import ServeStaticASGI  # noqa: E402

from mainstay import __version__  # noqa: E402
from mainstay.api import ping  # noqa: E402
from mainstay.settings import PACKAGE  # noqa: E402

_pages = ServeStaticASGI(
    get_asgi_application(), root=str(PACKAGE / "web" / "static"), prefix="static", max_age=86_400, autorefresh=False,
)  # fmt: skip
VERSION = __version__


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    if scope["type"] == "http" and scope["path"].startswith("/ping/"):
        return await ping.application(scope, receive, send)
    await _pages(scope, receive, send)
    return None


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
