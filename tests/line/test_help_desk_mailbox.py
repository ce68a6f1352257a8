"""The help desk's mailbox, read from a real Dovecot: taken in once, marked as seen, and said when it cannot be read."""

import imaplib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mainstay.catalogue import actions as catalogue
from mainstay.catalogue.examine import examine
from mainstay.catalogue.export import files
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor, Role
from mainstay.domain.help_desk import Mailbox
from mainstay.drivers import mailbox
from mainstay.engine import help_desk
from mainstay.engine.help_desk import Postman, visit
from mainstay.help_desk.models import Received, Ticket
from mainstay.monitoring.models import Standing
from tests.line.shop import LOOPBACK
from tests.servers import free_port

DOVECOT = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(DOVECOT is None, reason="no Dovecot on this machine (make services)"),
    pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="Dovecot is started as root"),
]
ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "mail-secret-1"
CONF = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@dataclass
class Server:
    """A Dovecot with one mailbox."""

    port: int

    def _box(self) -> imaplib.IMAP4:
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        box.login("desk", PASSWORD)
        return box

    def put(self, raw: bytes) -> None:
        with self._box() as box:
            assert box.append("INBOX", "", "", raw)[0] == "OK"

    def unseen(self) -> int:
        with self._box() as box:
            box.select("INBOX", readonly=True)
            return len(box.uid("SEARCH", "UNSEEN")[1][0].split())

    def settings(self, **more: Any) -> Mailbox:
        known = {"host": "127.0.0.1", "port": self.port, "tls": "none", "user": "desk", "password": PASSWORD}
        return Mailbox.model_validate({**known, **more})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", 65534, 65534)  # no mailbox may be root's
        (folder / "conf").write_text(CONF.format(folder=folder, password=PASSWORD, port=port))
        process = subprocess.Popen([str(DOVECOT), "-F", "-c", str(folder / "conf")], stderr=subprocess.PIPE)
        try:
            _wait(lambda: imaplib.IMAP4("127.0.0.1", port, timeout=2).logout(), folder)
            yield Server(port)
        finally:
            process.terminate()
            process.wait(20)


def _wait(up: Callable[[], object], folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            up()
        except OSError:
            log = folder / "log"
            assert time.monotonic() < deadline, log.read_text() if log.exists() else "no log"
            time.sleep(0.1)
        else:
            return


def mail(subject: str, text: str = "It does not print.") -> bytes:
    return f"From: Ann <ann@users.example>\r\nTo: desk@shop.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


SHARED = """
channels:
  mail: {{kind: smtp, host: 127.0.0.1, port: 1, sender: m@shop.example, to: [it@shop.example]}}
help_desk:
  address: desk@shop.example
  channel: mail
  imap: {{host: 127.0.0.1, port: {port}, tls: none, user: desk, password: "${{DESK_PASSWORD}}"}}
"""


@pytest.fixture
def desk(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A catalogue with the mailbox, and its password as a secret."""
    monkeypatch.setattr(help_desk, "NOTICE_NETWORK", LOOPBACK)
    monkeypatch.setattr(help_desk.connections, "close_all", lambda: None)  # the test's own would go with it
    catalogue.apply(examine({"shared.yaml": SHARED.format(port=server.port).encode()}).catalogue, actor=ROOT)
    catalogue.set_secret("DESK_PASSWORD", PASSWORD, actor=ROOT)
    visit()
    Received.objects.all().delete()
    Ticket.objects.all().delete()
    return server


def test_mail_is_taken_in_once_and_marked(desk: Server) -> None:
    desk.put(mail("Printing"))
    desk.put(mail("Re: away", "I am away").replace(b"Subject", b"Auto-Submitted: auto-replied\r\nSubject"))
    assert visit() == ""
    assert [row.outcome for row in Received.objects.order_by("pk")] == ["opened", "automatic"]
    assert Ticket.objects.get().subject == "Printing"
    assert desk.unseen() == 0
    desk.put(mail("Printing"))  # as after a kill between taking it in and marking it
    assert visit() == ""
    assert Ticket.objects.count() == 1


def test_a_mail_that_cannot_be_taken_in_stays_unseen(server: Server) -> None:
    server.put(mail("kept"))

    def refuse(_raw: bytes, _whole: bool) -> None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        mailbox.visit(server.settings(), LOOPBACK, 20, refuse)
    got: list[tuple[bytes, bool]] = []
    assert server.unseen() == 1
    assert mailbox.visit(server.settings(), LOOPBACK, 20, lambda raw, whole: got.append((raw, whole))) == 1
    assert got[0][1]
    assert b"Subject: kept" in got[0][0]


def test_of_a_mail_that_is_too_large_only_the_header_comes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "LARGEST_MAIL", 500)
    server.put(mail("bomb", "x" * 5000))
    got: list[tuple[bytes, bool]] = []
    mailbox.visit(server.settings(), LOOPBACK, 20, lambda raw, whole: got.append((raw, whole)))
    ((raw, whole),) = got
    assert not whole
    assert b"xxxx" not in raw


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"password": "wrong-one"}, "refused"), ({"folder": "none"}, "refused"), ({"port": 1}, "refused"),
        ({"tls": "implicit"}, ""), ({"host": "192.0.2.1"}, "192.0.2.1"),
    ],
)  # fmt: skip
def test_what_keeps_the_mailbox_closed_is_said_and_never_the_password(
    server: Server, more: dict[str, Any], reason: str
) -> None:
    settings = server.settings(**more)
    with pytest.raises(mailbox.Unread) as error:
        mailbox.visit(settings, LOOPBACK, 10, lambda _raw, _whole: None)
    assert reason in str(error.value).lower()
    assert settings.password not in str(error.value)


def test_a_mailbox_that_cannot_be_read_is_a_failing_check_and_then_well_again(desk: Server) -> None:
    postman = Postman(problem="no answer")
    postman.judge()
    assert Standing.objects.get(check_of__name=help_desk.CHECK).state == "critical"
    postman.problem = visit()
    assert postman.problem == ""
    postman.judge()
    assert Standing.objects.get(check_of__name=help_desk.CHECK).state == "ok"
    assert desk.unseen() == 0


def test_the_catalogue_keeps_it_and_no_password_in_clear(desk: Server) -> None:
    written = files()["shared.yaml"]
    assert "${DESK_PASSWORD}" in written
    again = examine({"shared.yaml": written.encode()}).catalogue
    assert catalogue.apply(again, actor=ROOT) == []
    clear = SHARED.format(port=desk.port).replace("${DESK_PASSWORD}", "in-clear")
    with pytest.raises(Invalid):
        examine({"shared.yaml": clear.encode()})
    with pytest.raises(Invalid):
        examine({"shared.yaml": SHARED.format(port=1).replace("channel: mail", "channel: none").encode()})
    gone = SHARED.format(port=1).partition("help_desk:")[0]
    (difference,) = catalogue.apply(examine({"shared.yaml": gone.encode()}).catalogue, actor=ROOT)
    assert (difference.kind, difference.act) == ("help desk", "retired")
