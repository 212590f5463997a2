"""The contracts of the house hold, and each is seen to fail on a planted violation (.importlinter)."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

LAYERS = "Imports go down only, and every room has its floor"
ALONE = "Rails and screening import nothing of ours but errors"
WEB = "Web imports nothing of ours but errors"
DJANGO = "Django only in web, front and desk"
FRONT = "The front imports nothing that opens, decides or pays"

# for each contract: the imports that break it, each planted in a module of its own room
PLANTED = {
    LAYERS: [
        ("errors", "poruch.crypto"),
        ("crypto.planted", "poruch.events"),
        ("events.planted", "poruch.journal"),
        ("events.planted", "poruch.tlog"),
        ("journal.planted", "poruch.tlog"),
        ("tlog.planted", "poruch.journal"),
        ("tlog.planted", "poruch.ledger"),
        ("cases.planted", "poruch.ledger"),
        ("ledger.planted", "poruch.rails"),
        ("screening.planted", "poruch.cases"),
        ("ledger.planted", "poruch.web"),
        ("web.planted", "poruch.desk"),
        ("desk.planted", "poruch.front"),
        ("desk.planted", "poruch.drills"),
        ("drills.planted", "poruch.cli"),
    ],
    ALONE: [
        (f"{room}.planted", f"poruch.{other}")
        for room in ("rails", "screening")
        for other in ("crypto", "events", "journal", "tlog", "cases", "ledger", "web")
    ]
    + [("rails.planted", "poruch.screening"), ("screening.planted", "poruch.rails")],
    WEB: [
        ("web.planted", f"poruch.{room}")
        for room in ("crypto", "events", "journal", "tlog", "cases", "ledger", "rails", "screening")
    ],
    DJANGO: [
        (module, "django.conf")
        for module in (
            *(f"{room}.planted" for room in ("crypto", "events", "journal", "tlog", "cases", "ledger", "rails")),
            *("screening.planted", "drills.planted", "errors", "cli"),
        )
    ],
    FRONT: [
        ("front.planted", f"poruch.{closed}")
        for closed in (
            *("crypto.opening", "crypto.ceremony", "crypto.keyfile", "crypto.paper"),
            *("desk", "cases", "ledger", "rails", "screening", "drills"),
        )
    ],
}


def lint(folder: Path) -> tuple[int, str]:
    """Exit code and output of lint-imports on the `src` and `.importlinter` of `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def contracts() -> set[str]:
    settings = configparser.ConfigParser()
    settings.read(ROOT / ".importlinter")
    return {
        settings[section]["name"] for section in settings.sections() if section.startswith("importlinter:contract:")
    }


@pytest.fixture
def house(tmp_path):
    """A copy of the house, to plant violations in."""
    shutil.copytree(ROOT / "src" / "poruch", tmp_path / "src" / "poruch", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def plant(house: Path, module: str, line: str) -> None:
    """Append `line` to `poruch.<module>`, which is made where it does not exist."""
    path = house / "src" / "poruch" / Path(*module.split(".")).with_suffix(".py")
    with path.open("a") as file:
        file.write(f"\n{line}\n")


def test_every_contract_is_kept():
    code, output = lint(ROOT)
    assert code == 0, output
    assert f"Contracts: {len(contracts())} kept, 0 broken." in output


def test_every_contract_has_planted_violations():
    assert contracts() == PLANTED.keys()


@pytest.mark.parametrize("contract", PLANTED)
def test_planted_violations_break_their_contract(house, contract):
    plant(house, "cli", "")
    for module, imported in PLANTED[contract]:
        plant(house, module, f"import {imported}")
    code, output = lint(house)
    assert code != 0
    assert f"{contract} BROKEN" in output
    seen = detailed(output, contract)
    missed = [(module, imported) for module, imported in PLANTED[contract] if (module, imported) not in seen]
    assert not missed, output


def detailed(output: str, contract: str) -> set[tuple[str, str]]:
    """The direct imports that the section of `contract` in the list of broken contracts names."""
    section = re.split(rf"^{re.escape(contract)}\n-+\n", output, flags=re.MULTILINE)[1]
    section = re.split(r"^-{5,}$", section, flags=re.MULTILINE)[0]
    named = re.findall(r"^-\s+poruch\.(\S+) -> (\S+) \(l\.\d+", section, re.MULTILINE)
    return {(module, "django.conf" if imported == "django" else imported) for module, imported in named}


@pytest.mark.parametrize("room", ["planted.py", "planted/__init__.py"])
def test_a_room_without_a_floor_breaks_the_layers(house, room):
    path = house / "src" / "poruch" / room
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    code, output = lint(house)
    assert code != 0
    assert f"{LAYERS} BROKEN" in output, output


def test_a_detour_from_the_front_to_the_opening_half_is_seen(house):
    plant(house, "tlog.planted", "import poruch.crypto.opening")
    plant(house, "front.planted", "import poruch.tlog.planted")
    code, output = lint(house)
    assert code != 0
    assert f"{FRONT} BROKEN" in output, output
