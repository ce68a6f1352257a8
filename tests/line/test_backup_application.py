"""The application of a system, started on a restored copy and asked what the live one is asked."""

from pathlib import Path

import pytest

from mainstay.backups.models import Proof
from mainstay.engine.jobs import application, places
from tests.line import copied_shop
from tests.line.copied_shop import Shop, outcomes, work_in
from tests.servers import program as installed

pytestmark = pytest.mark.django_db
APP = """
  app: {{kind: http, url: "http://127.0.0.1:9/", depends_on: [books]}}
  elsewhere: {{kind: http, url: "http://127.0.0.1:9/"}}
checks:
  orders:
    probe:
      kind: transaction
      on: app
      steps: [{{name: orders, path: /orders, expect: {{"$.orders": 40}}}}]
    crit: "total < 0s"
  another: {{probe: {{kind: transaction, on: elsewhere, steps: [{{name: orders, path: /orders}}]}}}}
"""
SHOP = """#!/usr/bin/env python3
import http.server, json, os, sqlite3, sys
class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        books = sqlite3.connect(os.environ["COPY_DSN"].removeprefix("sqlite://"))
        count = books.execute("select count(*) from orders").fetchone()[0] + int((sys.argv[1:] or [0])[0])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"orders": count}).encode())
open(os.path.join(os.path.dirname(__file__), "pid"), "w").write(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", int(os.environ["COPY_PORT"])), Shop).serve_forever()
"""
GATE = "application.orders"
CASES: dict[str, tuple[list[str], str, str, dict[str, str]]] = {
    "it does what it is asked": (["shop"], SHOP, "proved", {"application": "passed", GATE: "passed"}),
    "it answers wrongly": (["shop", "1"], SHOP, "failed", {"application": "passed", GATE: "failed"}),
    "it does not start": (["shop"], "#!/bin/sh\necho no stock; exit 3\n", "failed", {"application": "failed"}),
    "nobody may run it": (["/bin/sh", "-c", "true"], SHOP, "unproved", {"application": "unseen"}),
    "it is not there": (["shopp"], SHOP, "unproved", {"application": "unseen"}),
}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    installed("restic")
    work_in(tmp_path, monkeypatch)
    monkeypatch.setattr(copied_shop, "SYSTEM", copied_shop.SYSTEM.replace("\nchecks:\n", APP, 1))
    monkeypatch.setattr(application, "PLUGINS", (str(tmp_path / "plugins"),))
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


def test_what_its_transactions_say_counts(tmp_path: Path, plugins: Path) -> None:
    shop = Shop(tmp_path, prove={"after_each": False})
    assert shop.run().state == "done"
    for name, (start, script, verdict, expected) in CASES.items():
        (plugins / "shop").write_text(script)
        (plugins / "shop").chmod(0o755)
        shop.apply(prove={"after_each": False, "start": start})
        assert shop.run("prove").state == "done", name
        proof = Proof.objects.latest("pk")
        gates = {gate: said for gate, said in outcomes(proof.gates).items() if gate.startswith("application")}
        assert (proof.verdict, gates) == (verdict, expected), (name, proof.gates)
    failed = next(proof for proof in Proof.objects.all() if "no stock" in str(proof.gates))
    assert "it ended with 3" in str(failed.gates)
    assert not Path(f"/proc/{(plugins / 'pid').read_text()}").exists(), "it is ended with its proof"
    assert not places.numbers()
