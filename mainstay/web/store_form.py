"""The form of a store, made from its kind's settings. A secret stands in it by its name, never itself."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic.fields import FieldInfo

from mainstay.catalogue import kinds
from mainstay.catalogue.page import secret_keys
from mainstay.domain.draft import languages
from mainstay.domain.placeholder import SECRET_NAME, names
from mainstay.monitoring.wording import DJANGO_LANGUAGE
from mainstay.web.policy_form import Field, Shape, titles, word


def kind_title(kind: str) -> str:
    """A store's kind in the reader's language."""
    return {"directory": _("Directory"), "sftp": _("Another host, by SFTP"), "s3": _("Bucket, by S3")}.get(kind, kind)


def fields(kind: str) -> list[Field]:
    """The kind's own, and the titles."""
    found = [
        Field(name, _label(name), _shape(kind, name, info), _hint(kind, name), required=info.is_required())
        for name, info in _infos(kind).items()
    ]
    return [*found, *titles()]


def values(kind: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold of a store as it is written; of nothing, the defaults."""
    words = languages(own.get("title") or "")
    found: dict[str, Any] = {word(language): words.get(language, "") for language in DJANGO_LANGUAGE}
    for name, info in _infos(kind).items():
        value = own.get(name, _default(info))
        found[name] = next(iter(names(value)), "") if name in _secrets(kind) else value
    return found


def typed(kind: str, form: QueryDict) -> dict[str, Any]:
    """What was filled in, as the fields hold it; of a secret the bare name."""
    found: dict[str, Any] = {}
    for one in fields(kind):
        text = form.get(one.name, "").strip()[:10_000]
        if one.shape == "secret":
            text = text.removeprefix("${").removesuffix("}")
        found[one.name] = one.name in form if one.shape == "tick" else text
    return found


def no_names(kind: str, asked: Mapping[str, Any]) -> list[str]:
    """The secrets of which something else than a name was written: perhaps the value, which is shown to nobody."""
    return [name for name in _secrets(kind) if asked[name] and not SECRET_NAME.fullmatch(asked[name])]


def wanted(kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as YAML has them; what says the default is left out."""
    words = {language: text for language in DJANGO_LANGUAGE if (text := asked[word(language)])}
    found: dict[str, Any] = {"kind": kind} | ({"title": words} if words else {})
    for name, info in _infos(kind).items():
        value = _meant(info, asked[name])
        if name in _secrets(kind) and value:
            value = f"${{{value}}}"
        if value not in ("", _default(info)):
            found[name] = value
    return found


def _meant(info: FieldInfo, value: Any) -> Any:
    number = info.annotation is int and isinstance(value, str) and value.isdecimal()
    return int(value[:9]) if number else value


def _infos(kind: str) -> Mapping[str, FieldInfo]:
    return kinds.store_settings(kind).model_fields


def _secrets(kind: str) -> list[str]:
    return secret_keys(kinds.store_settings(kind))


def _default(info: FieldInfo) -> Any:
    return "" if info.is_required() else info.get_default()


def _shape(kind: str, name: str, info: FieldInfo) -> Shape:
    if name in _secrets(kind):
        return "secret"
    return "tick" if info.annotation is bool else "number" if info.annotation is int else "text"


def _label(name: str) -> str:
    return {
        "path": _("Directory"), "mounted": _("Refuse it while nothing is mounted there"), "endpoint": _("Endpoint"),
        "bucket": _("Bucket"), "region": _("Region"), "access_key": _("Access key"), "secret_key": _("Secret key"),
        "ca_file": _("Own authority's certificates"), "address": _("Host"), "port": _("Port"), "user": _("Account"),
        "key": _("Private key"), "key_file": _("Private key's file"), "host_key": _("Host key"),
    }.get(name, name.replace("_", " "))  # fmt: skip


def _hint(kind: str, name: str) -> str:
    if name in _secrets(kind):
        return _("The name of a secret, which is set under Settings, Secrets.")
    return {
        ("directory", "path"): _("An absolute path of Mainstay's machine; it must exist."),
        ("sftp", "path"): _("There; it must exist."), ("s3", "path"): _("Put before every repository's path."),
        ("s3", "endpoint"): "https://s3.example:9000", ("sftp", "host_key"): "ssh-ed25519 AAAA…",
        ("s3", "ca_file"): _("A file on Mainstay's machine; empty for the usual authorities."),
        ("sftp", "key_file"): _("Instead of the secret: a file on Mainstay's machine."),
    }.get((kind, name), "")  # fmt: skip
