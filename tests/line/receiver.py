"""Who is told: a receiver of webhooks that keeps what arrived, and may do something before it answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Takes webhooks; calls ``on_arrival`` before it answers. ``visited`` are the paths that were only asked for. While
    ``away`` is set it answers 503."""

    daemon_threads = True

    def __init__(self) -> None:
        self.arrived: list[tuple[str, dict[str, Any]]] = []
        self.visited: list[str] = []
        self.on_arrival: Callable[[], None] = lambda: None
        self.away = False
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Hook)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def take(self, key: str, body: dict[str, Any]) -> bool:
        with self.lock:
            if self.away:
                return False
            self.arrived.append((key, body))
            self.on_arrival()
            return True

    def words(self, word: str) -> list[dict[str, Any]]:
        """What arrived of one word, copies left out."""
        with self.lock:
            return list({key: body for key, body in self.arrived if body["word"] == word}.values())

    def handle_error(self, request: object, client_address: object) -> None:
        """Who was killed does not wait for an answer."""


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(taken=self.server.take(self.headers["Idempotency-Key"], body))

    def do_GET(self) -> None:
        self.server.visited.append(self.path)
        self._answer(taken=not self.server.away)

    def _answer(self, *, taken: bool) -> None:
        self.send_response(200 if taken else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
