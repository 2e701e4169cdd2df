"""Which addresses outlive the arrays they were taken of, read off Numba's own lifetimes.

`mramsim.kernels.lanes.address` gives a number and `borrowed` an array that owns nothing. Numba
frees an array of a function's own after the last line that names it, or a view of it; an argument
lives on in the caller. So no address, nor what was computed from one, may be used later than that.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from numba.core import compiler, ir
from numba.core.registry import CPUDispatcher

LENDERS = {"address", "borrowed"}
PASSES = {"binop", "inplace_binop", "cast", "build_tuple", "static_getitem", "getattr"}
PARTS = {"getattr", "static_getitem", "getitem", "cast", "exhaust_iter"}
VIEWS = {"view", "reshape", "ravel"}


def kernels(*packages: str) -> dict[str, Any]:
    """Return the plain functions of all kernels in some packages, by full name."""
    found = {}
    for package in packages:
        for entry in pkgutil.iter_modules(importlib.import_module(package).__path__):
            module = importlib.import_module(f"{package}.{entry.name}")
            for name, value in vars(module).items():
                if isinstance(value, CPUDispatcher) and value.py_func.__module__ == module.__name__:
                    found[f"{module.__name__}.{name}"] = value.py_func
    return found


def outlived(functions: dict[str, Any]) -> list[str]:
    """Return where an address is used after its array may be gone: ``NAME:LINE``."""
    lenders, before = set(LENDERS), set()
    while lenders != before:  # a kernel that returns what it was lent lends as well
        before = set(lenders)
        for name, function in functions.items():
            if Flow(function, before).returns_loan():
                lenders.add(name.rpartition(".")[2])
    return [
        f"{name}:{line}"
        for name, function in functions.items()
        for line in Flow(function, lenders).late()
    ]


class Flow:
    """The statements of one function, with Numba's ends of lifetimes (`ir.Del`) among them."""

    def __init__(self, function: Any, lenders: set[str]) -> None:
        self.lenders = lenders
        self.blocks = compiler.run_frontend(function, emit_dels=True).blocks
        self.values: dict[str, list[Any]] = {}
        for _, _, statement in self.statements():
            if isinstance(statement, ir.Assign):
                self.values.setdefault(statement.target.name, []).append(statement.value)

    def statements(self) -> Iterator[tuple[int, int, Any]]:
        for label, block in self.blocks.items():
            for index, statement in enumerate(block.body):
                yield label, index, statement

    def callee(self, call: Any) -> Any:
        """Return the global that is called, or the name of the method."""
        for value in self.values.get(call.func.name, []):
            if isinstance(value, ir.Global | ir.FreeVar):
                return value
            if isinstance(value, ir.Expr) and value.op == "getattr":
                return value.attr
        return None

    def lends(self, value: Any) -> bool:
        found = self.callee(value) if isinstance(value, ir.Expr) and value.op == "call" else None
        return getattr(found, "name", None) in self.lenders

    def carries(self, value: Any, loans: set[str]) -> bool:
        """Return whether a value holds one of the loans, or is computed from one."""
        if isinstance(value, ir.Var):
            return value.name in loans
        if not isinstance(value, ir.Expr) or not loans & {v.name for v in value.list_vars()}:
            return False
        if value.op == "call":
            called = self.callee(value)
            return called in ("int64", "uint64") or isinstance(getattr(called, "value", None), type)
        return value.op in PASSES

    def with_all(self, names: set[str], test: Any) -> set[str]:
        """Return the names and all that follow from them by a test of values."""
        found = set(names)
        while True:
            more = {name for name, values in self.values.items() if any(map(test(found), values))}
            if more <= found:
                return found
            found |= more

    def loans_of(self, target: str) -> set[str]:
        return self.with_all({target}, lambda found: lambda value: self.carries(value, found))

    def sources(self, name: str, found: set[str]) -> bool:
        """Collect the names an array may come from; return whether the function made it."""
        if name in found:
            return False
        found.add(name)
        own = False
        for value in self.values.get(name, []):
            if isinstance(value, ir.Var):
                own |= self.sources(value.name, found)
            elif isinstance(value, ir.Expr) and value.op in PARTS:
                own |= self.sources(value.value.name, found)
            elif isinstance(value, ir.Expr) and value.op == "call":
                if self.callee(value) in VIEWS:
                    own |= self.sources(value.func.name, found)
                elif self.lends(value):
                    for argument in value.args:
                        own |= self.sources(argument.name, found)
                else:
                    own = True
        return own

    def keepers(self, found: set[str]) -> set[str]:
        """Return the names of an array and of its views."""

        def test(names: set[str]) -> Any:
            def holds(value: Any) -> bool:
                if isinstance(value, ir.Var):
                    return value.name in names
                if not isinstance(value, ir.Expr):
                    return False
                if value.op == "call" and self.callee(value) in VIEWS:
                    return value.func.name in names
                return value.op == "getattr" and value.value.name in names

            return holds

        return self.with_all(found, test)

    def returns_loan(self) -> bool:
        loans = self.with_all(
            set(), lambda found: lambda value: self.lends(value) or self.carries(value, found)
        )
        returned = [s.value.name for _, _, s in self.statements() if isinstance(s, ir.Return)]
        return bool(loans & set(returned))

    def after(self, label: int, index: int, state: Any, step: Any) -> Any:
        """Walk all ways from a statement on; ``step(statement, state)`` gives a state, or ends."""
        work, seen = [(label, index, state)], set()
        while work:
            at = work.pop()
            if at in seen:
                continue
            seen.add(at)
            label, index, state = at
            for statement in self.blocks[label].body[index:]:
                state = step(statement, state)
                if state is None:
                    break
            else:
                targets = getattr(self.blocks[label].terminator, "get_targets", list)()
                work += [(target, 0, state) for target in targets]

    def late(self) -> list[int]:
        """Return the lines that use an address whose array may be gone."""
        lines: set[int] = set()
        for label, index, statement in self.statements():
            if not isinstance(statement, ir.Assign) or not self.lends(statement.value):
                continue
            for argument in statement.value.args:
                found: set[str] = set()
                if self.sources(argument.name, found):
                    lines |= self.late_for(label, index, statement, self.keepers(found))
        return sorted(lines)

    def late_for(self, label: int, index: int, loan: Any, keepers: set[str]) -> set[int]:
        ends: set[str] = set()

        def collect(statement: Any, state: Any) -> Any:
            if isinstance(statement, ir.Del) and statement.value in keepers:
                ends.add(statement.value)
            return None if statement is loan else state

        self.after(label, index + 1, 0, collect)
        loans, lines = self.loans_of(loan.target.name), set()

        def check(statement: Any, alive: Any) -> Any:
            if statement is loan:
                return None
            if isinstance(statement, ir.Del):
                return alive - {statement.value}
            used = {v.name for v in statement.list_vars()}
            if isinstance(statement, ir.Assign):
                used -= {statement.target.name}
            if used & loans and not alive:
                lines.add(statement.loc.line)
            return alive

        self.after(label, index + 1, frozenset(ends), check)
        return lines
