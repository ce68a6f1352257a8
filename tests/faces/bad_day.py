"""A bad day with long names, really lived through: checks that fail, stuck orders, a broken rule, a mail server away.

The checker and the engine run until all of it stands in the database and then end, so that pages stay as they are.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faces.bad_plans import PLAN, planned
from tests.faces.bad_runs import LONG, MENDED, REMEDY, RUNBOOK, RUNS
from tests.faces.served import Served

CHECK = "orders-of-the-subsidiaries-that-wait-for-their-confirmation"
CATALOGUE = """
system: {long}
title:
  en: Enterprise resource planning of the international wholesale and distribution subsidiaries
  zh: 国际批发与分销子公司企业资源计划及跨公司结算清算一体化平台
tier: 1
owner: infrastructure-and-business-operations@subsidiaries.example.com
currency: CNY
status_page: true
components:
  books: {{kind: sqlite, dsn: "sqlite://{books}", title: {{en: The books of all the subsidiaries together, zh: 各子公司合并账簿数据库}}}}
  {component}:
    {{kind: http, url: "http://127.0.0.1:1/", depends_on: [books], title: {{en: Application server for order processing, zh: 订单处理应用服务器集群}}}}
  till: {{kind: http, url: "http://127.0.0.1:1/a", depends_on: [{component}]}}
checks:
  {check}:
    title: {{en: "Orders of the subsidiaries that wait for their confirmation by the accounting department", zh: 等待财务部门确认的子公司订单数量不超过约定的上限}}
    help: {{en: "Ask the accounting department; see https://wiki.subsidiaries.example.com/operations/accounting/confirmation-of-orders", zh: "请联系财务部门，参见 https://wiki.subsidiaries.example.com/operations/accounting/confirmation-of-orders"}}
    probe: {{kind: integrity, on: books, query: "select number, customer_reference_of_the_subsidiary, total from orders where total < 0"}}
    every: 1s
    category: data
  answers: {{probe: {{kind: http, on: {component}}}, every: 1s, impact: outage, title: {{en: The application answers its customers, zh: 应用可供客户访问}}}}
  till-answers: {{probe: {{kind: http, on: till}}, every: 1s}}
  size: {{probe: {{kind: sql, on: books, query: "select count(*) as orders, sum(total) as the_total_of_all_the_orders from orders"}}, every: 1s, warn: "the_total_of_all_the_orders > 1", category: business}}
  sales:
    title: {{en: "Sales, from the first quotation to the last payment", zh: 销售：从首次报价到最后一笔收款}}
    every: 1s
    category: business
    crit: "stuck > 0"
    probe:
      kind: flow
      on: books
      query: "select number as 'case', state, entered_at, total as amount, last_user as actor from orders"
      history: "select number as 'case', state, at from steps"
      states:
        - {{name: quotation, title: {{en: quoted, zh: 已报价}}, longest: 30d}}
        - {{name: waiting for confirmation, longest: 1h}}
        - {{name: to be shipped by the warehouse, longest: 2d}}
        - {{name: paid, final: true}}
  job: {{probe: {{kind: heartbeat, period: 1h, grace: 5m}}}}
remedies:
  {remedy}:
    title: {{en: "Restart the application servers of all the subsidiaries, one after the other", zh: 依次重启各子公司的应用服务器集群}}
    checks: [answers, till-answers, {check}]
    runbook: restart-by-command
    inputs: {{service: application-server-of-the-subsidiaries-for-order-processing-and-settlement}}
    during: "Mon-Fri 08:00-12:00, Mon-Fri 13:00-20:00, Sat 09:00-12:00"
    after: 1d
backups:
  {written}: {{of: books, stores: [{store}], full: "30 2 29 2 *", incremental: "", title: {{en: The books of all the subsidiaries on every leap day, zh: 各子公司账簿闰日备份}}}}
"""  # noqa: E501 - long names are what it is about
SHARED = """
channels:
  operations-team-of-the-subsidiaries: {kind: smtp, host: 127.0.0.1, port: 1, sender: m@shop.example, to: [it@shop.example]}
calendars:
  holidays-of-the-subsidiaries: {holidays: ["2027-01-01", "2027-02-06"], workdays: ["2027-01-31"]}
stores:
  vault-in-the-basement-of-the-head-office: {kind: directory, path: /srv/vault-in-the-basement-of-the-head-office}
"""  # noqa: E501
MORE = f"""
import django; django.setup()
from mainstay.catalogue.actions import keep_outline
from mainstay.domain.actor import Actor, Role
from mainstay.domain.outline import Outline, Part
from mainstay.inspection.actions import run_by_hand
from mainstay.knowledge.actions import About, Text, edit, publish, write
ann = Actor("person:ann", Role.ADMINISTRATOR)
run_by_hand("{LONG}", actor=ann)
about = About("{LONG}", "", "", ["{CHECK}"])
words = "Orders of the subsidiaries wait for their confirmation"
body = "## What one sees\\n\\n" + "a" * 300 + "\\n\\n    mainstay incident list --all --json " + "x" * 200
article = write(Text("en", words, body), about=about, actor=ann)
chinese = Text("zh", "子公司订单长时间等待财务部门确认时的处理办法与常见原因汇总说明", "请联系财务部门。" * 40)
edit(article.pk, chinese, actor=ann, remark="Translated for the colleagues in Shanghai")
publish(article.pk, actor=ann, public=True)
database = {{"host": "database.subsidiaries.example.com", "port": "5432", "database": "w", "user": "mainstay"}}
parts = [
    Part(name="database-of-all-the-subsidiaries", kind="postgresql", pack="postgresql", typed=database),
    Part(name="web", kind="http", pack="web-service", typed={{"url": "https://shop.subsidiaries.example.com/orders"}}),
]
title = "Wholesale of the international distribution subsidiaries"
keep_outline(Outline(system="wholesale-of-the-subsidiaries", title=title, parts=parts), actor=ann)
"""
"""An inspection sheet, an article, and a system that ann is describing."""
REPORTED = f"""
import django; django.setup()
from mainstay.domain.actor import Actor, Role
from mainstay.help_desk.actions import Report, Sent, answer, close, make_requirement, open_ticket
ann = Actor("person:ann", Role.ADMINISTRATOR)
text = "Since this morning nobody of us can confirm an order of the subsidiaries. " * 6 + "x" * 200
subject = "Orders of the subsidiaries wait for their confirmation, see ORDER-" + "0" * 60
files = [Sent("screen-of-the-order-processing-" + "y" * 60 + ".png", b"\\x89PNG\\r\\n\\x1a\\n")]
who = ("maria.magdalena.von-der-buchhaltung@subsidiaries.example.com", "Maria Magdalena von der Buchhaltung")
what = Report("question", subject, text, "{LONG}", *who, files=files)
for _ in range(2):
    number = open_ticket(what, actor=ann, came_by="page").pk
    answer(number, text, actor=ann)
    make_requirement(number, actor=ann)
close(number, actor=ann, text="Done.")
"""
PUBLIC = """
import json, django; django.setup()
from mainstay.engine.wording_letters import score_link
from mainstay.help_desk.models import Ticket
ticket = Ticket.objects.latest("pk")
print(json.dumps([f"of/{ticket.key}", "articles/1", score_link(ticket).split("help-desk/")[1].strip("/")]))
"""
"""What anybody may open who has its address."""
POLICY = "every-night-to-the-vault-and-to-the-second-data-centre"
WRITTEN, STORE = "books-of-the-subsidiaries-on-leap-days", "vault-in-the-basement-of-the-head-office"
BACKUPS = f"""
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mainstay.backups.models import Restore
from mainstay.backups.queries.restores import seal_of
from mainstay.domain.restoring import Wish
from tests.line.backed_up import copy, nights, open_policy, proof, repository, watch
now = datetime.now(UTC)
stores = ("{STORE}", "object-storage-of-the-second-data-centre")
title = {{"en": "Books of all the subsidiaries, every night, with a proof", "zh": "各子公司账簿每夜备份并验证恢复"}}
policy = open_policy("{POLICY}", "{LONG}", stores, title=title, data="finance", window="22:00-06:00",
                     keep={{"last": 2, "daily": 5, "weekly": 2}}, databases=["consolidated_ledger_of_subsidiaries"])
newest, *older = nights(policy, 12, now - timedelta(hours=9), store=stores[0], size=123_456_789_012)
far = repository(policy, stores[1])
copy(policy, now + timedelta(days=900), store=stores[1], size=123_456_789_012, made_from=older[3])
proof(older[2], now - timedelta(days=3), "failed", [{{"name": "rows", "verdict": "failed"}}])
waits = Restore(
    policy=policy, copy=newest, wanted=Wish(newest.pk, "live").plain(), asked_by="person:maria", asked_at=now,
    reason="The ledger of the subsidiaries was emptied by mistake by a script that nobody had looked at",
    story=[{{"at": now.isoformat(), "who": "person:maria", "word": "asked"}}])
waits.seal = seal_of(waits)
waits.save()
target = "postgresql://restore:${{RESTORE_PASSWORD}}@database-of-the-second-data-centre.example:5432/ledger_again"
wish = Wish(newest.pk, "database", target, ("consolidated_ledger_of_subsidiaries",))
Restore.objects.create(
    policy=policy, copy=newest, seal="0" * 64, state="failed", place="between", asked_by="shell:operations",
    asked_at=now, wanted=wish.plain(), ended_at=now,
    story=[{{"at": now.isoformat(), "who": "engine", "word": "failed", "code": "no-space", "detail": "x" * 300}}])
watch(policy, "late", "ok")
watch(policy, "unproved", "critical", fault="failed", detail="the last proof failed: rows of consolidated_ledger")
watch(policy, "second-site", "warning", condition="behind > 12h", metric="behind", value=999999.0, unit="s",
      kind="backup")
watch(open_policy("hourly", "{LONG}", stores[:1]), "late", "critical", condition="late > 24h", metric="late",
      value=360000.0, unit="s", kind="backup")
"""
"""A policy whose second site has a copy of the future, and one that never ran."""
ROTATION = "operations-of-the-subsidiaries-by-weeks-and-on-public-holidays"
DUTY = f"""
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.models import Incident
from mainstay.on_call import actions
from mainstay.on_call.models import Call, Move
from tests.line.on_call import arrange
now, hour = datetime.now(UTC), timedelta(hours=1)
ann, maria = Actor("person:ann", Role.ADMINISTRATOR), "maria.magdalena.von-der-buchhaltung"
title = {{"en": "Operations of the subsidiaries by weeks and on public holidays", "zh": "各子公司运维周值班与法定节假日值班轮换安排"}}
arrange("rotation", "{ROTATION}", title=title, layers=[{{"people": ["ann"], "start": "2026-01-05"}}])
actions.override("{ROTATION}", maria, now + 24 * hour, now + 25 * hour, reason="r" * 200, actor=ann)
actions.ask_swap("{ROTATION}", "ann", now + hour, now + 2 * hour, taker=maria, actor=ann)
actions.hand_over("{ROTATION}", "Look at the application servers " + "x" * 200, to=maria, actor=ann)
incident = Incident.objects.filter(state="open").earliest("pk")
move = Move.objects.create(incident=incident, since=incident.since, escalation="{ROTATION}", round=0, step=0, at=now,
                           outcome="called", level=1)
why = {{"target": "rotation:{ROTATION}", "layer": 1}}
Call.objects.create(move=move, incident=incident, kind="person", name=maria, at=now, why=why, expires_at=now + 24 * hour)
"""  # noqa: E501
"""Somebody is on call, another stands in and is called."""
REVIEWED = f"""
import django; django.setup()
from datetime import UTC, date, datetime, timedelta
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.actions import open_by_hand, resolve
from mainstay.reviews import actions
from mainstay.reviews.models import Action
ann, maria = Actor("person:ann", Role.ADMINISTRATOR), "maria.magdalena.von-der-buchhaltung"
told = {{"category": "business", "level": 1, "text": ""}}
over = open_by_hand(system="{LONG}", title="The settlement of the subsidiaries stood still", actor=ann, **told)
resolve(over.pk, actor=ann)
review = actions.open_by_hand(over.pk, actor=ann)
whys = ["Orders of the subsidiaries waited for their confirmation by the accounting department " * 3, "w" * 300]
actions.write(review.pk, whys=whys, cause="handling", well="The standby took over " * 9, badly="b" * 200, actor=ann)
day, title = datetime.now(UTC).date(), "Watch the confirmation of the orders of the subsidiaries by the accounting department "
for owner in (maria, "ann", maria):
    action = actions.add_action(review.pk, title * 3, owner=owner, due=day + timedelta(days=30), actor=ann)
actions.end_action(action.pk, ending="training", proof="The accounting department of the subsidiaries " * 9, actor=ann)
Action.objects.filter(owner="ann").update(due=day - timedelta(days=9), state="reopened", again=over)
"""  # noqa: E501
"""A review whose action is overdue."""
CALLED = """
import json, django; django.setup()
from mainstay.on_call.links import address
from mainstay.on_call.models import Call, Handover
called = address(Call.objects.latest("pk").pk).partition("/acknowledge/")[2]
print(json.dumps([f"/on-call/hand-overs/{Handover.objects.latest('pk').pk}/", f"/acknowledge/{called}"]))
"""
SETTINGS = '\nsettle = 0\ntimezone = "Asia/Shanghai"\n[networks]\nallowed = ["127.0.0.0/8"]\n'


def _books(path: Path) -> None:
    now = datetime.now(UTC)
    states = ("quotation", "waiting for confirmation", "to be shipped by the warehouse", "paid")
    with sqlite3.connect(path) as books:
        books.execute(
            "create table orders (number text, state text, entered_at text, total real, last_user text,"
            " customer_reference_of_the_subsidiary text)"
        )
        for n in range(120):
            row = (
                f"SUBSIDIARY-2026-ORDER-{n:08}", states[n % 4], (now - timedelta(hours=3 * n)).isoformat(),
                -1234567.5 if n % 40 == 7 else 98765.43 * n, "maria.magdalena.von-der-buchhaltung",
                f"REFERENCE/{n:030}",
            )  # fmt: skip
            books.execute("insert into orders values (?, ?, ?, ?, ?, ?)", row)
        books.execute("create table steps (number text, state text, at text)")
        for n, places in enumerate(
            (*[(0, 1, 2, 3)] * 30, (0, 2, 3), (0, 3), (0, 1, 0, 1, 2), (0, 1, 2, 1), (0, 1, 2, 3, 0))
        ):
            for hour, place in enumerate(places):
                at = (now - timedelta(hours=9 - hour, minutes=n)).isoformat()
                books.execute(
                    "insert into steps values (?, ?, ?)", (f"SUBSIDIARY-2026-ORDER-{n:08}", states[place], at)
                )
    books.close()


def _wait(site: Served, met: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if met():
            return
        time.sleep(0.5)
    raise TimeoutError(site.call("check", "list", "--json"))


@contextmanager
def bad_day(folder: Path) -> Iterator[Served]:
    """Served by the web process alone, some seconds after the worst; ``ann`` is an administrator."""
    _books(folder / "books.sqlite3")
    names = {"long": LONG, "check": CHECK, "component": "application-server-of-the-subsidiaries", "written": WRITTEN,
             "store": STORE, "remedy": REMEDY}  # fmt: skip
    site = Served(folder, catalogue="")
    (folder / "mainstay.toml").write_text((folder / "mainstay.toml").read_text() + SETTINGS)
    (folder / "catalogue" / "shop.yaml").write_text(CATALOGUE.format(books=folder / "books.sqlite3", **names))
    (folder / "catalogue" / "shared.yaml").write_text(SHARED)
    site.call("apply", str(folder / "catalogue"))
    site.call("user", "add", "maria.magdalena.von-der-buchhaltung", "--role", "operator", "--password-stdin",
              given="correct-horse-battery")  # fmt: skip
    site.call("token", "create", "nightly-backup-of-the-subsidiaries", "--role", "operator")
    site.call("check", "mute", f"{LONG}/job", "--for", "2h", "--reason", "The batch of the subsidiaries is late today")
    process = site.up()
    try:
        _wait(site, lambda: len(json.loads(site.call("incident", "list", "--json"))["items"]) >= 3)
        _wait(site, lambda: json.loads(site.call("notice", "list", "--outcome", "waiting", "--json"))["items"])
    finally:
        process.terminate()
        process.wait(30)
    number = str(json.loads(site.call("incident", "list", "--json"))["items"][0]["id"])
    site.call("incident", "ack", number, "--note", "Looking at the application servers " + "x" * 70)
    site.call("incident", "open", LONG, "The tills of the subsidiaries are slow this morning", "--level", "3",
              "--category", "business")  # fmt: skip
    site.run(MORE)
    site.run(BACKUPS)
    site.run(REPORTED)
    site.run(RUNS)
    site.run(MENDED)
    site.run(DUTY)
    site.run(REVIEWED)
    site.run(planned(LONG, RUNBOOK))
    process = site.start()
    try:
        yield site
    finally:
        process.terminate()
        process.wait(20)


WIDER = {
    "Name": ["/people/"], "E-mail": ["/people/", "/settings/", "/settings/channels/new/"],
    "operator": ["/people/", "/account/"], "Limit": ["/inspections/1/"],
    "Limits and intervals": ["/start/parts/database-of-all-the-subsidiaries/"],
    # A host's metrics stand as those of any check do.
    **{name: [f"/systems/{LONG}/checks/answers/"] for name in ("time to the first byte", "memory in use")},
}  # fmt: skip
"""Labels that Traditional Chinese has more characters for than Simplified, and where they stand."""


@dataclass(frozen=True)
class There:
    """What stands for each part of an address."""

    system: str
    checks: Sequence[str]
    edited: str
    incidents: Sequence[int]
    sheet: int
    parts: Sequence[str]
    channel: str
    person: str
    policy: str = ""
    backups: Sequence[str] = ()
    written: str = ""
    """A policy that stands in YAML, as not all of those that are only rows do."""
    store: str = ""
    article: int = 0
    ticket: int = 0
    review: int = 0
    public: Sequence[str] = ()


def everywhere(site: Served) -> list[str]:
    """Every page that somebody who is signed in may open, each with what it shows most of."""
    incidents = [one["id"] for one in json.loads(site.call("incident", "list", "--all", "--json"))["items"]]
    checks, parts = (CHECK, "answers", "size", "sales", "job"), ("database-of-all-the-subsidiaries", "web")
    backups = ("jobs/1", "copies/1", "copies/1/files", "proofs/1", "restores/1", "restores/2")
    there = There(LONG, checks, "size", incidents[-2:], 1, parts, "operations-team-of-the-subsidiaries",
                  "maria.magdalena.von-der-buchhaltung", POLICY, backups, WRITTEN, STORE, 1, 1, 1,
                  json.loads(site.run(PUBLIC)))  # fmt: skip
    book, duty = f"/runbooks/of/{RUNBOOK}/", json.loads(site.run(CALLED))
    runs = (
        "/runbooks/",
        "/runbooks/new/",
        "/runbooks/runs/",
        "/runbooks/runs/1/",
        book,
        f"{book}edit/",
        f"/on-call/rotations/of/{ROTATION}/edit/",
    )
    remedies = ("/runbooks/remedies/", f"/runbooks/remedies/{LONG}/{REMEDY}/")
    plan = f"/plans/of/{PLAN}/"
    plans = ("/plans/", "/plans/new/", plan, f"{plan}edit/", "/plans/drills/", "/plans/drills/1/", "/plans/drills/2/")
    return [*pages(there), *duty, *runs, *remedies, *plans]


def pages(there: There) -> list[str]:
    """Their addresses."""
    check = f"/systems/{there.system}/checks"
    return [
        "/today/", "/systems/", f"/systems/{there.system}/", f"/systems/{there.system}/yaml/",
        *(f"{check}/{name}/" for name in there.checks), f"{check}/{there.edited}/edit/",
        "/incidents/?state=", "/incidents/?view=plots", "/incidents/figures/?months=3",
        "/reviews/", "/reviews/?view=actions&state=", *([f"/reviews/{there.review}/"] if there.review else []),
        *(f"/incidents/{number}/{end}" for number in there.incidents for end in ("", "diagnosis/")),
        "/data/?view=findings", "/data/?view=rules", "/data/?view=flows", "/data/?view=cases",
        "/backups/", *([f"/backups/policies/{there.system}/{there.policy}/"] if there.policy else []),
        *([f"/backups/policies/{there.system}/{there.written}/edit/", f"/backups/policies/new/?system={there.system}",
           f"/backups/stores/of/{there.store}/"] if there.written else []), "/backups/stores/new/?kind=sftp",
        "/backups/restores/", "/settings/own-copies/",
        *([f"/backups/restores/new/?policy={there.system}/{there.policy}&copy=1"] if there.policy else []),
        "/backups/jobs/", "/backups/copies/", "/backups/proofs/", *(f"/backups/{one}/" for one in there.backups),
        "/desk/", "/help-desk/?q=orders", *([f"/desk/{there.ticket}/"] if there.ticket else []),
        *(f"/help-desk/{one}/" for one in there.public),
        "/knowledge/", "/knowledge/new/",
        *(f"/knowledge/{there.article}{end}" for end in ("/", "/edit/") if there.article),
        "/inspections/", "/inspections/month/", f"/inspections/{there.sheet}/",
        "/start/", "/start/parts/", *(f"/start/parts/{part}/" for part in there.parts), "/start/told/",
        "/start/summary/",
        "/settings/", "/settings/channels/new/", f"/settings/channels/of/{there.channel}/",
        "/settings/calendars/", "/settings/secrets/", "/settings/about/",
        "/on-call/", "/on-call/import/", "/on-call/rotations/new/", "/on-call/hand-overs/",
        "/notices/", "/audit/?verify=1", "/catalogue/", "/catalogue/new/", "/wall/", "/status/", "/find/?q=orders",
        "/account/", "/account/password/", "/account/prove/", "/account/factor/", "/account/passkeys/new/",
        "/people/", f"/people/of/{there.person}/", "/tokens/", "/design/",
        "/help/", "/help/?q=mainstay", "/help/probes/", "/help/ten-minutes/", "/nothing/",
    ]  # fmt: skip
