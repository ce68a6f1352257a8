"""The rules of the house that no linter knows."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from mainstay.domain.actor import PERMISSIONS
from mainstay.drivers import backup_tools, channels, probes, steps, stores
from mainstay.drivers.kinds import Strict

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "audit", "backups", "catalogue", "diagnosis", "help_desk", "incidents", "inspection", "knowledge", "monitoring",
    "notices", "on_call", "own_copies", "people", "plans", "remedies", "runbooks",
)  # fmt: skip
LONGEST = 400


PACKS = sorted((ROOT / "mainstay" / "packs").glob("*/pack.yaml"))


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources("mainstay", "estate", "tests", "bench"), ids=shown)
def test_no_file_is_longer_than_the_limit(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST, "split it by topic"


@pytest.mark.parametrize("path", sources("mainstay"), ids=shown)
def test_no_import_hides_inside_a_function(path: Path) -> None:
    """Such an import hides a cycle or a dependency."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = [inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]
            assert not hidden, f"{shown(path)}:{hidden[0]}"


@pytest.mark.parametrize("path", sources("mainstay", "estate"), ids=shown)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    if path.name == "__init__.py" and not text.strip():
        return
    assert ast.get_docstring(ast.parse(text)), shown(path)


@pytest.mark.parametrize("app", APPS)
def test_every_app_has_the_same_rooms(app: str) -> None:
    for room in ("models", "actions", "queries"):
        import_module(f"mainstay.{app}.{room}")


@pytest.mark.parametrize("kind", probes.kinds())
def test_every_probe_keeps_the_contract(kind: str) -> None:
    module = probes.load(kind)
    assert module.METRICS is not None
    assert issubclass(module.Settings, Strict)
    assert list(inspect.signature(module.Probe).parameters)[:2] == ["settings", "reach"]
    blocking = getattr(module, "BLOCKING", False)
    assert inspect.iscoroutinefunction(module.Probe.read) is not blocking


@pytest.mark.parametrize("kind", channels.kinds())
def test_every_channel_keeps_the_contract(kind: str) -> None:
    module = channels.load(kind)
    assert issubclass(module.Settings, Strict)
    assert list(inspect.signature(module.send).parameters) == ["settings", "message", "timeout"]


@pytest.mark.parametrize("kind", backup_tools.kinds())
def test_every_backup_tool_keeps_the_contract(kind: str) -> None:
    module = backup_tools.load(kind)
    assert module.SERVES
    assert {*module.LEVELS} <= {"full", "incremental"}
    assert module.KEEPS in ("staged", "own")
    assert kind in backup_tools.ORDER
    for act in ("estimate", "take", "confirm", "open"):
        assert callable(getattr(module.Tool, act))
    assert all(isinstance(missing, backup_tools.Missing) for missing in module.lacks())


@pytest.mark.parametrize("kind", stores.kinds())
def test_every_store_keeps_the_contract(kind: str) -> None:
    module = stores.load(kind)
    assert issubclass(module.Settings, Strict)
    assert list(inspect.signature(module.Store).parameters) == ["settings", "network"]
    assert list(inspect.signature(module.Store.place).parameters)[1:] == ["path", "directory"]
    assert list(inspect.signature(module.Store.free).parameters)[1:] == ["path"]
    assert list(inspect.signature(module.Store.reach).parameters)[1:] == []


@pytest.mark.parametrize("kind", steps.kinds())
def test_every_kind_of_step_keeps_the_contract(kind: str) -> None:
    module = steps.load(kind)
    assert issubclass(module.Settings, steps.StepSettings)
    assert isinstance(module.FIXED, tuple)
    for word in ("repeatable", "asks"):
        assert len(inspect.signature(getattr(module, word)).parameters) == 1
    done = [getattr(module, act) for act in ("perform", "question") if hasattr(module, act)]
    assert done
    for act in done:
        assert [one.strip("_") for one in inspect.signature(act).parameters] == ["settings", "bench"]


@pytest.mark.parametrize("pack", PACKS, ids=[path.parent.name for path in PACKS])
def test_a_packs_readme_names_all_that_may_be_set_in_both_languages(pack: Path) -> None:
    halves = re.split(r"^# ", (pack.parent / "README.md").read_text(), flags=re.MULTILINE)[1:]
    assert len(halves) == 2
    for half in halves:
        endings = tuple(re.findall(r"`…(\w+)`", half))
        unnamed = [name for name in yaml.safe_load(pack.read_text())["parameters"] if f"`{name}`" not in half]
        assert [name for name in unnamed if not endings or not name.endswith(endings)] == []


def test_every_permission_is_asked_for_somewhere() -> None:
    """An act in the table that nothing authorises is a promise that nobody keeps."""
    asked = "\n".join(path.read_text() for path in sources("mainstay") if path.name != "actor.py")
    assert not [act for act in PERMISSIONS if f'"{act}"' not in asked]


def test_no_shell_is_ever_started() -> None:
    for path in sources("mainstay", "estate"):
        text = path.read_text()
        assert "shell=True" not in text, shown(path)
        assert "os.system" not in text, shown(path)


TOLD = (
    *sources(*(f"mainstay/{app}" for app in APPS)),
    *(ROOT / "mainstay" / name for name in (
        "checker/trial.py", "domain/actor.py", "domain/attachment.py", "drivers/pdf.py", "engine/trial.py",
        "sealing.py",
    )),
)  # fmt: skip
"""Where what is raised may end on somebody's screen."""


def refuses(raised: str) -> bool:
    """Not what is a programmer's fault, nor what a function of the module makes."""
    faults = ("TypeError", "KeyError", "transaction.TransactionManagementError")
    return raised not in faults and not raised.startswith("_")


@pytest.mark.parametrize("path", TOLD, ids=shown)
def test_a_refusal_can_be_said_in_every_language(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and refuses(ast.unparse(node.exc.func)):
            at = f"{shown(path)}:{node.lineno}: raise it with say(…)"
            for given in node.exc.args:
                assert not isinstance(given, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp), at
                assert not isinstance(given, ast.Call) or ast.unparse(given.func) in ("say", "_"), at


@pytest.mark.parametrize("path", sources("mainstay"), ids=shown)
def test_what_is_said_is_a_text_with_its_values_by_name(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "say":
            text, given = node.args[0], {one.arg for one in node.keywords}
            assert isinstance(text, ast.Constant), f"{shown(path)}:{node.lineno}"
            assert set(re.findall(r"%\((\w+)\)s", text.value)) == given, f"{shown(path)}:{node.lineno}"
            assert "%" not in re.sub(r"%\(\w+\)s", "", text.value), f"{shown(path)}:{node.lineno}"


MAKERS = ("Problem", "NotConnected", "Unread", "_Amiss", "NoApt", "_NoTime", "Refused", "_TooMany", "_unfit", "at")
"""What takes the detail of why a look failed."""
LOOKS = (
    *sources("mainstay/drivers", "mainstay/checker"),
    *(ROOT / "mainstay/domain" / name for name in ("heartbeat.py", "backup_health.py")),
)


def own_words(node: ast.expr | None) -> bool:
    """Whether letters of our own stand in it, outside of ``say``."""
    match node:
        case ast.Constant(value=str(text)):
            return any(map(str.isalpha, text))
        case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
            return any(own_words(part) for part in parts if not isinstance(part, ast.FormattedValue))
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            return own_words(left) or own_words(right)
    return False


@pytest.mark.parametrize("path", LOOKS, ids=shown)
def test_why_a_look_failed_can_be_said_in_every_language(path: Path) -> None:
    """What a foreign system says stays as it said it; what is said here is said with ``say``."""
    tree = ast.parse(path.read_text())
    for scope in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        assigned = [node for node in ast.walk(scope) if isinstance(node, ast.Assign)]
        named = {ast.unparse(node.targets[0]) for node in assigned if own_words(node.value)}
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) in MAKERS:
                wrong = [one for one in call.args if own_words(one) or ast.unparse(one) in named]
                assert not wrong, f"{shown(path)}:{call.lineno}: say it with say(…)"
        sentences = [node for node in ast.walk(scope) if isinstance(node, ast.Return) and own_words(node.value)]
        said = ast.unparse(scope.returns or ast.Constant(None)) == "str" and "Problem(" in path.read_text()
        found = [node.lineno for node in sentences if said and not is_statement(node)]
        assert not found, f"{shown(path)}:{found}: say it with say(…)"


def is_statement(node: ast.Return) -> bool:
    return "select" in ast.unparse(node)
