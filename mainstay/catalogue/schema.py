"""The JSON Schema of a catalogue's files, for editors that complete and check while one types.

It is wider than ``validate`` where a schema cannot know: names that must exist, conditions, hours, circles.
"""

from typing import Any

from pydantic import BaseModel

from mainstay.catalogue import kinds
from mainstay.domain import document
from mainstay.domain.backup_policy import Store

_PLACEHOLDER = {"type": "string", "pattern": r"\$\{[A-Z_][A-Z0-9_]*\}"}
_OWN_CHECK = "^[a-z0-9][a-z0-9-]{0,62}$"
_PACK_CHECK = r"^[a-z0-9][a-z0-9-]*\.[a-z0-9.-]+$"


def schema() -> dict[str, Any]:
    """The whole schema; the same for the same installed drivers."""
    parts: dict[str, Any] = {}
    system = _model(document.System, parts)
    shared = _model(document.Shared, parts)
    _add_probes(parts)
    _add_channels(parts)
    _add_stores(parts)
    parts["Override"] = {**parts["Check"], "required": [], "description": "Keys that replace those of a pack's check."}
    system["properties"]["checks"] = {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {
            _OWN_CHECK: {"$ref": "#/$defs/Check"},
            _PACK_CHECK: {"anyOf": [{"$ref": "#/$defs/Override"}, {"type": "null"}]},
        },
    }
    parts["Change"] = {**parts["Remedy"], "required": [], "description": "Keys that replace those of a pack's remedy."}
    system["properties"]["remedies"] = {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {
            _OWN_CHECK: {"$ref": "#/$defs/Remedy"},
            _PACK_CHECK: {"anyOf": [{"$ref": "#/$defs/Change"}, {"type": "null"}]},
        },
    }
    parts["System"], parts["Shared"] = system, shared
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mainstay catalogue",
        "if": {"required": ["system"]},
        "then": {"$ref": "#/$defs/System"},
        "else": {"$ref": "#/$defs/Shared"},
        "$defs": dict(sorted(parts.items())),
    }


def _model(model: type[BaseModel], parts: dict[str, Any]) -> dict[str, Any]:
    """The model's own schema; what it refers to is added to ``parts``."""
    found = model.model_json_schema(mode="validation")
    parts.update(found.pop("$defs", {}))
    return found


def _add_probes(parts: dict[str, Any]) -> None:
    shapes = {}
    for kind in kinds.probe_kinds():
        shapes[kind] = _kind_of("probe", kind, kinds.probe_settings(kind), document.Probe, parts)
    parts["Probe"] = _one_of(shapes, "what a check looks at")


def _add_channels(parts: dict[str, Any]) -> None:
    shapes = {}
    for kind in kinds.channel_kinds():
        shapes[kind] = _kind_of("channel", kind, kinds.channel_settings(kind), document.Channel, parts)
    parts["Channel"] = _one_of(shapes, "a way to tell somebody")


def _add_stores(parts: dict[str, Any]) -> None:
    shapes = {}
    for kind in kinds.store_kinds():
        shapes[kind] = _kind_of("store", kind, kinds.store_settings(kind), Store, parts)
    parts["Store"] = _one_of(shapes, "a place for copies")


def _kind_of(
    what: str, kind: str, settings: type[BaseModel], base: type[BaseModel], parts: dict[str, Any]
) -> dict[str, str]:
    """One kind: the keys that every kind has, and its own, each of which may be a placeholder."""
    own = settings.model_json_schema(mode="validation")
    prefix = f"{what}.{kind}"
    for name, part in own.pop("$defs", {}).items():
        parts[f"{prefix}.{name}"] = _renamed(part, prefix)
    common = base.model_json_schema(mode="validation")
    for name, part in common.pop("$defs", {}).items():
        parts.setdefault(name, part)
    settable = {key: _renamed(_fillable(value), prefix) for key, value in own.get("properties", {}).items()}
    properties = {**common["properties"], **settable, "kind": {"const": kind}}
    parts[prefix] = {
        "type": "object",
        "description": own.get("description", ""),
        "properties": properties,
        "required": sorted({"kind", *own.get("required", [])}),
        "additionalProperties": False,
    }
    return {"$ref": f"#/$defs/{prefix}"}


def _fillable(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("type") == "string" and not set(value) & {"pattern", "format", "minLength", "maxLength"}:
        return value
    outer: dict[str, Any] = {key: value[key] for key in ("title", "description", "default") if key in value}
    return {**outer, "anyOf": [{key: part for key, part in value.items() if key not in outer}, _PLACEHOLDER]}


def _renamed(value: Any, prefix: str) -> Any:
    """References made to lead to the kind's own parts."""
    if isinstance(value, dict):
        return {
            key: child.replace("#/$defs/", f"#/$defs/{prefix}.") if key == "$ref" else _renamed(child, prefix)
            for key, child in value.items()
        }
    return [_renamed(child, prefix) for child in value] if isinstance(value, list) else value


def _one_of(shapes: dict[str, dict[str, str]], description: str) -> dict[str, Any]:
    """By kind, so that an editor complains about the kind that was meant."""
    found: dict[str, Any] = {
        "type": "object",
        "description": description,
        "required": ["kind"],
        "properties": {"kind": {"enum": sorted(shapes)}},
    }
    if shapes:
        found["allOf"] = [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": shape} for kind, shape in sorted(shapes.items())
        ]
    return found
