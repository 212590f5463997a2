"""Ways to weaken a check that mutmut does not know: each yields a module with one statement or part of it gone.

mutmut turns operators round, moves numbers and strips arguments, but never takes away a whole `raise`, a guard, one
operand of `or`, one bound of a chained comparison, one part of what is hashed; and it passes over properties and what
stands at the top of a module. Those are what somebody leaves out by mistake.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Weakening(NamedTuple):
    """One changed module: the function and the source line, the statement before and after, the whole new source."""

    function: str
    line: int
    before: str
    after: str
    source: str


def weakenings(source: str) -> Iterator[Weakening]:
    """Every weakening of a module, in the order of its lines."""
    tree = ast.parse(source)
    for statement, function in _statements(tree, ""):
        for kind in (_without, _partly):
            yield from kind(tree, statement, function)


def _statements(node: ast.AST, function: str) -> Iterator[tuple[ast.stmt, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _statements(child, f"{function}.{child.name}".lstrip("."))
        elif isinstance(child, ast.stmt):
            yield child, function
            yield from _statements(child, function)
        elif isinstance(child, ast.ExceptHandler):
            yield from _statements(child, function)


def _without(tree: ast.Module, statement: ast.stmt, function: str) -> Iterator[Weakening]:
    """The statement does nothing: a `raise`, a call for its effect, an addition to what is hashed, an early way out."""
    call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    adding = isinstance(statement, ast.AugAssign)
    leaving = isinstance(statement, ast.Return) and statement.value is None
    if not (isinstance(statement, ast.Raise | ast.Continue) or call or adding or leaving):
        return
    yield _changed(tree, statement, statement, ast.Pass(), function)


def _partly(tree: ast.Module, statement: ast.stmt, function: str) -> Iterator[Weakening]:
    """One part of an expression of this very statement is gone, or a constant of the module is another one."""
    for part in _own_parts(statement):
        if isinstance(part, ast.BoolOp):
            for at in range(len(part.values)):
                rest = part.values[:at] + part.values[at + 1 :]
                new = rest[0] if len(rest) == 1 else ast.BoolOp(part.op, rest)
                yield _changed(tree, statement, part, new, function)
        elif isinstance(part, ast.Compare) and len(part.ops) > 1:
            first, *others = part.comparators
            shorter = ast.Compare(part.left, part.ops[:-1], part.comparators[:-1])
            yield _changed(tree, statement, part, shorter, function)
            yield _changed(tree, statement, part, ast.Compare(first, part.ops[1:], others), function)
        elif isinstance(part, ast.List | ast.Tuple) and len(part.elts) > 1 and isinstance(part.ctx, ast.Load):
            for at in range(len(part.elts)):
                new = type(part)(elts=part.elts[:at] + part.elts[at + 1 :], ctx=ast.Load())
                yield _changed(tree, statement, part, new, function)
        elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            yield _changed(tree, statement, part, part.left, function)
            yield _changed(tree, statement, part, part.right, function)
        elif not function and isinstance(part, ast.Constant):
            for new_value in _neighbours(part.value):
                yield _changed(tree, statement, part, ast.Constant(new_value), function)


def _own_parts(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, not of the statements inside it; no types, no `__all__`, no docstrings."""
    names = [target.id for target in getattr(statement, "targets", []) if isinstance(target, ast.Name)]
    docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    named_type = isinstance(getattr(statement, "value", None), ast.Subscript) and isinstance(statement, ast.Assign)
    if names == ["__all__"] or docstring or (named_type and names and names[0].istitle()):
        return
    for name, field in ast.iter_fields(statement):
        if name in ("annotation", "body", "orelse", "handlers", "finalbody"):
            continue
        for root in field if isinstance(field, list) else [field]:
            if isinstance(root, ast.AST):
                yield from (part for part in ast.walk(root) if isinstance(part, ast.expr))


def _neighbours(value: object) -> list[object]:
    if isinstance(value, bool) or not isinstance(value, int | str | bytes):
        return []
    if isinstance(value, int):
        return [value + 1, value - 1]
    return [value + (b"!" if isinstance(value, bytes) else "!")]


def _changed(tree: ast.Module, statement: ast.stmt, old: ast.AST, new: ast.AST, function: str) -> Weakening:
    before = ast.unparse(statement)

    # The tree is changed in place, written out and changed back.
    parent, name, at = _holder(tree, old)
    _put(parent, name, at, new)
    source = ast.unparse(ast.fix_missing_locations(tree))
    after = "pass" if old is statement else ast.unparse(statement)
    _put(parent, name, at, old)
    return Weakening(function or "(module)", statement.lineno, _head(before), _head(after), source)


def _holder(tree: ast.Module, old: ast.AST) -> tuple[ast.AST, str, int | None]:
    for parent in ast.walk(tree):
        for name, field in ast.iter_fields(parent):
            if field is old:
                return parent, name, None
            if isinstance(field, list):
                for at, item in enumerate(field):
                    if item is old:
                        return parent, name, at
    raise LookupError(ast.dump(old))


def _put(parent: ast.AST, name: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[at] = node


def _head(statement: str) -> str:
    """A statement without the statements inside it."""
    return statement.split("\n", 1)[0]
