"""From an incident that is over to its review, its actions, and the same fault again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from mainstay.audit.models import Record
from mainstay.catalogue.models import Channel, Check, System
from mainstay.domain.actor import Actor, Denied, Role, Unseen
from mainstay.domain.chunk import Batch
from mainstay.domain.review_facts import Damage, facts_of
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Entry, Incident
from mainstay.monitoring.actions.samples import name_series, store_samples
from mainstay.notices.models import Delivery, Notice
from mainstay.people.models import Person
from mainstay.plans import actions as plans
from mainstay.plans.models import Plan
from mainstay.reviews import actions, queries
from mainstay.reviews.models import Action, Review
from mainstay.runbooks.actions import write as write_runbook
from tests.line.on_call import people
from tests.line.planned import begun, in_force
from tests.line.shop import ALICE, BOB, Box, change, channel, follow, mail_server, send_all

pytestmark = pytest.mark.django_db
CAROL = Actor("person:carol", Role.APPROVER)
NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TODAY = NOW.date()


def measure(check: Check, metric: str, *samples: tuple[datetime, float]) -> None:
    key = name_series([(check.pk, metric, "1")])[check.pk, metric]
    at, values = np.array([at.timestamp() for at, _ in samples]), np.array([float(value) for _, value in samples])
    store_samples(Batch(np.full(len(samples), key, np.int64), at, values))


def ill(check: Check, began: datetime, lasted: timedelta, **more: Any) -> Incident:
    """An incident of a check, taken on after a minute and over by itself."""
    follow(change(check, "critical", began))
    incident = Incident.objects.latest("pk")
    Incident.objects.filter(pk=incident.pk).update(acknowledged_at=began + MINUTE, state="acknowledged", **more)
    Entry.objects.create(incident=incident, at=began + MINUTE, word="acknowledged", actor="person:alice")
    follow(change(check, "ok", began + lasted, before="critical"))
    incidents.resolve_calm(began + lasted + 11 * timedelta(seconds=1))
    return Incident.objects.get(pk=incident.pk)


@pytest.fixture
def review(shop: dict[str, Check]) -> Review:
    """Of a shop whose database was away for an hour, yesterday."""
    people("alice", "bob")
    people("carol", role=Role.APPROVER)
    channel(1)
    ill(shop["db"], NOW - DAY, 60 * MINUTE)
    assert actions.open_due(NOW) == 1
    return Review.objects.get()


def agreed(review: Review, owner: str = "alice", days: int = 9) -> Action:
    return actions.add_action(review.pk, "Watch the pool", owner=owner, due=TODAY + days * DAY, actor=ALICE)


def told(word: str) -> Sequence[str]:
    return list(Delivery.objects.filter(notice__word=word).order_by("pk").values_list("recipient", flat=True))


def test_a_review_opens_by_itself_for_level_one_and_two_once(shop: dict[str, Check]) -> None:
    old = ill(shop["db"], NOW - 40 * DAY, MINUTE)
    first = ill(shop["db"], NOW - DAY, 60 * MINUTE)
    slight = ill(shop["books"], NOW - DAY, 60 * MINUTE, level=3, graded_by="person:alice")
    follow(change(shop["app"], "critical", NOW))
    running = Incident.objects.latest("pk")
    assert (first.level, running.state) == (1, "open")
    assert actions.open_due(NOW) == 1
    assert actions.open_due(NOW) == 0
    assert [one.incident for one in Review.objects.all()] == [first]
    assert not Review.objects.filter(incident__in=(slight, running, old)).exists()
    assert Entry.objects.get(incident=first, word="review").data == {"review": Review.objects.get().pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(incident=first, facts={}, ended_at=NOW, opened_at=NOW, opened_by="x", changed_at=NOW)


def test_another_is_opened_by_hand_when_it_is_over(shop: dict[str, Check]) -> None:
    slight = ill(shop["books"], NOW - 90 * DAY, MINUTE, level=3)
    with pytest.raises(Denied):
        actions.open_by_hand(slight.pk, actor=BOB)
    made = actions.open_by_hand(slight.pk, actor=ALICE)
    with pytest.raises(actions.Illegal, match=f"review {made.pk}"):
        actions.open_by_hand(slight.pk, actor=ALICE)
    follow(change(shop["app"], "critical", NOW))
    with pytest.raises(actions.Illegal, match="not over"):
        actions.open_by_hand(Incident.objects.latest("pk").pk, actor=ALICE)
    assert Record.objects.get(act="review.open").actor == ALICE.name


def test_the_facts_are_those_of_the_record(shop: dict[str, Check]) -> None:
    System.objects.update(document={"currency": "CNY"})
    began = NOW - DAY
    measure(shop["db"], "seconds", *((began - n * timedelta(seconds=10), 0.1) for n in range(12, 2, -1)))
    flow = Check.objects.create(
        system=shop["db"].system, name="orders", kind="flow", every=60, category="business", impact="risk", document={}
    )
    counted = ((-5, 2), (10, 6), (30, 4), (50, 9), (90, 50))
    measure(flow, "stuck", *((began + n * MINUTE, stuck) for n, stuck in counted))
    measure(flow, "stuck_amount", *((began + n * MINUTE, 100.0 * stuck) for n, stuck in counted))
    ill(shop["db"], began, 60 * MINUTE)
    actions.open_due(NOW)
    found = facts_of(Review.objects.get().facts)
    assert found.began_at == began - timedelta(seconds=20), "the look after the last one that gave a number"
    assert (found.detection, found.acknowledge, found.resolve) == (20, 60, 3611)
    assert (found.down, found.impaired, found.runs) == (3600, 3600, 1)
    assert (found.stuck, found.money) == (Damage(9, 9), Damage(900, 900))


def test_a_condition_tells_the_first_look_that_was_not_well(shop: dict[str, Check]) -> None:
    began = NOW - DAY
    values = ((6, 0.1), (5, 3.0), (4, 0.1), (3, 3.0), (2, 4.0), (1, 5.0))
    measure(shop["db"], "seconds", *((began - n * timedelta(seconds=10), value) for n, value in values))
    turn = change(shop["db"], "critical", began)
    turn.message = {"condition": "> 2s for 20s", "metric": "seconds"}
    turn.save()
    follow(turn)
    incidents.resolve(Incident.objects.get().pk, actor=ALICE)
    made = actions.open_by_hand(Incident.objects.get().pk, actor=ALICE)
    assert facts_of(made.facts).began_at == began - timedelta(seconds=30)


def test_closing_says_what_is_missing_and_a_closed_one_stays_as_it_is(review: Review) -> None:
    for said, given in (
        ("what kind", {"cause": "capacity"}),
        ("why it happened", {"whys": ["The pool was full", " ", "Nobody watched it"]}),
        ("add an action", {"nothing": "the part is replaced next week anyway"}),
    ):  # fmt: skip
        with pytest.raises(actions.Illegal, match=said):
            actions.close(review.pk, actor=ALICE)
        actions.write(review.pk, actor=ALICE, **given)  # type: ignore[arg-type]  # one of its arguments
    actions.hold(review.pk, actor=ALICE, day=TODAY, present="Alice, Bob")
    closed = actions.close(review.pk, actor=ALICE)
    assert (closed.state, closed.whys, closed.present) == (
        "closed",
        ["The pool was full", "Nobody watched it"],
        "Alice, Bob",
    )
    for act in (
        lambda: actions.write(review.pk, actor=ALICE, well="x"), lambda: actions.hold(review.pk, actor=ALICE),
        lambda: actions.close(review.pk, actor=ALICE), lambda: agreed(review),
    ):  # fmt: skip
        with pytest.raises(actions.Illegal, match="closed"):
            act()
    with pytest.raises(actions.Illegal, match="say why"):
        actions.reopen(review.pk, reason=" ", actor=ALICE)
    assert actions.reopen(review.pk, reason="Bob knows more", actor=ALICE).state == "open"
    with pytest.raises(ValueError, match="weather"):
        actions.write(review.pk, actor=ALICE, cause="weather")
    with pytest.raises(actions.Illegal, match="still to come"):
        actions.hold(review.pk, actor=ALICE, day=TODAY + 9 * DAY)


def test_who_may_not_see_the_system_sees_no_review(review: Review) -> None:
    stranger = Actor("person:zoe", Role.OPERATOR, systems={"shop": Role.NONE})
    with pytest.raises(Unseen):
        actions.write(review.pk, actor=stranger, well="x")
    assert not queries.reviews(sight=stranger.sight).exists()
    assert not queries.actions(sight=stranger.sight).exists()
    Person.objects.filter(username="bob").update(is_active=False)
    for name in ("bob", "nobody"):
        with pytest.raises(actions.Illegal, match="no account"):
            agreed(review, name)
    with pytest.raises(actions.Illegal, match="is past"):
        agreed(review, days=-2)


def test_an_action_ends_only_as_one_of_five_and_what_it_names_is_there(review: Review, shop: dict[str, Check]) -> None:
    shop["books"].kind = "integrity"
    shop["books"].save()
    refused = [
        ("check", "shop/none", "no check"), ("check", "", "name the check"), ("rule", "shop/db-up", "no rule"),
        ("runbook", "mend", "no runbook"), ("training", " ", "who was trained"),
        ("accepted-risk", "x", "by an approver"),
    ]  # fmt: skip
    action = agreed(review)
    for ending, proof, said in refused:
        with pytest.raises(actions.Illegal, match=said):
            actions.end_action(action.pk, ending=ending, proof=proof, actor=ALICE)
    with pytest.raises(ValueError, match="fixed"):
        actions.end_action(action.pk, ending="fixed", proof="x", actor=ALICE)
    write_runbook("runbook: mend\nsteps: {a: {kind: manual, words: x}}\n", actor=CAROL)
    proofs = (("check", "shop/db-up"), ("rule", "shop/books"), ("runbook", "mend"), ("training", "The shift, on 3 May"))
    for ending, proof in proofs:
        done = actions.end_action(agreed(review).pk, ending=ending, proof=proof, actor=ALICE)
        assert (done.state, done.ending, done.proof) == ("done", ending, proof)
    with pytest.raises(actions.Illegal, match="is done"):
        actions.end_action(done.pk, ending="check", proof="shop/db-up", actor=ALICE)


def test_a_runbook_that_was_there_before_is_no_edit(review: Review) -> None:
    write_runbook("runbook: mend\nsteps: {a: {kind: manual, words: x}}\n", actor=CAROL)
    Incident.objects.update(opened_at=NOW + DAY)
    with pytest.raises(actions.Illegal, match="not changed since"):
        actions.end_action(agreed(review).pk, ending="runbook", proof="mend", actor=ALICE)


def test_a_risk_is_accepted_by_an_approver_who_does_not_own_it_and_for_a_time(review: Review) -> None:
    action, until = agreed(review, "carol"), TODAY + 30 * DAY
    with pytest.raises(Denied):
        actions.accept_risk(action.pk, reason="x", until=until, actor=ALICE)
    with pytest.raises(actions.Illegal, match="his own"):
        actions.accept_risk(action.pk, reason="x", until=until, actor=CAROL)
    dora = Actor("person:dora", Role.APPROVER)
    with pytest.raises(actions.Illegal, match="lie ahead"):
        actions.accept_risk(action.pk, reason="x", until=TODAY, actor=dora)
    done = actions.accept_risk(action.pk, reason="Sold in spring", until=until, actor=dora)
    assert (done.ending, done.until, done.done_by) == ("accepted-risk", until, "person:dora")
    assert actions.lapse(NOW + 30 * DAY) == 0
    assert actions.lapse(NOW + 31 * DAY) == 1
    assert actions.lapse(NOW + 31 * DAY) == 0
    assert (Action.objects.get().state, told("action-lapsed")) == ("reopened", ["person:carol"])


def test_owners_are_chased_once_each_and_approvers_after_a_week(review: Review) -> None:
    action = agreed(review, "bob")
    assert told("action-new") == ["person:bob"]
    for day in range(20):
        for _again in range(2):
            actions.chase(NOW + day * DAY)
    assert [told(f"action-{word}") for word in ("soon", "late", "higher")] == [
        ["person:bob"], ["person:bob"], ["person:carol"],
    ]  # fmt: skip
    actions.change_action(action.pk, due=TODAY + 30 * DAY, reason="the part is late", actor=ALICE)
    actions.chase(NOW + 31 * DAY)
    assert told("action-late") == ["person:bob", "person:bob"], "another day, another word"
    actions.end_action(action.pk, ending="check", proof="shop/db-up", actor=ALICE)
    assert actions.chase(NOW + 99 * DAY) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(key=Notice.objects.filter(word="action-late").earliest("pk").key, word="x", at=NOW)


def test_a_letter_names_the_action_in_its_owners_language(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    Person.objects.filter(username="bob").update(language="zh-hans")
    with mail_server(box := Box()) as port:
        Channel.objects.update(settings={**Channel.objects.get().settings, "port": port})
        Delivery.objects.update(given_up_at=NOW)
        agreed(review, "bob")
        actions.chase(NOW + 10 * DAY)
        send_all(monkeypatch, NOW + 10 * DAY)
    texts = [mail.get_body(("plain",)).get_content() for mail in box.mails]  # type: ignore[union-attr]
    assert [mail["To"] for mail in box.mails] == ["bob@shop.example"] * 2
    assert all("Watch the pool" in text and f"/reviews/{review.pk}/" in text for text in texts)
    assert [text for text in texts if "尚未完成" in text]  # they fly side by side
    assert not [text for text in texts if "not done" in text]


def test_the_same_fault_again_opens_what_was_done_against_it(review: Review, shop: dict[str, Check]) -> None:
    action = agreed(review, "bob")
    actions.end_action(action.pk, ending="check", proof="shop/db-up", actor=ALICE)
    follow(change(shop["books"], "critical", datetime.now(UTC)))
    assert actions.open_again(NOW) == 0, "another fault"
    follow(change(shop["db"], "critical", datetime.now(UTC) + MINUTE))
    again = Incident.objects.latest("pk")
    assert again != review.incident
    assert actions.open_again(NOW) == 1
    assert actions.open_again(NOW) == 0
    action.refresh_from_db()
    assert (action.state, action.again, told("action-again")) == ("reopened", again, ["person:bob"])
    entry = Entry.objects.get(word="action-again")
    assert (entry.incident, entry.text, entry.data) == (again, action.title, {"review": review.pk, "action": action.pk})
    assert [one.word for one in action.story.all()] == ["made", "done", "reopened"]
    assert Record.objects.get(act="review.again").data == {"incident": again.pk}


def test_the_same_check_counts_as_the_same_fault_under_another_key(review: Review, shop: dict[str, Check]) -> None:
    actions.end_action(agreed(review).pk, ending="check", proof="shop/db-up", actor=ALICE)
    Incident.objects.filter(pk=review.incident_id).update(key="as-it-was-called-before")
    follow(change(shop["db"], "critical", datetime.now(UTC) + MINUTE))
    assert actions.open_again(NOW) == 1


def test_an_incident_that_ends_once_more_has_other_facts_and_its_review_is_open(review: Review) -> None:
    actions.write(review.pk, actor=ALICE, cause="data", whys=["x"], nothing="y")
    actions.close(review.pk, actor=ALICE)
    assert actions.renew(NOW) == 0
    incidents.reopen(review.incident_id, actor=ALICE, reason="it was not over")
    assert actions.renew(NOW) == 0
    incidents.resolve(review.incident_id, actor=ALICE)
    assert actions.renew(NOW) == 1
    assert actions.renew(NOW) == 0
    review.refresh_from_db()
    assert (review.state, facts_of(review.facts).runs, review.whys) == ("open", 2, ["x"])


def test_an_article_is_drafted_with_facts_causes_and_measures(review: Review) -> None:
    actions.write(review.pk, actor=ALICE, cause="capacity", whys=["The pool was full"])
    agreed(review)
    text = actions.draft_article(review.pk, "en", actor=ALICE).texts["en"]["body"]
    for part in ("1. The pool was full", "capacity", "Until it was over: ", "- Watch the pool (open, alice by "):
        assert part in text
    chinese = actions.draft_article(review.pk, "zh", actor=ALICE).texts["zh"]["body"]
    assert "The pool was full" in chinese
    assert "恢复用时" in chinese


def of_drill(owner: str = "alice", days: int = 9) -> Action:
    drill = begun("table", plan=f"plan-{Plan.objects.count()}")
    return actions.act_on_drill(drill.pk, "Lay a disk by", owner=owner, due=TODAY + days * DAY, actor=ALICE)


def test_an_action_is_either_of_a_review_or_of_a_drill(review: Review) -> None:
    action = of_drill()
    assert (action.system, action.review, Action.objects.count()) == (review.incident.system, None, 1)
    for wrong in ({"review": review}, {"drill": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Action.objects.filter(pk=action.pk).update(**wrong)


@pytest.mark.usefixtures("shop")
def test_what_a_drill_showed_is_an_action_once_it_has_begun() -> None:
    people("alice")
    waits, goes_on = plans.plan_drill(in_force().name, "table", NOW, actor=CAROL), begun("table", plan="another")
    given: dict[str, Any] = {"owner": "alice", "due": TODAY + DAY, "actor": ALICE}
    for number, asked, said in (
        (waits.pk, given, "not begun"), (goes_on.pk, {**given, "owner": "zoe"}, "no account"),
        (goes_on.pk, {**given, "due": TODAY - 2 * DAY}, "is past"),
    ):  # fmt: skip
        with pytest.raises(actions.Illegal, match=said):
            actions.act_on_drill(number, "Lay a disk by", **asked)
    with pytest.raises(Denied):
        actions.act_on_drill(waits.pk, "Lay a disk by", **{**given, "actor": BOB})
    action = of_drill()
    assert Record.objects.get(act="drill.find").data["drill"] == action.drill_id
    assert [one.word for one in queries.actions_of_drill(action.drill_id)[0].story.all()] == ["made"]
    stranger = Actor("person:zoe", Role.OPERATOR, systems={"shop": Role.NONE})
    assert not queries.actions(sight=stranger.sight).exists()
    assert queries.actions(system="shop").get() == action


@pytest.mark.usefixtures("shop")
def test_what_a_drill_showed_ends_with_a_proof_or_as_an_accepted_risk() -> None:
    people("alice")
    write_runbook("runbook: mend\nsteps: {a: {kind: manual, words: x}}\n", actor=CAROL)
    action = of_drill()
    with pytest.raises(actions.Illegal, match="not changed since"):
        actions.end_action(action.pk, ending="runbook", proof="mend", actor=ALICE)
    write_runbook("runbook: mend\nsteps: {a: {kind: manual, words: y}}\n", actor=CAROL)
    assert actions.end_action(action.pk, ending="runbook", proof="mend", actor=ALICE).state == "done"
    action, until = of_drill(), TODAY + 30 * DAY
    with pytest.raises(Denied):
        actions.accept_risk(action.pk, reason="x", until=until, actor=ALICE)
    actions.accept_risk(action.pk, reason="too dear", until=until, actor=CAROL)
    assert actions.lapse(NOW + 31 * DAY) == 1


def test_what_a_drill_showed_is_chased_by_mail_and_no_fault_opens_it_again(
    review: Review, shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(box := Box()) as port:
        Channel.objects.update(settings={**Channel.objects.get().settings, "port": port})
        Delivery.objects.update(given_up_at=NOW)
        action = of_drill("bob")
        actions.chase(NOW + 17 * DAY)
        send_all(monkeypatch, NOW + 17 * DAY)
    texts = [mail.get_body(("plain",)).get_content() for mail in box.mails]  # type: ignore[union-attr]
    assert all(f"From drill {action.drill_id}: The database dies." in text for text in texts)
    assert all(f"/plans/drills/{action.drill_id}/" in text for text in texts)
    assert [told(f"action-{word}") for word in ("new", "late", "higher")] == [
        ["person:bob"], ["person:bob"], ["person:carol"],
    ]  # fmt: skip
    actions.end_action(action.pk, ending="check", proof="shop/db-up", actor=ALICE)
    follow(change(shop["db"], "critical", datetime.now(UTC) + MINUTE))
    assert actions.open_again(NOW) == 0
