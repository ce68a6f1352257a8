"""The page "Ten minutes" as a newcomer follows it, on a real PostgreSQL, a real nginx and a mail server: its commands
and its SQL word for word, its files as they stand there, with only addresses and passwords put in. Then the commands
of the other pages, in the workspace that came of it. They run in the order in which they stand here."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest

from tests import mortal, servers
from tests.faces.running import LOOPBACK, Workspace, until
from tests.faces.test_manual import ROOT, commands
from tests.faces.test_manual_commands import RUN_HERE
from tests.line.test_pack_web import Nginx

pytestmark = pytest.mark.postgresql
MANUAL = ROOT / "docs/manual"
SHOP = """
create table orders (id serial primary key, number text, created timestamptz default now());
create table order_line (id serial primary key, order_id int references orders, product text);
with one as (insert into orders (number) select 'SO' || n from generate_series(1, 20) n returning id)
insert into order_line (order_id, product) select id, 'tea' from one;
"""
PASSWORD = "a-long-passphrase-7"
GIVEN = {
    "mainstay user add": f"{PASSWORD}\n{PASSWORD}\n", "mainstay backup-self": f"{PASSWORD}\n",
    "mainstay restore-self": f"{PASSWORD}\n",
}  # fmt: skip
"""What is typed when a command asks."""

ELSEWHERE = {
    "init": "run where the page runs", "up": "run where the page runs", "demo": "tests/estate and make demo",
    "estate faults": "needs a demo that runs; tests/estate asks the estate itself",
    "restore-self --undo-upgrade": "needs an upgrade; tests/line/test_own_copies.py",
    "inspect": "tests/faces/test_inspection.py, on a day on which something is wrong",
    "estate break": "make demo DEMO=--once breaks every fault", "estate mend": "make demo DEMO=--once mends them",
}  # fmt: skip


ENDS = {"mainstay diff catalogue": (1,), "mainstay check try": (0, 1, 2)}
"""There is something to apply; and how this machine itself does is not the page's matter."""


@dataclass
class Newcomer:
    """Where he stands, and what he put in for the addresses of the page."""

    workspace: Workspace
    admin: str
    shop: str
    web: str
    mail: mortal.Mortal
    port: int
    box: Path

    def type(self, line: str) -> tuple[int, str]:
        """One line in a shell that has ``mainstay`` on its path: how it ended, and what it said."""
        line = line.partition("#")[0].strip()
        path = f"{Path(sys.executable).parent}:{self.workspace.environment['PATH']}"
        given = next((text for start, text in GIVEN.items() if line.startswith(start)), "")
        done = subprocess.run(
            ["sh", "-c", line], cwd=self.workspace.folder, env={**self.workspace.environment, "PATH": path}, text=True,
            input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, start_new_session=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def enter(self, folder: str) -> None:
        """What ``cd`` does; and his Mainstay may look at this machine only."""
        self.workspace.folder /= folder
        with (self.workspace.folder / "mainstay.toml").open("a") as settings:
            settings.write(LOOPBACK)

    def put_in(self, text: str) -> str:
        """The page's addresses are those of a shop that does not exist."""
        text = text.replace("https://shop.example/", self.web)
        return text.replace("host: mail.internal, port: 25,", f"host: 127.0.0.1, port: {self.port},")

    def states(self) -> dict[str, str]:
        return {row["path"]: row["state"] for row in self.workspace.json("check", "list")["items"]}

    def mails(self) -> list[str]:
        files = (self.box / "new").iterdir()
        return [str(message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"]) for file in files]


def parts(page: str) -> Iterator[tuple[str, str, str]]:
    """Blocks of a page: their language, what is written last before them in `…` as a file's name, and their text."""
    for found in re.finditer(r"(?:`(catalogue/[\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        yield found[2], found[1] or "", found[3]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    servers.program("nginx")
    here, box, web = (tmp_path_factory.mktemp(name) for name in ("home", "box", "web"))
    with ExitStack() as stack:
        admin = stack.enter_context(servers.postgresql())
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create database shop")
        shop = admin.replace("/postgres", "/shop") if admin.endswith("/postgres") else admin
        with psycopg.connect(shop, autocommit=True) as db:
            db.execute(SHOP)
        nginx = Nginx(web)
        web.chmod(0o755)
        nginx.certify(days=90)
        nginx.start()
        stack.callback(nginx.stop)
        mail, port = stack.enter_context(mortal.mail(box))
        yield Newcomer(Workspace(here), admin, shop, f"http://127.0.0.1:{nginx.plain}/", mail, port, box)


@pytest.fixture(scope="module")
def followed(newcomer: Newcomer) -> Iterator[Newcomer]:
    """The whole page was followed to its last command, which goes on: ``mainstay up``."""
    dsn = re.sub(r"//[^@]+@", f"//mainstay:{PASSWORD}@", newcomer.shop)
    GIVEN["mainstay secret set"] = f"{dsn}\n"
    runs = ExitStack()
    for language, file, text in parts((MANUAL / "ten-minutes.md").read_text()):
        if language == "sql" and "create role" in text:
            with psycopg.connect(newcomer.shop, autocommit=True) as db:
                db.execute(text.replace("…", PASSWORD).encode())
        elif language == "yaml":
            (newcomer.workspace.folder / file).write_text(newcomer.put_in(text))
        for line in text.splitlines() if language == "sh" else ():
            if line == "mainstay up":
                runs.enter_context(newcomer.workspace.up())
                continue
            if line.startswith("cd "):
                newcomer.enter(line.removeprefix("cd "))
                continue
            code, said = newcomer.type(line)
            assert code in ENDS.get(" ".join(line.split()[:3]), (0,)), (line, said)
    with runs:
        yield newcomer


def test_all_is_green_and_a_planted_fault_is_found(followed: Newcomer) -> None:
    quiet = {"shop/orders-per-hour"}  # outside its hours it is looked at and not judged
    until(lambda: {"shop/db.connections", "shop/app.answer", "shop/orders-without-lines"} <= followed.states().keys())
    until(lambda: {state for path, state in followed.states().items() if path.startswith("shop/") and path not in quiet}
          == {"ok"})  # fmt: skip
    code, said = followed.type("mainstay channel test it-team")
    assert code == 0, said
    until(followed.mails)
    lose_lines(followed)
    (incident,) = until(lambda: [
        one for one in followed.workspace.json("incident", "list")["items"] if one["category"] == "data"
    ])  # fmt: skip
    assert incident["system"] == "shop"
    until(lambda: [subject for subject in followed.mails() if "每" in subject or "订单" in subject])
    assert followed.workspace.get("/sign-in/")[0] == 200


THEIR_OWN = ("people", "backups", *RUN_HERE)
"""Pages whose commands are run elsewhere: test_cli_people.py; test_backups.py, test_restores.py; and the rest by
test_manual_commands.py."""


def lose_lines(followed: Newcomer) -> None:
    """An order without lines, which is critical."""
    with psycopg.connect(followed.shop, autocommit=True) as db:
        db.execute("delete from orders where number = 'SO-without-lines'")
        db.execute("insert into orders (number) values ('SO-without-lines')")
    assert followed.type("mainstay check run shop/orders-without-lines")[0] == 0
    until(lambda: followed.states()["shop/orders-without-lines"] == "critical")


CODES = {"mainstay doctor": 2, "mainstay check list --not-ok --json": 2}
"""The dead-man's switch is not set, and something is critical: what the pages say of exit codes."""


def test_the_commands_of_the_other_pages(followed: Newcomer) -> None:
    lose_lines(followed)
    shop = followed.workspace.folder / "catalogue/shop.yaml"
    batch = "  nightly-batch: {probe: {kind: heartbeat, cron: '0 2 * * *', grace: 1h}}\n"
    shop.write_text(shop.read_text() + batch)  # the heartbeat of the page on faces
    (followed.workspace.folder / "disk.png").write_bytes(b"a picture that goes with a note")
    ran = []
    for page in ("catalogue", "running", "faces", "demo", "incidents"):
        for language, _, text in parts((MANUAL / f"{page}.md").read_text()):
            for line in text.splitlines() if language == "sh" else ():
                words = line.partition("#")[0].split()
                if words[0] != "mainstay" or " ".join(words[1:3]) in ELSEWHERE:
                    continue
                code, said = followed.type(numbered(followed, line))
                wanted = CODES.get(" ".join(words), 1 if words[1:] == ["diff"] else 0)
                assert code == wanted, (page, line, code, said)
                ran.append(words[1:])
    told = [words for page, words in commands() if page not in THEIR_OWN]
    left = [words for words in told if words not in ran and page_of(words) not in ELSEWHERE]
    assert [words for words in left if words not in in_ten_minutes()] == []


def page_of(words: list[str]) -> str:
    return words[0] if words[0] in ELSEWHERE else " ".join(words[:2])


def in_ten_minutes() -> list[list[str]]:
    return [words for page, words in commands() if page == "ten-minutes"]


def numbered(followed: Newcomer, line: str) -> str:
    """The page's numbers are of incidents, files and deliveries that are not here."""
    if line.startswith("mainstay incident") and " 7" in line:
        known = followed.workspace.json("incident", "list", "--all")["items"]
        number = next(one["id"] for one in known if one["category"] == "data")
        return line.replace(" 7", f" {number}").replace(" 3 --out", " 1 --out")
    if line.startswith("mainstay notice retry"):
        followed.mail.kill()
        followed.type("mainstay channel test it-team")
        waiting = until(lambda: [
            one for one in followed.workspace.json("notice", "list")["items"] if not one["sent_at"] and one["attempts"]
        ])  # fmt: skip
        return line.replace(" 12", f" {waiting[0]['id']}")
    return line
