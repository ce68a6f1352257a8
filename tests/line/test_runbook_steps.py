"""Kinds of steps against what they touch: a web service, a database of another kind, a check, people, copies."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pymysql
import pytest

from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
from mainstay.domain.network import NetworkPolicy
from mainstay.engine.runbooks import driving
from mainstay.engine.runbooks.dry_run import dry_run
from mainstay.monitoring.models import RunRequest, Standing
from mainstay.notices.models import Notice
from mainstay.runbooks import actions
from mainstay.runbooks.models import Step
from tests.line.driven import BOB, OLA, begun, drive, note, states, step, written
from tests.line.looking import LOOPBACK
from tests.servers import mariadb, ssh

pytestmark = pytest.mark.django_db
HEARD: list[tuple[str, str, dict[str, str], bytes]] = []


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        HEARD.append((self.command, self.path, dict(self.headers), body))
        failing = "fail" in self.path
        self.send_response(500 if failing else 200)
        self.end_headers()
        self.wfile.write(b'{"job": {"id": 17}}')

    do_GET = do_POST  # noqa: N815 - the library's name

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    HEARD.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def care(text: str) -> None:
    apply(examine({"shop.yaml": f"system: shop\n{text}".encode()}).catalogue, actor=ENGINE)


def test_a_request_carries_its_values_where_they_can_do_no_harm(service: str) -> None:
    care(f"components: {{web: {{kind: http, url: '{service}/api'}}}}\n")
    row = begun(
        """
runbook: r
inputs: {name: {}}
steps:
  make:
    kind: http
    method: POST
    path: [jobs, "${name}"]
    query: {q: "${name}"}
    json: {n: "${name}"}
    take: {id: $.job.id}
  fails: {kind: http, path: [fail], retries: 1, retry_after: 0s}
""",
        target="shop/web",
        name="a/../b?x=1&y ü",
    )
    method, path, headers, body = HEARD[0]
    assert (method, path) == ("POST", "/api/jobs/a%2F..%2Fb%3Fx%3D1%26y%20%C3%BC?q=a%2F..%2Fb%3Fx%3D1%26y+%C3%BC")
    assert json.loads(body) == {"n": "a/../b?x=1&y ü"}
    assert step(row, "make").outputs["id"] == 17
    assert (row.state, note(row, "fails")) == ("stopped", "the answer was 500")
    keys = [heard[2]["Idempotency-Key"] for heard in HEARD]
    assert len(keys) == 3
    assert keys[1] == keys[2] != keys[0]
    assert headers["Idempotency-Key"] == step(row, "make").key


def test_a_refused_address_is_not_asked(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "NETWORK", NetworkPolicy(()))
    care(f"components: {{web: {{kind: http, url: '{service}'}}}}\n")
    row = begun("runbook: r\nsteps: {a: {kind: http}}\n", target="shop/web")
    assert (row.state, HEARD) == ("stopped", [])


def test_a_dry_run_fills_in_what_is_known_and_touches_nothing(service: str) -> None:
    care(f"components: {{web: {{kind: http, url: '{service}'}}}}\n")
    name = written("""
runbook: r
inputs: {name: {}}
steps:
  a: {kind: http, headers: {Authorization: "${TOKEN}"}, query: {q: "${name}"}, take: {id: $.id}}
  b: {kind: http, query: {q: "${a.id}"}}
""")
    first, second = dry_run(name, {"name": "x"}, target="shop/web", actor=OLA)
    assert (first.on, first.settings["query"], first.settings["headers"]) == (
        "shop/web", {"q": "x"}, {"Authorization": "***"},
    )  # fmt: skip
    assert second.settings["query"] == {"q": "${a.id}"}
    assert HEARD == []


def test_a_check_is_looked_at_anew_and_must_stand_as_it_should() -> None:
    care("components: {web: {kind: http, url: 'http://192.0.2.1/'}}\nchecks: {home: {probe: {kind: http, on: web}}}\n")
    row = begun("runbook: r\nsteps: {look: {kind: check, check: home}}\n", target="shop/web")
    asked = RunRequest.objects.get()
    assert (asked.check_of.name, states(row)) == ("home", {"look": "waiting"})
    for state, wanted in (("critical", "waiting"), ("ok", "done")):
        request = RunRequest.objects.order_by("-pk").first()
        assert request is not None
        now = request.asked_at
        RunRequest.objects.filter(pk=request.pk).update(taken_at=now)
        Standing.objects.update_or_create(
            check_of=request.check_of, defaults={"state": state, "since": now, "looked_at": now, "updated_at": now}
        )
        Step.objects.filter(run=row).update(due=row.asked_at)
        row = drive(row)
        assert states(row) == {"look": wanted}
        if wanted == "waiting":
            Step.objects.filter(run=row).update(due=row.asked_at)
            drive(row)
    assert row.state == "done"


def test_people_are_told_once(service: str) -> None:
    row = begun("runbook: r\nsteps: {a: {kind: notify, words: 'run ${run} is on'}}\n")
    assert (row.state, Notice.objects.get().data["title"]) == ("done", f"run {row.pk} is on")


def test_what_is_no_name_of_the_catalogue_fails_by_its_name() -> None:
    care("components: {web: {kind: http, url: 'http://192.0.2.1/'}}\n")
    for text, why in (("kind: check, check: none", "there is no check shop/none"),
                      ("kind: backup, policy: none", "there is no backup policy shop/none"),
                      ("kind: prove, policy: none", "there is no backup policy shop/none")):  # fmt: skip
        row = begun(f"runbook: r\nsteps: {{a: {{{text}}}}}\n", target="shop/web")
        assert (row.state, note(row, "a")) == ("stopped", why)


@pytest.mark.mariadb
def test_a_write_on_mariadb_is_shown_and_done_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    with mariadb() as address:
        port = int(address.rpartition(":")[2].partition("/")[0])
        with pymysql.connect(host="127.0.0.1", port=port, user="admin", password="pass", database="shop",
                             autocommit=True) as db, db.cursor() as cursor:  # fmt: skip
            cursor.execute("create table orders (id int primary key, state varchar(9)) engine=innodb")
            cursor.execute("insert into orders values (1, 'stuck'), (2, 'stuck')")
            monkeypatch.setenv("SHOP_DSN", address)
            care('components: {db: {kind: mariadb, dsn: "${SHOP_DSN}"}}\n')
            query = "update orders set state = :s where state = 'stuck'"
            text = f'runbook: r\nsteps: {{a: {{kind: sql, query: "{query}", params: {{s: new}}}}}}\n'
            row = begun(text, target="shop/db")
            asked = step(row, "a").asked
            assert asked["shown"]["rows"] == [[1, "stuck"], [2, "stuck"]]
            cursor.execute("insert into orders values (3, 'stuck')")
            actions.approve(row.pk, "a", seal=asked["seal"], actor=BOB)
            row = drive(row)
            assert note(row, "a") == "3 rows would change, 2 were shown; nothing was done"
            cursor.execute("select count(*) from orders where state = 'stuck'")
            assert cursor.fetchone() == (3,)
            row = begun(text, target="shop/db")
            actions.approve(row.pk, "a", seal=step(row, "a").asked["seal"], actor=BOB)
            assert drive(row).state == "done"
            cursor.execute("select count(*) from orders where state = 'new'")
            assert cursor.fetchone() == (3,)


def test_a_command_on_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a real sshd: each word stays one, an exit code that is no good ends it, and so does another host's key."""
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    another = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsgcxmu6sj6DRHKwCJ1TVzCkS1UPMkxrJ7fEj2YpBqx"
    with ssh() as way:
        host = f"kind: host, address: 127.0.0.1, port: {way.port}, user: {way.user}, key_file: '{way.key_file}'"
        care(
            f"components:\n  host: {{{host}, host_key: '{way.host_key}'}}\n"
            f"  strange: {{{host}, host_key: '{another}'}}\n"
        )
        text = 'a\'; touch /tmp/never $(id) `id` "x" && exit 7'
        row = begun(
            """
runbook: r
inputs: {words: {}}
steps:
  say: {kind: ssh, command: [printf, "%s|", "${words}", two]}
  code: {kind: ssh, command: [sh, -c, "echo bad; exit 3"], codes: [3]}
  strange: {kind: ssh, on: strange, command: ["true"]}
""",
            target="shop/host",
            words=text,
        )
        assert step(row, "say").outputs == {"code": 0, "text": f"{text}|two|"}
        assert step(row, "code").outputs == {"code": 3, "text": "bad"}
        assert (row.state, "another host key" in note(row, "strange")) == ("stopped", True)
