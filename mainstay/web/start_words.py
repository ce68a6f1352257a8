"""The words of onboarding: kinds of parts, their fields, time zones."""

from zoneinfo import available_timezones

from django.utils.translation import gettext as _

ZONES = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def kind_title(kind: str) -> str:
    """A kind of component in the reader's language."""
    return {
        "postgresql": _("PostgreSQL database"), "mariadb": _("MariaDB or MySQL database"),
        "sqlite": _("SQLite file"), "http": _("Web address"), "host": _("Host"),
    }.get(kind, kind)  # fmt: skip


def field_label(key: str) -> str:
    """What is asked."""
    return {
        "host": _("Host name or address"), "port": _("Port"), "database": _("Database"), "user": _("Account"),
        "file": _("File"), "url": _("Address"), "address": _("Address"),
    }[key]  # fmt: skip


def field_hint(kind: str, key: str) -> str:
    """What would be right."""
    return {
        ("host", "address"): _("local for the machine that Mainstay runs on; another by its name, over SSH"),
        ("http", "url"): _("such as %(example)s") % {"example": "https://shop.example.org/"},
        ("sqlite", "file"): _("such as %(example)s") % {"example": "/srv/shop/shop.sqlite3"},
        ("postgresql", "host"): _("such as %(example)s") % {"example": "db.internal"},
        ("mariadb", "host"): _("such as %(example)s") % {"example": "db.internal"},
        ("postgresql", "user"): _("it may only read; see below"), ("mariadb", "user"): _("it may only read; see below"),
    }.get((kind, key), "")  # fmt: skip
