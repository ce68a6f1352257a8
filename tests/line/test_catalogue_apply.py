"""Applying a catalogue: all or nothing, once, and nothing with a history is lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from mainstay.audit.models import Record
from mainstay.catalogue import actions, export, queries
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Calendar, Channel, Check, Component, Revision, System
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.document import Pack
from mainstay.domain.draft import Catalogue
from mainstay.domain.pack import PackBook
from mainstay.domain.yaml_text import write

ALICE = Actor("person:alice", Role.APPROVER)
JOBS = PackBook(
    Pack.model_validate(
        {
            "pack": "jobs",
            "title": {"en": "Jobs", "zh": "作业"},
            "kinds": ["host"],
            "parameters": {"late": {"default": "5m"}},
            "checks": {
                "nightly": {
                    "title": {"en": "The nightly job of $(self)", "zh": "$(self) 的夜间作业"},
                    "probe": {"kind": "heartbeat", "period": "1h"},
                    "warn": "late > $(late)",
                },
                "hourly": {"probe": {"kind": "heartbeat", "period": "1h"}, "crit": "late > 1h"},
            },
        }
    )
)
SHOP = """\
system: shop
title: {en: Online shop, zh: 商城}
tier: 1
calendar: cn
components:
  db: {kind: postgresql, dsn: "${SHOP_DSN}"}
  app: {kind: http, url: "http://erp.internal/", depends_on: [db]}
  host: {kind: host, depends_on: [app], packs: [{jobs: {late: 9m}}]}
checks:
  report: {probe: {kind: heartbeat, on: app, period: 1d}, every: 5m, title: Daily report}
  host.hourly: {crit: [], every: 10m}
"""
SHARED = "calendars: {cn: {holidays: [2027-01-01]}}\n"


def drawn(**files: str) -> Catalogue:
    texts = {f"{name}.yaml": text.encode() for name, text in files.items()}
    return examine(texts, books={"jobs": JOBS}).catalogue


def applied(**files: str) -> list[str]:
    return list(map(str, actions.apply(drawn(**files), actor=ALICE)))


pytestmark = pytest.mark.django_db


def test_the_first_apply_creates_everything() -> None:
    assert applied(shop=SHOP, shared=SHARED) == [
        "created calendar cn",
        "created system shop",
        "created component shop/app",
        "created component shop/db",
        "created component shop/host",
        "created check shop/host.hourly",
        "created check shop/host.nightly",
        "created check shop/report",
    ]
    system = queries.system("shop")
    assert (system.title, system.tier, system.source) == ({"en": "Online shop", "zh": "商城"}, 1, "shop.yaml")
    nightly = queries.check("shop/host.nightly")
    assert nightly.pack == "jobs"
    assert nightly.title == {"en": "The nightly job of host", "zh": "host 的夜间作业"}
    assert nightly.document["warn"] == ["late > 9m"]
    assert nightly.component is not None
    assert [needed.name for needed in nightly.component.depends_on.all()] == ["app"]
    hourly = queries.check("shop/host.hourly")
    assert (hourly.every, hourly.document["crit"], hourly.pack) == (600.0, [], "jobs")
    assert queries.check("shop/report").title == {"en": "Daily report"}
    assert queries.components("shop").get(name="db").settings == {"dsn": "${SHOP_DSN}"}


def test_the_second_apply_changes_nothing() -> None:
    applied(shop=SHOP, shared=SHARED)
    revision, records = queries.revision(), Record.objects.count()
    assert applied(shop=SHOP, shared=SHARED) == []
    assert (queries.revision(), Record.objects.count()) == (revision, records)


def test_every_change_is_said_and_made() -> None:
    applied(shop=SHOP, shared=SHARED)
    keys = dict(Check.objects.values_list("name", "pk"))
    changed = (
        SHOP.replace("tier: 1", "tier: 2")
        .replace("late: 9m", "late: 8m")
        .replace("depends_on: [app]", "depends_on: [db, app]")
        .replace("report:", "statement:")
    )
    assert applied(shop=changed, shared=SHARED.replace("2027-01-01", "2027-05-01")) == [
        "changed calendar cn (holidays: ['2027-01-01'] → ['2027-05-01'])",
        "changed system shop (tier: 1 → 2)",
        "changed component shop/host (depends_on: ['app'] → ['app', 'db'])",
        "changed check shop/host.nightly (warn: ['late > 9m'] → ['late > 8m'])",
        "retired check shop/report",
        "created check shop/statement",
    ]
    assert queries.check("shop/host.nightly").pk == keys["host.nightly"]
    assert not queries.checks("shop").filter(name="report").exists()
    assert queries.system("shop").tier == 2


def test_what_goes_is_retired_and_comes_back_as_itself() -> None:
    applied(shop=SHOP, shared=SHARED)
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in (System, Component, Check, Calendar)}
    gone = applied(other="system: other\n")
    assert [line for line in gone if line.startswith("retired")] == [
        "retired calendar cn",
        "retired system shop",
        "retired component shop/app",
        "retired component shop/db",
        "retired component shop/host",
        "retired check shop/host.hourly",
        "retired check shop/host.nightly",
        "retired check shop/report",
    ]
    assert not queries.specs()
    with pytest.raises(System.DoesNotExist):
        queries.system("shop")
    back = applied(shop=SHOP, shared=SHARED)
    assert "restored check shop/report" in back
    assert "created check shop/report" not in back
    for model, keys in before.items():
        assert keys <= set(model.objects.filter(retired_at=None).values_list("pk", flat=True))
    assert len(queries.specs()) == 3


def test_a_single_file_leaves_the_rest_alone() -> None:
    applied(shop=SHOP, shared=SHARED, other="system: other\n")
    texts = {"shop.yaml": SHOP.replace("calendar: cn\n", "").replace("report:", "statement:").encode()}
    found = examine(texts, whole=False, known=queries.known(), books={"jobs": JOBS})
    assert list(map(str, actions.apply(found.catalogue, actor=ALICE))) == [
        "changed system shop (calendar: cn → –)",
        "retired check shop/report",
        "created check shop/statement",
    ]
    assert queries.systems().count() == 2
    assert queries.calendars().count() == 1


def test_a_packs_check_can_be_left_out() -> None:
    text = SHOP.replace("host.hourly: {crit: [], every: 10m}", "host.hourly: {enabled: false}")
    applied(shop=text, shared=SHARED)
    assert sorted(queries.checks("shop").values_list("name", flat=True)) == ["host.nightly", "report"]


def test_a_revision_and_a_record_are_kept_in_the_same_transaction() -> None:
    applied(shop=SHOP, shared=SHARED)
    revision = Revision.objects.get()
    assert (revision.number, revision.actor, len(revision.summary)) == (1, "person:alice", 8)
    record = Record.objects.get(act="catalogue.apply")
    assert (record.actor, record.object, record.data["revision"]) == ("person:alice", "revision 1", 1)
    assert record.data["counts"] == {
        "created calendar": 1,
        "created system": 1,
        "created component": 3,
        "created check": 3,
    }


def test_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    applied(shop=SHOP, shared=SHARED)

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(actions, "record", broken)
    with pytest.raises(RuntimeError):
        applied(shop=SHOP.replace("tier: 1", "tier: 3"), shared=SHARED, other="system: other\n")
    assert (queries.revision(), queries.systems().count(), queries.system("shop").tier) == (1, 1, 1)


def test_who_may_not() -> None:
    with pytest.raises(Denied):
        actions.apply(drawn(shop="system: shop\n"), actor=Actor("person:bob", Role.OPERATOR))
    assert not System.objects.exists()


def test_an_export_is_what_was_applied() -> None:
    applied(shop=SHOP, shared=SHARED)
    texts = {name: text.encode() for name, text in export.files().items()}
    assert sorted(texts) == ["shared.yaml", "shop.yaml"]
    assert queries.differences(examine(texts, books={"jobs": JOBS}).catalogue) == []


def test_words_that_mean_the_same_are_kept_as_they_are_written_now() -> None:
    applied(shop=SHOP, shared=SHARED)
    same = SHOP.replace("late: 9m", "late: 9m").replace("every: 5m, title", "every: 5m, failures: 2, title")
    assert applied(shop=same, shared=SHARED) == ["changed system shop (wording: – → written otherwise)"]
    assert "failures: 2" in export.files()["shop.yaml"]
    assert applied(shop=same, shared=SHARED) == []


def test_a_thousand_checks(django_assert_max_num_queries: Any) -> None:
    checks = "\n".join(f"  job-{number}: {{probe: {{kind: heartbeat, period: 1h}}}}" for number in range(1000))
    catalogue = drawn(shop=f"system: shop\nchecks:\n{checks}\n")
    with django_assert_max_num_queries(45):  # of which seven read what is shared, one for each kind of it
        assert len(actions.apply(catalogue, actor=ALICE)) == 1001
    with django_assert_max_num_queries(4):
        assert len(queries.specs()) == 1000


_NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
_CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
_TEXT = st.text(_CHARACTERS, max_size=12) | st.sampled_from(["on", "1e3", "~", "2027-01-01", "a\nb"])
_CHECK = st.fixed_dictionaries(
    {"probe": st.just({"kind": "heartbeat", "period": "1h"})},
    optional={
        "title": _TEXT | st.fixed_dictionaries({"en": _TEXT, "zh": _TEXT}),
        "warn": st.sampled_from(["> 5m", ["> 5m", "late > 1h for 5m, clear < 1m"], []]),
        "every": st.sampled_from(["1m", "90s", "1h30m"]),
        "during": st.sampled_from(["", "Mon-Fri 09:00-18:00"]),
        "failures": st.integers(1, 9),
        "help": _TEXT,
        "mask": st.lists(_TEXT, max_size=2),
    },
)


@st.composite
def _systems(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(_NAME, unique=True, max_size=4))
    components = {
        name: {
            "kind": draw(st.sampled_from(["host", "http", "other"])),
            "note": draw(_TEXT.filter(lambda text: "${" not in text)),
            "depends_on": draw(st.lists(st.sampled_from(names[:place]), unique=True) if place else st.just([])),
        }
        for place, name in enumerate(names)
    }
    return {
        "system": draw(_NAME),
        "tier": draw(st.sampled_from([1, 2, 3])),
        "owner": draw(_TEXT),
        "components": components,
        "checks": draw(st.dictionaries(_NAME, _CHECK, max_size=4)),
    }


class RoundTrip(TestCase):
    """Whatever was applied, its export applied again gives no difference."""

    @settings(max_examples=40)
    @given(st.lists(_systems(), min_size=1, max_size=3, unique_by=lambda system: system["system"]))
    def test_export_after_apply(self, systems: list[dict[str, Any]]) -> None:
        texts = {f"{number}.yaml": write(system).encode() for number, system in enumerate(systems)}
        try:
            catalogue = examine(texts, books={}).catalogue
        except Invalid:  # an address with a password in it, by chance
            return
        actions.apply(catalogue, actor=ALICE)
        assert queries.differences(catalogue) == []
        again = {name: text.encode() for name, text in export.files().items()}
        assert queries.differences(examine(again, books={}).catalogue) == []
        assert Channel.objects.count() == 0
