"""poruch: found a fund, run its front and its desks, check its log, see it all in a demo."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from poruch.errors import PoruchError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="poruch", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    demo = verbs.add_parser("demo", help="run a whole fund on this machine, with invented people")
    demo.add_argument("--once", type=Path, metavar="OUT", help="do the whole way without hands, into OUT")
    demo.add_argument("--submissions", type=Path, metavar="DIR", help="with --once: one TOML a submission")
    demo.add_argument("--statement", type=Path, metavar="FILE", help="with --once: a camt.053 statement")
    demo.add_argument("--folder", type=Path, metavar="DIR", help="where the fund lives (default: demo/)")
    demo.add_argument("--fresh", action="store_true", help="throw the demo's fund away and make a new one")

    check = verbs.add_parser("check", help="check a public log: every step, with its result")
    check.add_argument("log", metavar="URL-or-FOLDER", help="https://fund.example/log, or a folder with its files")
    check.add_argument("--policy", type=Path, metavar="FILE", help="the policy you trust, not the log's own")
    check.add_argument("--code", metavar="WORDS", help="a receipt code; - reads it from standard input")
    check.add_argument("--receipt", type=Path, metavar="FILE", help="one .tlog-proof file")

    found = verbs.add_parser("found", help="found a fund: charter, officers' keys, quorum key, circles, log keys")
    found.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder; desks/ and front/ are made in it")
    found.add_argument("--plan", type=Path, metavar="FILE", required=True, help="the plan, as examples/fund.toml")

    front = verbs.add_parser("front", help="serve a front, the fund's public site")
    front.add_argument("folder", type=Path, metavar="FOLDER")
    front.add_argument("--host", default="127.0.0.1")
    front.add_argument("--port", type=int, default=8000)

    desk = verbs.add_parser("desk", help="open an officer's desk in a browser tab on this machine")
    desk.add_argument("folder", type=Path, metavar="FOLDER")
    desk.add_argument("--front", required=True, metavar="URL", help="the front's address")
    desk.add_argument("--port", type=int, default=0)

    bench = verbs.add_parser("bench", help="measure: ours, the limit, the peer")
    bench.add_argument("name", nargs="?", default="", help="only rows whose name contains this")
    bench.add_argument("--json", action="store_true", help="a list of rows")
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    if arguments.once:
        from poruch.drills.once import run_once

        return run_once(
            arguments.once,
            arguments.submissions or EXAMPLES / "submissions",
            EXAMPLES / "fund.toml",
            EXAMPLES / "lists" / "names.csv",
            arguments.statement,
            lambda stage: print(f"  {stage} ...", flush=True),
        )
    from poruch.drills.demo import run_demo

    return run_demo(arguments.folder or ROOT / "demo", EXAMPLES, fresh=arguments.fresh)


def _check(arguments: argparse.Namespace) -> int:
    from poruch.drills.checking import run_check

    return run_check(arguments.log, arguments.policy, arguments.code, arguments.receipt)


def _found(arguments: argparse.Namespace) -> int:
    from poruch.drills.founding import run_founding

    return run_founding(arguments.folder, arguments.plan)


def _front(arguments: argparse.Namespace) -> int:
    from poruch.front.server import serve

    print(f"The front listens on http://{arguments.host}:{arguments.port}/ . Ctrl-C stops it.", flush=True)
    serve(arguments.folder, arguments.host, arguments.port)
    return 0


def _desk(arguments: argparse.Namespace) -> int:
    from poruch.desk.server import serve_desk

    serve_desk(arguments.folder, arguments.front, port=arguments.port)
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    from poruch.drills.bench import run_bench

    return run_bench(arguments.name, as_json=arguments.json)


VERBS = {"demo": _demo, "check": _check, "found": _found, "front": _front, "desk": _desk, "bench": _bench}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; an error is one sentence on standard error, and exit code 2."""
    parsed = _parser().parse_args(arguments)
    try:
        return VERBS[parsed.verb](parsed)
    except PoruchError as error:
        detail = f" ({error.detail})" if error.detail else ""
        print(f"{error.sentence}{detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except FileNotFoundError as error:
        print(f"There is no file {error.filename}.", file=sys.stderr)
        return 2
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        print(f"{error.filename} cannot be used: {error.strerror}.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
