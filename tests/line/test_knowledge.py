"""Articles: written, versioned, published, found in both languages, offered on an incident, due for a review."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Actor, Denied, Role, Sight
from mainstay.engine import reviewing
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Incident
from mainstay.knowledge import actions, queries
from mainstay.knowledge.actions import About, Text
from mainstay.knowledge.models import Article, Gram
from mainstay.monitoring.models import Standing
from tests.line.shop import ALICE, BOB, change, follow

pytestmark = pytest.mark.django_db
CAROL = Actor("person:carol", Role.APPROVER)


def published(title: str, body: str = "…", language: str = "en", **about: Any) -> Article:
    made = actions.write(Text(language, title, body), actor=ALICE, about=About(**about))
    return actions.publish(made.pk, actor=CAROL)


def found(text: str, language: str = "en") -> list[int]:
    return [one.article.pk for one in queries.search(text, queries.articles(state="published"), language)]


def test_two_chinese_characters_a_beginning_and_both_languages_of_one_article_are_found() -> None:
    pool = published("数据库连接池耗尽", "重启应用以释放连接。", "zh")
    actions.edit(pool.pk, Text("en", "Connection pool exhausted", "Restart the application."), actor=CAROL)
    other = published("发票打印", "选择打印机", "zh")
    assert found("连接") == found("释放") == found("exhaust") == found("application restart") == [pool.pk]
    assert found("打印") == [other.pk]
    assert found("连接 打印") == found("池接") == found("zzz") == found("") == []
    (hit,) = queries.search("连接", queries.articles(), "en")
    assert (hit.language, hit.title) == ("zh", [("数据库", False), ("连接", True), ("池耗尽", False)])


def test_the_best_comes_first_and_a_new_version_replaces_what_is_found() -> None:
    below = published("What to do at night", "the queue is full")
    named = published("The queue is full")
    assert found("queue") == [named.pk, below.pk]
    actions.edit(named.pk, Text("en", "The disk is full", "…"), actor=CAROL)
    assert found("queue") == [below.pk]
    assert not Gram.objects.filter(article=named, gram="que").exists()


def test_every_version_stays_and_nobody_overwrites_another() -> None:
    made = actions.write(Text("en", "A", "one"), actor=ALICE)
    actions.edit(made.pk, Text("en", "A", "two"), actor=ALICE, remark="better", seen=1)
    with pytest.raises(actions.Illegal, match="version 2"):
        actions.edit(made.pk, Text("en", "A", "three"), actor=ALICE, seen=1)
    bodies = [one.texts["en"]["body"] for one in queries.versions(made.pk)]
    assert bodies == ["two\n", "one\n"]
    assert Record.objects.filter(act="article.write").count() == 2


def test_who_may_write_may_not_publish_and_what_is_published_is_not_changed_by_him() -> None:
    with pytest.raises(Denied):
        actions.write(Text("en", "A", "x"), actor=BOB)
    made = actions.write(Text("en", "A", "x"), actor=ALICE)
    with pytest.raises(Denied):
        actions.publish(made.pk, actor=ALICE)
    actions.publish(made.pk, actor=CAROL, public=True)
    assert queries.public().get() == made
    with pytest.raises(Denied):
        actions.edit(made.pk, Text("en", "A", "y"), actor=ALICE)
    actions.retire(made.pk, actor=CAROL, reason="replaced")
    assert not queries.public().exists()
    with pytest.raises(actions.Illegal, match="retired"):
        actions.edit(made.pk, Text("en", "A", "y"), actor=CAROL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(Text("fr", "A", ""), "en, zh"), (Text("en", "  ", ""), "title"), (Text("en", "A", "x" * 100_001), "100000")],
)
def test_what_does_not_fit_is_refused(text: Text, reason: str) -> None:
    with pytest.raises(actions.Illegal, match=reason):
        actions.write(text, actor=ALICE)


def test_an_incident_shows_past_ones_of_its_key_and_articles_about_it(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    first = Incident.objects.get()
    incidents.resolve(first.pk, actor=ALICE, note="the disk was full; logs removed")
    draft = actions.draft_of_incident(first.pk, "en", actor=ALICE)
    assert "logs removed" in draft.texts["en"]["body"]
    assert "nobody listens at db:5432" in draft.texts["en"]["body"]
    assert (draft.fingerprint, draft.checks, draft.incident) == (first.key, ["shop/db-up"], first)
    actions.publish(draft.pk, actor=CAROL)
    about_check = published("Logs", system="shop", checks=["db-up"])
    by_words = published("db-up fails after a patch")
    published("Something else entirely")
    Incident.objects.filter(pk=first.pk).update(resolved_at=datetime.now(UTC) - timedelta(days=9))
    follow(change(shop["db"], "critical", datetime.now(UTC), before="ok"))
    second = Incident.objects.latest("pk")
    assert second != first
    (past,) = queries.similar(second)
    assert (past.incident, past.ending and past.ending.text) == (first, "the disk was full; logs removed")
    assert {one.pk for one in queries.fitting(second, "en")} == {draft.pk, about_check.pk, by_words.pk}


def test_what_belongs_to_a_system_is_seen_by_who_may_see_it(shop: dict[str, Check]) -> None:
    inside, everybody = published("inside", system="shop"), published("everybody")
    fenced = queries.articles(sight=Sight(True, frozenset({"shop"})))
    assert list(fenced) == [everybody]
    assert [one.article for one in queries.search("inside", fenced)] == []
    assert [one.article for one in queries.search("inside", queries.articles())] == [inside]


def test_a_review_that_is_due_warns_in_the_one_line_and_the_warning_ends() -> None:
    one = published("A")
    reviewing.judge()
    assert not Standing.objects.filter(check_of__name=reviewing.CHECK).exists()
    Article.objects.filter(pk=one.pk).update(review_at=date.today())  # noqa: DTZ011 - a day
    reviewing.judge()
    assert Standing.objects.get(check_of__name=reviewing.CHECK).state == "warning"
    assert Incident.objects.get().level == 3
    with pytest.raises(actions.Illegal, match="ahead"):
        actions.publish(one.pk, actor=CAROL, review_at=date(2020, 1, 1))
    actions.publish(one.pk, actor=CAROL)
    reviewing.judge()
    assert Standing.objects.get(check_of__name=reviewing.CHECK).state == "ok"
