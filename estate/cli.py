"""The commands of `python -m estate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from estate import services
from estate.faults import registry
from estate.layout import SEED_DUMP, Layout


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m estate", description="The demo's real systems under care.")
    commands = top.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="run the estate in the foreground")
    up.add_argument("--no-traffic", action="store_true", help="start no traffic generator")
    up.add_argument("--order-every", type=float, default=7.0, metavar="SECONDS", help="mean time between orders")
    seed = commands.add_parser("seed", help="rebuild the seeded database dump from nothing")
    seed.add_argument("--out", type=Path, default=SEED_DUMP)
    seed.add_argument("--sales", type=int, default=300)
    seed.add_argument("--purchases", type=int, default=50)
    for verb, text in (("break", "cause a fault"), ("mend", "take a fault back"), ("forget", "it was recovered")):
        command = commands.add_parser(verb, help=text)
        command.add_argument("names", nargs="+", metavar="NAME", choices=sorted(registry.FAULTS))
    restart = commands.add_parser("restart", help="start a service of the estate anew")
    restart.add_argument("name", choices=services.SERVICES)
    end = commands.add_parser("end", help="end a program that was left running")
    end.add_argument("name")
    commands.add_parser("serve", help="run the ERP alone on the database named in COPY_DSN, at COPY_PORT")
    faults = commands.add_parser("faults", help="list the faults")
    for command in (up, restart, end, *(commands.choices[verb] for verb in ("break", "mend", "forget"))):
        command.add_argument("--dir", type=Path, required=True)
    faults.add_argument("--dir", type=Path, help="also say which of them are broken now")
    for command in (up, faults, *(commands.choices[verb] for verb in ("break", "mend", "forget"))):
        command.add_argument("--json", action="store_true")
    return top


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    try:
        return _run(args)
    except (RuntimeError, OSError) as problem:
        print(f"estate: {problem}", file=sys.stderr)
        return 70


def _run(args: argparse.Namespace) -> int:
    if args.command == "up":
        from estate import up

        return up.run(up.Wish(args.dir, not args.no_traffic, args.order_every, args.json))
    if args.command == "seed":
        from estate.seeding.build import build

        build(args.out, args.sales, args.purchases)
    elif args.command == "serve":
        from estate import serve

        serve.run(Path.cwd())
    elif args.command == "faults":
        _list_faults(args.dir, args.json)
    elif args.command == "restart":
        services.restart(Layout(args.dir.resolve()), args.name)
        print(f"{args.name}: started anew")
    elif args.command == "end":
        print(f"{args.name}: {services.end(Layout(args.dir.resolve()), args.name)} ended")
    else:
        for name in args.names:
            _change(args.command, name, args.dir, args.json)
    return 0


def _change(verb: str, name: str, root: Path, as_json: bool) -> None:
    fault = registry.make(name, Layout(root.resolve()))
    {"break": fault.break_once, "mend": fault.mend_once, "forget": fault.forget}[verb]()
    if as_json:
        print(json.dumps({"name": name, "broken": fault.broken}))
        return
    print(f"{name}: {'broken' if fault.broken else 'mended'}")


def _list_faults(root: Path | None, as_json: bool) -> None:
    rows = registry.describe(Layout(root.resolve()) if root else None)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        mark = "BROKEN" if row["broken"] else ""
        print(f"{row['name']:22} {row['category']:9} level {row['level']}  {row['title']['en']}  {mark}")
