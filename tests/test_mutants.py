"""The tool behind `make mutants`: what it takes away, and that the page of survivors is of the code as it stands."""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = '''
LIMIT = 7
__all__ = ["a", "b"]
Word = Literal["x"]

def check(a: int, b: bytes) -> bytes:
    """A docstring is no check."""
    if a < 1 or not 2 <= a <= LIMIT:
        raise ValueError("range")
    look(b)
    parts = [b"one", b]
    parts += [b"three"]
    return b"".join(parts) + b
'''
TAKEN = [
    ("(module)", "LIMIT = 7", "LIMIT = 8"),
    ("(module)", "LIMIT = 7", "LIMIT = 6"),
    ("check", "if a < 1 or not 2 <= a <= LIMIT:", "if not 2 <= a <= LIMIT:"),
    ("check", "if a < 1 or not 2 <= a <= LIMIT:", "if a < 1:"),
    ("check", "if a < 1 or not 2 <= a <= LIMIT:", "if a < 1 or not 2 <= a:"),
    ("check", "if a < 1 or not 2 <= a <= LIMIT:", "if a < 1 or not a <= LIMIT:"),
    ("check", "raise ValueError('range')", "pass"),
    ("check", "look(b)", "pass"),
    ("check", "parts = [b'one', b]", "parts = [b]"),
    ("check", "parts = [b'one', b]", "parts = [b'one']"),
    ("check", "parts += [b'three']", "pass"),
    ("check", "return b''.join(parts) + b", "return b''.join(parts)"),
    ("check", "return b''.join(parts) + b", "return b"),
]


def tool(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def test_what_is_taken_away() -> None:
    source = SOURCE
    found = list(tool("weakenings").weakenings(source))
    assert [(one.function, one.before, one.after) for one in found] == TAKEN
    assert all(ast.parse(one.source) for one in found)
    assert len({one.source for one in found} | {ast.unparse(ast.parse(source))}) == len(TAKEN) + 1


def rows() -> list[tuple[str, str, str, str]]:
    tool("weakenings")
    return [tuple(row) for row in tool("mutants").excused()]


def test_the_page_has_rows() -> None:
    assert rows()


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}.{row[1]}: {row[3]}"[:70])
def test_a_survivor_on_the_page_is_of_the_code_as_it_stands(row: tuple[str, str, str, str]) -> None:
    module, _, before, after = row
    source = (ROOT / "src" / "poruch" / "crypto" / f"{module}.py").read_text()
    written = {" ".join(line.split()) for line in source.splitlines()}
    parsed = {ast.unparse(node).split("\n")[0] for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)}
    assert before in written | parsed
    assert before != after
