"""The documents say only what the program does: each command in them is known, and they are of no one machine."""

import argparse
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from poruch.cli import _parser

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)[^)]*\)")  # pictures too
PREPARATION = ("apt", "git", "cd")

# Written in two halves, so that this file is not what it looks for.
HOSTS = ("pythonho" + "sted", "py" + "pi.org", "registry.np" + "mjs", "deb.deb" + "ian", "security.deb" + "ian")
MACHINE = re.compile(r"(?<![\w.])/(?:" + "|".join(("wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + r"me/\w+")) + r")/")
LARGEST_BYTES = 2_000_000


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def commands() -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        for block in BLOCK.findall(document.read_text()):
            lines = (line.split("#")[0].strip() for line in block.splitlines())
            found += [(document.relative_to(ROOT).as_posix(), line) for line in lines if line]
    return found


@cache
def said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}"
    return done.stdout


def knows(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


@pytest.mark.parametrize(("document", "line"), commands())
def test_every_command_is_known(document: str, line: str) -> None:
    program, *arguments = line.split()
    if program == "make":
        for verb in (word for word in arguments if "=" not in word):
            assert verb == "help" or f"make {verb} " in said("make", "help"), f"{document}: make {verb}"
    elif program == "bin/poruch":
        assert knows(said("bin/poruch", "--help"), arguments[0]), f"{document}: {line}"
        two = " ".join(arguments[:2])  # `desk wipe` and its like are one verb
        verb = arguments[:2] if knows(said("bin/poruch", "--help"), two) else arguments[:1]
        options = {word.split("=")[0] for word in arguments[1:] if word.startswith("-")}
        for option in options - {"--help"}:
            assert knows(said("bin/poruch", *verb, "--help"), option), f"{document}: {line}"
    else:
        assert program in PREPARATION, f"{document}: who knows {program}?"


def options() -> list[tuple[str, str]]:
    """Each verb with each of its options; a verb without any stands with an empty one."""
    [verbs] = [one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction)]
    found = []
    for verb, parser in verbs.choices.items():
        named = [name for one in parser._actions for name in one.option_strings if name.startswith("--")]
        found += [(verb, ""), *((verb, name) for name in named if name != "--help")]
    return found


@pytest.mark.parametrize(("verb", "option"), options())
def test_every_verb_and_option_stands_in_a_document_of_its_readers(verb: str, option: str) -> None:
    pages = [text for document in DOCUMENTS if (text := document.read_text()).count(f"bin/poruch {verb}")]
    assert any(knows(text, option) for text in pages) if option else pages, f"bin/poruch {verb} {option}"


def test_the_two_commands_stand_in_the_readme() -> None:
    lines = {line for document, line in commands() if document == "README.md"}
    assert {"make demo", "make test"} <= lines


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_inside_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_no_registry_and_no_machine_is_named() -> None:
    found = []
    for file in tracked():
        if file.stat().st_size > LARGEST_BYTES:
            continue
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue  # pictures and other bytes
        for number, line in enumerate(text.splitlines(), 1):
            if any(host in line for host in HOSTS) or MACHINE.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}")
    assert found == []


@pytest.mark.parametrize("line", ["see " + "/wo" + "rk/main/x", "in " + "/ro" + "ot/.cache", '"/ho' + 'me/ann/x"'])
def test_a_path_of_a_machine_would_be_seen(line: str) -> None:
    assert MACHINE.search(line)


def test_decisions_are_numbered_once_and_without_gaps() -> None:
    pages = sorted(page for page in DECISIONS.glob("*.md") if page.name != "README.md")
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    listed = (DECISIONS / "README.md").read_text()
    for page in pages:
        title = page.read_text().splitlines()[0]
        assert title.startswith(f"# {page.name[:4]} "), page.name
        assert f"[{page.name[:4]}]({page.name}) | {title[7:]} |" in listed
