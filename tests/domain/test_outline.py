"""What was typed step by step becomes the files that somebody would have written."""

import pytest

from mainstay.catalogue import packs
from mainstay.domain.outline import Outline, Part, Value, dsn, fitted, free, moved, secret_name, settings

BOOKS = packs.find([packs.BUILT_IN])
TYPED = {"host": "db.internal", "port": "5432", "database": "shop", "user": "mainstay"}


def test_the_files_say_what_was_typed_and_nothing_that_is_usual() -> None:
    outline = Outline(
        system="shop", title="Shop", timezone="Asia/Shanghai", notify=["mail"],
        parts=[
            Part(name="db", kind="postgresql", pack="postgresql", typed=TYPED, secret="SHOP_DB_DSN"),
            Part(
                name="web", kind="http", pack="web-service", typed={"url": "https://shop.example/"}, depends_on=["db"],
                parameters={"slow_warn": "1s", "slow_crit": "5s", "gone": 1},
            ),
        ],
        channels={"mail": {"kind": "smtp"}},
    )  # fmt: skip
    assert outline.files(BOOKS) == {
        "shop.yaml": {
            "system": "shop", "title": "Shop", "tier": 2, "timezone": "Asia/Shanghai", "notify": ["mail"],
            "components": {
                "db": {"kind": "postgresql", "dsn": "${SHOP_DB_DSN}", "packs": ["postgresql"]},
                "web": {
                    "kind": "http", "url": "https://shop.example/", "depends_on": ["db"],
                    "packs": [{"web-service": {"slow_warn": "1s"}}],
                },
            },
        },
        "shared.yaml": {"channels": {"mail": {"kind": "smtp"}}},
    }  # fmt: skip


def test_a_part_that_goes_is_needed_by_nobody() -> None:
    db, web = (
        Part(name="db", kind="sqlite", pack="generic-orders"),
        Part(name="web", kind="http", pack="web-service", depends_on=["db"]),
    )
    left = Outline(system="shop", parts=[db, web]).without_part("db")
    assert [(one.name, one.depends_on) for one in left.parts] == [("web", [])]
    assert left.with_part(web).parts == [web]
    assert (left.free_name("postgresql"), left.free_name("http")) == ("db", "web-2")
    with pytest.raises(KeyError):
        left.part("db")


@pytest.mark.parametrize(
    ("kind", "typed", "password", "address"),
    [
        ("postgresql", TYPED, "a/b@c:%", "postgresql://mainstay:a%2Fb%40c%3A%25@db.internal:5432/shop"),
        ("mariadb", TYPED | {"host": "2001:db8::1"}, "x", "mariadb://mainstay:x@[2001:db8::1]:5432/shop"),
        ("postgresql", TYPED | {"database": "a b?c"}, "x", "postgresql://mainstay:x@db.internal:5432/a%20b%3Fc"),
        ("postgresql", TYPED | {"host": "evil@other/x"}, "x", "postgresql://mainstay:x@evil%40other%2Fx:5432/shop"),
    ],
)
def test_an_address_holds_whatever_was_typed(kind: str, typed: dict[str, str], password: str, address: str) -> None:
    assert dsn(kind, typed, password) == address


@pytest.mark.parametrize(
    ("kind", "typed", "found"),
    [
        ("sqlite", {"file": "/srv/x.db"}, {"dsn": "sqlite:///srv/x.db"}),
        ("host", {"address": "local"}, {"address": "local"}),
        ("other", {"address": "x"}, {"address": "x"}),
        ("postgresql", TYPED, {"dsn": ""}),
    ],
)
def test_each_kind_has_its_own_key(kind: str, typed: dict[str, str], found: dict[str, str]) -> None:
    assert settings(Part(name="x", kind=kind, pack="x", typed=typed)) == found


def test_a_password_belongs_to_one_address_and_account() -> None:
    assert not moved("postgresql", TYPED, dict(TYPED))
    assert all(moved("postgresql", TYPED, TYPED | {key: "other"}) for key in TYPED)


def test_names_do_not_take_what_others_have() -> None:
    assert secret_name("shop", "db", "dsn") == "SHOP_DB_DSN"
    assert secret_name("7-shop", "db", "dsn", taken={"S_7_SHOP_DB_DSN"}) == "S_7_SHOP_DB_DSN_2"
    assert secret_name("商城") == "SECRET"
    assert free("db", {"db", "db-2"}) == "db-3"


@pytest.mark.parametrize(
    ("text", "default", "value"), [("on", False, True), ("7", 5, 7), ("0.5", 0.1, 0.5), (" 70% ", "80%", "70%")]
)
def test_a_parameter_keeps_the_form_of_its_default(text: str, default: Value, value: Value) -> None:
    assert fitted(text, default) == value
