"""poruch: found a fund, run its front and its desks, check its log, see it all in a demo."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from poruch.errors import PoruchError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WIPE, RESTORE, REBUILD = "desk wipe", "desk restore", "front rebuild"
TWO_WORDS = (WIPE, RESTORE, REBUILD)  # typed as two, one verb


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
    found.add_argument("--plan", type=Path, metavar="FILE", help="the plan, as examples/fund.toml")
    found.add_argument("--front", metavar="URL", help="found from many machines, over the front at this address")
    found.add_argument("--again", type=int, metavar="N", help="draw founder N a new invitation; the old one ends")

    join = verbs.add_parser("join", help="come in by an invitation, or go on with it")
    join.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder for your desk")

    front = verbs.add_parser("front", help="serve a front, the fund's public site")
    front.add_argument("folder", type=Path, metavar="FOLDER")
    front.add_argument("--host", default="127.0.0.1")
    front.add_argument("--port", type=int, default=8000)
    front.add_argument("--new", action="store_true", help="make a front without a fund, and print its founding secret")
    front.add_argument("--move", action="store_true", help="move its rows from SQLite to the PostgreSQL it names")

    desk = verbs.add_parser("desk", help="open an officer's desk in a browser tab on this machine")
    desk.add_argument("folder", type=Path, metavar="FOLDER")
    desk.add_argument("--front", required=True, metavar="URL", help="the front's address")
    desk.add_argument("--port", type=int, default=0)
    desk.add_argument("--idle-minutes", type=int, choices=range(1, 121), default=10, metavar="N", help="1 to 120")

    wipe = verbs.add_parser(WIPE, help="destroy a desk for ever, its keys first")
    wipe.add_argument("folder", type=Path, metavar="FOLDER")
    wipe.add_argument("--yes", action="store_true", help="do not ask for the word")

    waiting = verbs.add_parser("waiting", help="print how much waits for you at a running desk: one number")
    waiting.add_argument("folder", type=Path, metavar="FOLDER")

    rehearse = verbs.add_parser("rehearse", help="show that your paper still holds your share; nothing is exposed")
    rehearse.add_argument("folder", type=Path, metavar="FOLDER", help="your desk's folder")
    rehearse.add_argument("--front", required=True, metavar="URL", help="the front's address")

    restore = verbs.add_parser(RESTORE, help="restore a lost desk from its officer's paper")
    restore.add_argument("desk", type=Path, metavar="FOLDER", help="a new folder for the desk")
    source = restore.add_mutually_exclusive_group(required=True)
    source.add_argument("--front", metavar="URL", help="fetch the journal from the front at this address")
    source.add_argument("--folder", type=Path, metavar="PATH", help="take it from a folder that desks sync with")

    rebuild = verbs.add_parser(REBUILD, help="make a new front from one desk, when the old one is gone")
    rebuild.add_argument("--from", dest="desk", type=Path, required=True, metavar="DESK", help="any desk's folder")
    rebuild.add_argument("folder", type=Path, metavar="NEWDIR", help="a new folder for the front")

    sync = verbs.add_parser("sync", help="sync a desk with a folder: a stick, a shared drive, a keeper's folder")
    sync.add_argument("desk", type=Path, metavar="DESKFOLDER", help="your desk's folder; its tab must be closed")
    sync.add_argument("--folder", type=Path, metavar="PATH", required=True, help="the folder, which must be there")
    sync.add_argument("--front", metavar="URL", default="", help="sync with the front, too")

    keeper = verbs.add_parser("keeper", help="mirror the front all day into a folder; it can open nothing")
    keeper.add_argument("folder", type=Path, metavar="FOLDER", help="where keeper.key lies, and what is mirrored")
    keeper.add_argument("--front", required=True, metavar="URL", help="the front's address")

    drill = verbs.add_parser("drill", help="do to a running fund what an enemy would do, and print what he got")
    drill.add_argument("name", choices=("arrests", "seizure"), metavar="NAME", help="arrests, seizure")

    simulate = verbs.add_parser("simulate", help="live through years of a fund in minutes, with everything going wrong")
    simulate.add_argument("--seed", type=int, default=1, metavar="S", help="what is drawn comes from it (default: 1)")
    simulate.add_argument("--days", type=int, default=364, metavar="D", help="how long (default: a fund-year of 364)")
    simulate.add_argument("--years", type=int, default=0, metavar="N", help="N fund-years, of the seeds from S on")
    simulate.add_argument("--real", action="store_true", help="the real cryptography, not only for every 20th seed")
    simulate.add_argument("--script", type=Path, metavar="FILE", help="play the steps of a script that was printed")
    simulate.add_argument("--processes", type=int, default=1, metavar="P", help="so many at once (default: 1)")

    release = verbs.add_parser("verify-release", help="check that a downloaded file is a release that was signed")
    release.add_argument("file", type=Path, metavar="FILE", help="its note lies beside it as FILE.note")
    release.add_argument("--note", type=Path, metavar="NOTE", help="the signed note, if it lies elsewhere")
    release.add_argument("--keys", type=Path, metavar="KEYS", help="the keys you trust, not this program's own")

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
    if arguments.front is None and arguments.plan is not None:
        from poruch.drills.founding import run_founding

        return run_founding(arguments.folder, arguments.plan)
    from poruch.drills.inviting import run_first_founder

    return run_first_founder(arguments.folder, arguments.plan, arguments.front, arguments.again)


def _join(arguments: argparse.Namespace) -> int:
    from poruch.drills.inviting import run_join

    return run_join(arguments.folder)


def _front(arguments: argparse.Namespace) -> int:
    from poruch.front.server import create_waiting, move, serve

    if arguments.new:
        print(create_waiting(arguments.folder))
        return 0
    if arguments.move:
        print(f"Moved {move(arguments.folder)} rows and files. Start the front as before.")
        return 0
    print(f"The front listens on http://{arguments.host}:{arguments.port}/ . Ctrl-C stops it.", flush=True)
    serve(arguments.folder, arguments.host, arguments.port)
    return 0


def _desk(arguments: argparse.Namespace) -> int:
    from poruch.desk.server import serve_desk

    serve_desk(arguments.folder, arguments.front, port=arguments.port, idle_minutes=arguments.idle_minutes)
    return 0


def _wipe(arguments: argparse.Namespace) -> int:
    from poruch.desk.wipe import run_wipe

    return run_wipe(arguments.folder, sure=arguments.yes)


def _waiting(arguments: argparse.Namespace) -> int:
    from poruch.desk.reminder import ask

    print(ask(arguments.folder))
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from poruch.drills.rehearsing import run_rehearsal

    return run_rehearsal(arguments.folder, arguments.front)


def _restore(arguments: argparse.Namespace) -> int:
    from poruch.drills.restoring import run_restore

    return run_restore(arguments.desk, arguments.front or "", arguments.folder)


def _rebuild(arguments: argparse.Namespace) -> int:
    from poruch.drills.rebuilding import run_rebuild

    return run_rebuild(arguments.desk, arguments.folder)


def _sync(arguments: argparse.Namespace) -> int:
    from poruch.drills.carrying import run_sync

    return run_sync(arguments.folder, arguments.desk, arguments.front)


def _keeper(arguments: argparse.Namespace) -> int:
    from poruch.desk.mirror import run_keeper

    return run_keeper(arguments.folder, arguments.front)


def _drill(arguments: argparse.Namespace) -> int:
    from poruch.drills.arrests import run_arrests
    from poruch.drills.seizure import run_seizure

    drills = {"arrests": run_arrests, "seizure": run_seizure}
    return drills[arguments.name](EXAMPLES / "fund.toml", EXAMPLES / "lists" / "names.csv")


def _simulate(arguments: argparse.Namespace) -> int:
    from poruch.drills.simulator.report import run_simulation

    return run_simulation(
        arguments.seed,
        arguments.days,
        arguments.years,
        real=arguments.real,
        script=arguments.script,
        processes=arguments.processes,
    )


def _verify_release(arguments: argparse.Namespace) -> int:
    from poruch.drills.releasing import run_verify_release

    return run_verify_release(arguments.file, arguments.note, arguments.keys)


def _bench(arguments: argparse.Namespace) -> int:
    from poruch.drills.bench import run_bench

    return run_bench(arguments.name, as_json=arguments.json)


VERBS = {
    "demo": _demo,
    "check": _check,
    "found": _found,
    "join": _join,
    "front": _front,
    "desk": _desk,
    WIPE: _wipe,
    "waiting": _waiting,
    "rehearse": _rehearse,
    RESTORE: _restore,
    REBUILD: _rebuild,
    "sync": _sync,
    "keeper": _keeper,
    "drill": _drill,
    "simulate": _simulate,
    "verify-release": _verify_release,
    "bench": _bench,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; an error is one sentence on standard error, and exit code 2."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    verb = " ".join(typed[:2])
    parsed = _parser().parse_args([verb, *typed[2:]] if verb in TWO_WORDS else typed)
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
