"""`make mutants`: breaks the quorum cryptography in every small way and sees whether a test notices.

Two kinds of mutants: those of mutmut (its settings are in pyproject.toml) and the weakened checks of `weakenings.py`.
All work is done on a copy in a temporary folder. A mutant that survives must stand, with a reason, in the tables of
docs/mutation.md; the exit code is 1 if one does not, or if a row there is of no survivor any more. Names of modules as
arguments (`make mutants ARGS=dleq`) take only these.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, NoReturn

# Loaded once here, so that each of the hundreds of children need not: what the tests import, but not what is tested.
import cryptography.hazmat.primitives.asymmetric.mlkem
import cryptography.hazmat.primitives.asymmetric.x25519
import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401
import hypothesis  # noqa: F401
import nacl.bindings  # noqa: F401
import pytest
from weakenings import Weakening, weakenings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "mutation.md"
CRYPTO = "src/poruch/crypto"
# Each module with its own tests, which alone are asked, quickest first.
MODULES = {
    "group": ["group", "quorum_edges"],
    "dleq": ["dleq", "quorum_edges"],
    "dealing": ["quorum_edges", "quorum_dealers", "ceremony"],
    "ceremony": ["quorum_dealers", "quorum_edges", "ceremony"],
    "quorum_group": ["quorum_edges", "ceremony"],
    "quorum_file": ["quorum_edges", "quorum_attacks", "quorum_file"],
    "opening": ["quorum_edges", "quorum_attacks", "opening"],
    "opening_request": ["quorum_edges", "opening_request"],
}
WORKERS = 2
COMPILED = shutil.ignore_patterns("__pycache__")
TIMEOUT_SECONDS = 300
# The same examples of hypothesis in every run, so that a mutant does not live by luck.
ENVIRONMENT = {**os.environ, "CI": "1", "PYTHONPATH": ""}
ROW = re.compile(r"^\| `(?P<module>\w+)` \| `(?P<function>[^`]+)` \| `(?P<before>.+?)` \| `(?P<after>.+?)` \| .+ \|$")


class Survivor(NamedTuple):
    """A mutant that no test noticed, as the page writes it."""

    module: str
    function: str
    before: str
    after: str


def copy_of_the_project(folder: Path) -> Path:
    """What the quorum's tests need, and nothing else."""
    (folder / CRYPTO).parent.mkdir(parents=True)
    shutil.copytree(ROOT / CRYPTO, folder / CRYPTO, ignore=COMPILED)
    for name in ("src/poruch/__init__.py", "src/poruch/errors.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("tests/crypto", "tests/vectors"):
        shutil.copytree(ROOT / name, folder / name, ignore=COMPILED)
    return folder


def tests(names: Iterable[str]) -> list[str]:
    return [f"tests/crypto/test_{name}.py" for name in names]


def python(*arguments: str, folder: Path, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout, check=False
    )


# ---- weakened checks -----------------------------------------------------------------------------


class Replaced(MetaPathFinder, Loader):
    """Gives a module another source than its file has."""

    def __init__(self, module: str, source: str) -> None:
        self.name, self.source = f"poruch.crypto.{module}", source

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"{self.name} (weakened)", "exec"), module.__dict__)  # noqa: S102  our own source


def run_tests(folder: Path, module: str, source: str) -> NoReturn:
    """In a process of its own: run the tests on the weakened module, and exit as pytest does."""
    signal.alarm(TIMEOUT_SECONDS)
    os.chdir(folder)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, Replaced(module, source))
    os._exit(pytest.main(["-q", "-x", "-p", "no:xdist", "-m", "not long", *tests(MODULES[module])]))


def outcome(task: tuple[Path, str, Weakening]) -> str:
    """Whether the module's own tests notice: "killed", "survived" or "timeout"."""
    folder, module, weakening = task
    if not (child := os.fork()):
        run_tests(folder, module, weakening.source)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return "timeout"
    return "killed" if status else "survived"


def weakened(modules: Iterable[str], base: Path) -> tuple[Counter[str], list[Survivor]]:
    os.environ.update(ENVIRONMENT)
    folder = copy_of_the_project(base / "weakened")
    sources = {module: (folder / CRYPTO / f"{module}.py").read_text() for module in modules}
    tasks = [(folder, module, one) for module in modules for one in weakenings(sources[module])]
    count: Counter[str] = Counter()
    found = []
    with ProcessPoolExecutor(WORKERS) as pool:
        for verdict, (_, module, one) in zip(pool.map(outcome, tasks), tasks, strict=True):
            count[verdict] += 1
            if verdict != "killed":
                print(f"  {verdict}: {module}.py:{one.line} {one.before} -> {one.after}", file=sys.stderr, flush=True)
            if verdict == "survived":
                found.append(Survivor(module, one.function, one.before, one.after))
    return count, found


# ---- mutmut --------------------------------------------------------------------------------------


def mutmut(modules: Iterable[str], base: Path) -> tuple[Counter[str], list[Survivor]]:
    count: Counter[str] = Counter()
    found = []
    for module in modules:
        folder = copy_of_the_project(base / f"mutmut-{module}")
        with (folder / "pyproject.toml").open("a") as settings:
            print(f"only_mutate = {[f'{CRYPTO}/{module}.py']}", file=settings)
            print(f"pytest_add_cli_args_test_selection = {tests(MODULES[module])}", file=settings)
        ran = python("-m", "mutmut", "run", "--max-children", str(WORKERS), folder=folder)
        if ran.returncode:
            raise SystemExit(f"mutmut could not run: {(ran.stdout + ran.stderr)[-2000:]}")
        codes = json.loads((folder / "mutants" / CRYPTO / f"{module}.py.meta").read_text())["exit_code_by_key"]
        for name, code in codes.items():
            verdict = {0: "survived", 1: "killed", 3: "killed", 5: "survived", 33: "survived"}.get(code, "timeout")
            count[verdict] += 1
            if verdict != "killed":
                one = shown(module, name, python("-m", "mutmut", "show", name, folder=folder).stdout)
                print(f"  {verdict}: {module}.py {one.before} -> {one.after}", file=sys.stderr, flush=True)
                found += [one] if verdict == "survived" else []
        print(f"  mutmut {module}: {len(codes)}", file=sys.stderr, flush=True)
    return count, found


def shown(module: str, name: str, difference: str) -> Survivor:
    """A mutant of mutmut from its difference, in the spelling of the syntax tree as the other kind is written."""
    changes: dict[str, list[str]] = {"-": [], "+": []}
    for line in difference.splitlines():
        if line[:1] in changes and not line.startswith(("---", "+++")):
            changes[line[0]].append(line[1:].strip())
    before, after = (" ".join(changes[sign]) for sign in "-+")
    function = name.rsplit("__mutmut_", 1)[0].rsplit(".", 1)[1]
    function = ".".join(function.split("ǁ")[1:]) if "ǁ" in function else function.removeprefix("x_")
    return Survivor(module, function, before, after)


# ---- the page ------------------------------------------------------------------------------------


def excused() -> Iterator[Survivor]:
    """The survivors that the page lists with a reason."""
    for line in PAGE.read_text().splitlines():
        if match := ROW.match(line):
            yield Survivor(*(part.replace("\\|", "|") for part in match.groups()))


def row(survivor: Survivor) -> str:
    cells = [f"`{part.replace('|', chr(92) + '|')}`" for part in survivor]
    return "| " + " | ".join([*cells, "?"]) + " |"


def main(names: list[str]) -> int:
    modules = names or list(MODULES)
    if unknown := set(modules) - set(MODULES):
        raise SystemExit(f"No such module: {', '.join(sorted(unknown))}. There are: {', '.join(MODULES)}.")
    survivors: list[Survivor] = []
    with tempfile.TemporaryDirectory(prefix="poruch-mutants-") as base:
        for kind, run in (("weakened checks", weakened), ("mutmut", mutmut)):
            count, found = run(modules, Path(base))
            survivors += found
            said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
            print(f"{kind}: {sum(count.values())} mutants, {said}", flush=True)
    listed = Counter(one for one in excused() if one.module in modules)
    new, gone = Counter(survivors) - listed, listed - Counter(survivors)
    for title, rows in (("Nobody noticed, and the page gives no reason:", new), ("On the page, but noticed:", gone)):
        if rows:
            print(title, *map(row, rows.elements()), sep="\n")
    return int(bool(new or gone))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
