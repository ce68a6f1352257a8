"""Are the backup policies of one system right? And can they be carried out with what is installed here?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mainstay.catalogue import kinds
from mainstay.catalogue.page import Page
from mainstay.domain import document
from mainstay.domain.backup_policy import FILLED, Policy, full_at, incremental_at, same_database
from mainstay.domain.draft import DraftPolicy
from mainstay.domain.placeholder import Path, has_placeholder

FILES = "files"
"""The tool whose policies name paths."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A policy that is right so far, and the component that it is of."""

    draft: DraftPolicy
    component: document.Component


def examine_policies(
    page: Page, components: Mapping[str, document.Component], stores: Mapping[str, str]
) -> dict[str, Watched]:
    """The policies whose component and tool are known, by name; what is wrong with any is a flaw of the page.
    ``stores``: name → kind, empty where that is not right itself."""
    found: dict[str, Watched] = {}
    missing: dict[str, Path] = {}
    for name, value in page.mapping("backups").items():
        way: Path = ("backups", name)
        policy = page.named(Policy, name, value, way)
        if policy is None:
            continue
        _examine_stores(page, way, policy, stores)
        _examine_times(page, way, policy)
        page.placeholders(way, {key: getattr(policy, key) for key in FILLED})
        if not page.exists((*way, "of"), policy.of, "component", components):
            continue
        component = components[policy.of]
        if tool := _tool(page, way, policy, component):
            _examine_tool(page, way, policy, tool)
            _examine_account(page, way, policy, component, tool)
            _examine_hosts(page, way, policy, components, tool)
            if policy.on is not None:
                _examine_way_from_there(page, way, policy, tool, stores)
            missing.setdefault(tool, way)
            found[name] = Watched(DraftPolicy(policy, tool), component)
    _warn_of_what_is_missing(page, missing)
    return found


def _examine_stores(page: Page, way: Path, policy: Policy, stores: Collection[str]) -> None:
    for index, store in enumerate(policy.stores):
        page.exists((*way, "stores", index), store, "store", stores)
    if len(set(policy.stores)) < len(policy.stores):
        page.flaw((*way, "stores", 1), "the second site is the first one", "name another store, or leave it out")


def _examine_times(page: Page, way: Path, policy: Policy) -> None:
    """An incremental copy is nothing without a full one."""
    if not full_at(policy):
        what = "an incremental copy needs a full one" if incremental_at(policy) else "no copy would ever be taken"
        page.flaw((*way, "full"), what, "write a cron line, such as 30 1 * * 0")


def _tool(page: Page, way: Path, policy: Policy, component: document.Component) -> str:
    """The tool that is meant; empty, with a flaw, where there is none that fits."""
    known = kinds.backup_tool_kinds()
    if policy.tool is None:
        tool = kinds.backup_tool_for(component.kind)
        if not tool:
            fitting = ", ".join(sorted({kind for one in known for kind in kinds.backup_tool(one).serves}))
            what = f"no backup tool fits a component of kind {component.kind!r}"
            page.flaw((*way, "of"), what, f"there are some for {fitting}" if fitting else "none is installed")
        return tool
    if not page.exists((*way, "tool"), policy.tool, "backup tool", known):
        return ""
    serves = kinds.backup_tool(policy.tool).serves
    if component.kind not in serves:
        what = f"{policy.tool!r} does not fit a component of kind {component.kind!r}"
        page.flaw((*way, "tool"), what, f"it fits {', '.join(serves)}")
        return ""
    return policy.tool


def _examine_tool(page: Page, way: Path, policy: Policy, name: str) -> None:
    """What the tool cannot do. Levels that are only the default's fall back to what it can."""
    tool = kinds.backup_tool(name)
    if policy.incremental and "incremental" not in tool.levels:
        page.flaw((*way, "incremental"), f"{name} makes full copies only", "leave it out, or take another tool")
    if not policy.encrypt and tool.staged:
        right = "leave it out: what restic keeps is always encrypted"
        page.flaw((*way, "encrypt"), f"{name} cannot leave its copies unencrypted", right)
    if name == FILES and not policy.paths:
        page.flaw((*way, "paths"), "no path is named", "write paths: [/srv/shop/files]")
    for key in ("paths", "exclude"):
        if getattr(policy, key) and name != FILES:
            page.flaw((*way, key), f"{name} takes no {key}", f"leave them out, or write tool: {FILES}", on_key=True)
    for index, path in enumerate(policy.paths):
        if not path.startswith(("/", "${")):
            page.flaw((*way, "paths", index), f"{path!r} does not begin at the root", "write such as /srv/shop/files")


def _examine_account(page: Page, way: Path, policy: Policy, component: document.Component, tool: str) -> None:
    """An account of its own is for what the component has one for, and leads to the same database."""
    if not policy.dsn:
        return
    own = str((component.model_extra or {}).get("dsn", ""))
    if tool == FILES or not own:
        page.flaw((*way, "dsn"), f"{tool} signs in to nothing here", "leave it out", on_key=True)
    elif not has_placeholder([own, policy.dsn]) and not same_database(own, policy.dsn):
        what = f"it names another database than the component {policy.of!r}"
        page.flaw((*way, "dsn"), what, "name the same one, with an account that may read everything")


def _examine_hosts(
    page: Page, way: Path, policy: Policy, components: Mapping[str, document.Component], tool: str
) -> None:
    """Where copies are taken from or proved on another host: one that can be signed in to, and a tool that can it."""
    can, known = kinds.backup_tool(tool), {one: kinds.backup_tool(one) for one in kinds.backup_tool_kinds()}
    if policy.on is not None and _examine_host(page, (*way, "on"), policy.on, components) and not can.away:
        able = ", ".join(name for name, one in known.items() if one.away)
        page.flaw(
            (*way, "on"), f"{tool} asks the server itself, by its dsn", f"leave it out; {able} needs it", on_key=True
        )
    spot = (*way, "prove", "on")
    if policy.prove.on is None or not _examine_host(page, spot, policy.prove.on, components):
        return
    if not can.far:
        able = ", ".join(name for name, one in known.items() if one.far)
        page.flaw(spot, f"copies of {tool} are proved on this machine only", f"leave it out; elsewhere: {able}")
    if policy.prove.start:
        right = "leave one of the two out"
        page.flaw((*way, "prove", "start"), "an application is started on this machine, not on another host", right)


def _examine_way_from_there(page: Page, way: Path, policy: Policy, tool: str, stores: Mapping[str, str]) -> None:
    """Copies that another host sends go only where it can reach."""
    fitting = kinds.backup_tool(tool).away
    for index, store in enumerate(policy.stores):
        kind = stores.get(store)
        if fitting and kind and kind not in fitting:
            what = f"{tool} on another host cannot send its copies to the {kind} store {store!r}"
            page.flaw(
                (*way, "stores", index), what, f"name a store of kind {', '.join(fitting)}, which both hosts reach"
            )


def _examine_host(page: Page, spot: Path, host: str, components: Mapping[str, document.Component]) -> bool:
    """Whether there is such a component at all; what it lacks to be signed in to is a flaw."""
    if not page.exists(spot, host, "component", components):
        return False
    said = components[host].model_extra or {}
    if components[host].kind != "host":
        page.flaw(spot, f"{host!r} is no host", "name a component of kind host")
    elif lacks := [key for key in ("address", "user", "key_file", "host_key") if not said.get(key)]:
        right = "write them there; the host_key is what ssh-keyscan -t ed25519 prints"
        page.flaw(spot, f"the component {host!r} does not say {', '.join(lacks)}", right)
    return True


def _warn_of_what_is_missing(page: Page, tools: Mapping[str, Path]) -> None:
    """Said now and not at two in the morning; another machine may have what this one lacks."""
    for name, way in tools.items():
        for one in kinds.lacking(name):
            page.flaw(
                (*way, "tool"), f"{name}: {one.program} {one.why}", f"install it with: {one.install}", fatal=False
            )
