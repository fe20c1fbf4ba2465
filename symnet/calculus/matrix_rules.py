"""Rows of the table of matrix functions as equations of a program.

dA[p,q] = -Y[i,p]*dY[i,j]*Y[q,j]      one equation; what the left side lacks is summed
Z = inv(A)                            one equation of a matrix function, shared with the program where it has it
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Equation, Index, Origin, Role, TensorSpec
from symnet.calculus.matrices import MATRIX_FUNCTIONS, MatrixFunction
from symnet.errors import Source
from symnet.naming import Namer

Axes = tuple[sp.Expr, ...]


def argument_of(equation: Equation) -> Access:
    """The read of the whole matrix, batches first, of which an equation takes a matrix function."""
    assert isinstance(equation.body, Access)
    return equation.body


def is_matrix_function(equation: Equation) -> bool:
    """Whether the equation reads whole matrices."""
    return equation.op in MATRIX_FUNCTIONS


def walked(equation: Equation) -> tuple[Index, ...]:
    """The indices that an evaluation goes through: of a matrix function one matrix after the other."""
    if not is_matrix_function(equation):
        return equation.indices
    return (*equation.left[: len(argument_of(equation).addresses) - 2], *equation.reduced)


def result_shape(function: MatrixFunction, rows: sp.Expr, columns: sp.Expr) -> Axes:
    """The axes of the value for one matrix; for symbolic sizes the smaller is known only where they are equal."""
    smaller = rows if rows == columns else sp.Min(rows, columns)
    return tuple({"m": rows, "n": columns, "k": smaller}[axis] for axis in function.shape)


def matrix_equation(target: str, function: str, argument: str, shape: Axes) -> Equation:
    """``target[n,..] = function over p, q of argument[n,p,q]``; ``shape`` is that of the argument."""
    own = MATRIX_FUNCTIONS[function]
    batch = tuple(Index("n", size) for size in shape[:-2])
    left = tuple(Index("i", size) for size in result_shape(own, *shape[-2:]))
    reduced = (Index("p", shape[-2]), Index("q", shape[-1]))
    return Equation(target, batch + left, Access(argument, *batch, *reduced), reduced, op=function)


@dataclass(frozen=True)
class Statement:
    """One line of a row: ``name[letters] = body``, or ``name = function(argument)`` with a text for a body."""

    name: str
    letters: tuple[str, ...]
    body: ast.expr
    call: tuple[str, str] | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The names of tensors on the right."""
        if self.call is not None:
            return frozenset(self.call[1:])
        return frozenset(n.id for n in ast.walk(self.body) if isinstance(n, ast.Name))


@cache
def statements_of(function: str) -> tuple[Statement, ...]:
    """The adjoint of a function, line by line."""
    return tuple(map(_statement, MATRIX_FUNCTIONS[function].adjoint))


@cache
def _adjoints_of(function: str) -> frozenset[str]:
    """The names of a row that depend on the adjoint of the value."""
    found, size = {"dY"}, 0
    while len(found) > size:
        size = len(found)
        found |= {line.name for line in statements_of(function) if line.reads & found}
    return frozenset(found)


def _statement(text: str) -> Statement:
    left, _, right = text.partition(" = ")
    target, body = ast.parse(left, mode="eval").body, ast.parse(right, mode="eval").body
    if isinstance(target, ast.Name):
        assert isinstance(body, ast.Call) and isinstance(body.func, ast.Name) and isinstance(body.args[0], ast.Name)
        return Statement(target.id, (), body, (body.func.id, body.args[0].id))
    assert isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    return Statement(target.value.id, _letters(target.slice), body)


def _letters(node: ast.expr) -> tuple[str, ...]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(p.id for p in parts if isinstance(p, ast.Name))


@dataclass(frozen=True)
class Tensor:
    """What a name of a row stands for: a tensor, its leading axes, and the axes that the row's letters address."""

    name: str
    lead: tuple[Index, ...]
    axes: Axes


class Writer:
    """Writes statements as equations; ``known`` maps the names of a row to tensors, ``sizes`` m and n to sizes."""

    def __init__(self, known: Mapping[str, Tensor], sizes: Mapping[str, sp.Expr], letters: Mapping[str, str]) -> None:
        self.known, self.sizes = dict(known), sizes
        self.fixed = {letter: _size(text, sizes) for letter, text in letters.items()}

    def extents(self, statement: Statement) -> dict[str, sp.Expr]:
        """The size of every letter: that of an axis which it addresses alone."""
        found = dict(self.fixed)
        for node in ast.walk(statement.body):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                for part, size in zip(parts, self.known[node.value.id].axes, strict=True):
                    if isinstance(part, ast.Name):
                        found.setdefault(part.id, size)
        for node in ast.walk(statement.body):  # delta(p, r) alone: both run over the rows
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "delta":
                a, b = (n.id if isinstance(n, ast.Name) else "" for n in node.args)
                for one, other in ((a, b), (b, a)):
                    if one and other in found:
                        found.setdefault(one, found[other])
        for letter in statement.letters:
            if letter in self.known_letters:
                found.setdefault(letter, self.known_letters[letter])
        return found

    @property
    def known_letters(self) -> dict[str, sp.Expr]:
        """Letters that mean an axis of the argument whatever they address: p, r its rows, q, j its columns."""
        rows, columns = self.sizes["m"], self.sizes["n"]
        return {"p": rows, "r": rows, "q": columns, "j": columns}

    def equation(self, target: Tensor, statement: Statement) -> Equation:
        """``target[lead, letters] += body``, summed over the other letters."""
        extents = self.extents(statement)
        indices: dict[str, sp.Expr] = {
            k: Index(k, size) for k, size in zip(statement.letters, target.axes, strict=True)
        }
        left = list(indices.values())
        mapping = {i: i.fresh() for i in target.lead}
        body = self._body(statement.body, indices, extents, mapping)
        reduced = tuple(i for letter, i in indices.items() if letter not in statement.letters)
        return Equation(target.name, (*mapping.values(), *left), body, reduced)

    def _body(
        self,
        node: ast.expr,
        indices: dict[str, sp.Expr],
        extents: Mapping[str, sp.Expr],
        lead: Mapping[Index, Index],
    ) -> sp.Expr:
        def of(part: ast.expr) -> sp.Expr:
            return self._body(part, indices, extents, lead)

        match node:
            case ast.Constant(value):
                return sp.Integer(value)
            case ast.Name(name) if name in self.known:
                return self._read(name, (), lead)
            case ast.Name(name) if name in self.sizes:
                return self.sizes[name]
            case ast.Name(letter):
                return indices.setdefault(letter, Index(letter, extents[letter]))
            case ast.Subscript(ast.Name(name), where):
                parts = where.elts if isinstance(where, ast.Tuple) else [where]
                return self._read(name, tuple(map(of, parts)), lead)
            case ast.UnaryOp(ast.USub(), operand):
                return -of(operand)
            case ast.BinOp(left, operator, right):
                return _BINARY[type(operator)](of(left), of(right))
            case ast.Compare(left, [ast.GtE()], [right]):
                return scalars.greater_equal(of(left), of(right))
            case ast.Call(ast.Name(function), arguments):
                return _FUNCTIONS[function](*map(of, arguments))
        raise TypeError(f"{ast.dump(node)} is no part of a row")

    def _read(self, name: str, addresses: tuple[sp.Expr, ...], lead: Mapping[Index, Index]) -> Access:
        tensor = self.known[name]
        return Access(tensor.name, *(lead[i] for i in tensor.lead), *addresses)


_BINARY: Mapping[type, Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_FUNCTIONS: Mapping[str, Callable[..., sp.Expr]] = {"delta": Delta, "where": scalars.where}


@dataclass
class Place:
    """Where the equations of one adjoint go: the program so far, the names, and what its adjoints have in front."""

    tensors: dict[str, TensorSpec]
    equations: list[Equation]
    names: Namer
    seeds: tuple[Index, ...]
    source: Source | None

    def value_of(self, function: str, argument: Tensor) -> str:
        """The tensor that holds a function's value: the one that the program has already, or a new one."""
        for known in self.equations:
            if known.op == function and argument_of(known).name == argument.name:
                return known.target
        shape = (*(i.size for i in argument.lead), *argument.axes)
        equation = matrix_equation(
            self.names.take(NAMES[function].format(argument.name)), function, argument.name, shape
        )
        self.enter(equation, self.tensors[argument.name].role == "adjoint")
        return equation.target

    def enter(self, equation: Equation, adjoint: bool) -> None:
        """One equation more, and its tensor if it is new."""
        shape = tuple(i.size for i in equation.left)
        role: Role = "adjoint" if adjoint else "intermediate"
        self.tensors.setdefault(
            equation.target, TensorSpec(equation.target, shape, role, source=self.source, given=False)
        )
        self.equations.append(replace(equation, source=self.source))


#: What the value of a function is called where nobody named it; {} is the argument.
NAMES: Mapping[str, str] = {
    "inv": "{}inv",
    "eigvalsh": "w_{}",
    "eigenvectors": "V_{}",
    "svdvals": "s_{}",
    "left_singular": "U_{}",
    "right_singular": "V_{}",
} | {name: f"{name}_{{}}" for name in MATRIX_FUNCTIONS.keys() - {"inv", "eigvalsh", "eigenvectors", "svdvals"}}


def enter_adjoint(place: Place, forward: Equation, number: int, incoming: str, target: str) -> None:
    """The equations of the adjoint ``target`` of a matrix function's argument; ``incoming`` is that of its value."""
    read, function = argument_of(forward), MATRIX_FUNCTIONS[forward.op]
    batch = forward.left[: len(read.addresses) - 2]
    axes = place.tensors[read.name].shape[-2:]
    own = tuple(i.size for i in forward.left[len(batch) :])
    lead = (*place.seeds, *batch)
    known = {
        "A": Tensor(read.name, batch, axes),
        "Y": Tensor(forward.target, batch, own),
        "dY": Tensor(incoming, lead, own),
    }
    writer = Writer(known, {"m": axes[0], "n": axes[1]}, function.letters or {})
    adjoints = _adjoints_of(forward.op)
    for line in statements_of(forward.op):
        if line.call is not None:
            argument = writer.known[line.call[1]]
            shape = (*argument.axes[:-2], *result_shape(MATRIX_FUNCTIONS[line.call[0]], *argument.axes[-2:]))
            writer.known[line.name] = Tensor(place.value_of(line.call[0], argument), argument.lead, shape)
            continue
        extents = writer.extents(line)
        made = Tensor(target, lead, axes)
        if line.name != "dA":
            before = writer.known.get(line.name)
            name = before.name if before else place.names.take(f"{line.name}_{forward.target}")
            front = lead if line.name in adjoints else batch
            made = Tensor(name, front, tuple(extents[k] for k in line.letters))
            writer.known[line.name] = made
        equation = writer.equation(made, line)
        if line.name == "dA":
            place.equations.append(replace(equation, origin=Origin(number, read), source=forward.source))
        else:
            place.enter(equation, line.name in adjoints)


def _size(text: str, sizes: Mapping[str, sp.Expr]) -> sp.Expr:
    factor, _, name = text.rpartition("*")
    return sp.Integer(int(factor or 1)) * sizes[name]


__all__ = [
    "Statement",
    "Tensor",
    "Writer",
    "argument_of",
    "is_matrix_function",
    "matrix_equation",
    "result_shape",
    "statements_of",
]
