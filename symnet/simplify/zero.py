"""Why a gradient is 0, told from the sums that its proof found to be 0.

``Σ_n dz[n,j] = 0`` says that the loss does not change when every ``z[n,j]`` gets the same for all n; a tensor that adds
just that to z has no gradient.  The same holds where z goes on only as ``z - mu`` and ``Σ_n (z[n,j] - mu[j]) = 0``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.derive import scalar_derivative
from symnet.calculus.ir import Access, Equation, Index, Program, atoms
from symnet.simplify.rewrites import Rewrite, Total


@dataclass(frozen=True)
class _Raised:
    """A tensor that gets the same for every index of one axis, and the reads on the way to it, the last one first."""

    tensor: str
    axis: int
    way: tuple[tuple[Equation, Access], ...]


def why_zero(
    program: Program, tensor: str, proof: Iterable[Rewrite]
) -> tuple[sp.Expr, str, tuple[sp.Expr, ...]] | None:
    """(the sum that is 0, words with gaps, the expressions in the gaps), or None where the proof is of another kind."""
    raised = {(r.tensor, r.axis): r for r in _raised(program, tensor)}
    primal = {adjoint: t for t, adjoint in program.adjoints.items()}
    for total in _zeros(proof):
        if len(total.indices) != 1:
            continue
        (index,) = total.indices
        if isinstance(total.body, Access):
            if total.body.name in primal:
                entry = Access(primal[total.body.name], *total.body.addresses)
                found = _place(entry, index, raised)
                if found is not None:
                    return total, *_words(tensor, _way(found, entry), index)
            continue
        for entry in sorted(atoms(total.body, Access), key=str):
            found, slope = _place(entry, index, raised), scalar_derivative(total.body, entry)
            if found is not None and slope in (1, -1):
                body = sp.Add(*(slope * term for term in sp.Add.make_args(total.body)))
                return Total(body, index), *_words(tensor, _way(found, entry), index, body)
    return None


def _zeros(proof: Iterable[Rewrite]) -> Iterator[Total]:
    """The sums that were found to be 0, the innermost first."""
    for rewrite in proof:
        yield from _zeros(rewrite.children)
        if rewrite.after == 0 and isinstance(rewrite.before, Total):
            yield rewrite.before


def _place(entry: Access, index: Index, raised: dict[tuple[str, int], _Raised]) -> _Raised | None:
    if entry.addresses.count(index) != 1:
        return None
    return raised.get((entry.name, entry.addresses.index(index)))


def _way(found: _Raised, entry: Access) -> tuple[sp.Expr, ...]:
    """The entries that get the same, in their order."""
    entries = [entry]
    for equation, read in found.way[:-1]:
        entries.append(read.xreplace(dict(zip(equation.left, entries[-1].addresses, strict=True))))
    return tuple(reversed(entries))


def _words(tensor: str, way: tuple[sp.Expr, ...], *rest: sp.Expr) -> tuple[str, tuple[sp.Expr, ...]]:
    gaps = [f"{{{k}}}" for k in range(len(way) + len(rest))]
    every, *unmoved = gaps[len(way) :]
    words = f"the loss does not change with {tensor}, which adds the same to {' and '.join(gaps[: len(way)])}"
    return words + f" for every {every}" + "".join(f": {gap} stays as it is" for gap in unmoved), way + rest


def _raised(program: Program, tensor: str) -> Iterator[_Raised]:
    """Every tensor that gets the same along an axis when ``tensor`` grows, and nothing else from it."""
    below = _below(program, tensor)
    queue = [_Raised(tensor, -1, ())]
    seen = set()
    while queue:
        known = queue.pop(0)
        for equation in _readers(program, known.tensor):
            read = _only_read(equation, known.tensor, below)
            if read is None or _several(program, equation, below):
                continue
            slope = scalar_derivative(equation.body, read)
            if any(a.name in below for a in atoms(slope, Access)):
                continue
            for axis, index in enumerate(equation.left):
                carried = known.axis >= 0 and read.addresses[known.axis] == index
                new = known.axis < 0 and not read.has(index)
                place = (equation.target, axis)
                if (carried or new) and not slope.has(index) and place not in seen:
                    seen.add(place)
                    queue.append(_Raised(*place, ((equation, read), *known.way)))
                    yield queue[-1]


def _readers(program: Program, tensor: str) -> list[Equation]:
    return [e for e in program.readers.get(tensor, ()) if program.tensors[e.target].role != "adjoint"]


def _only_read(equation: Equation, tensor: str, below: set[str]) -> Access | None:
    """The read of the tensor, if it is the only one of anything that depends on the same."""
    reads = [a for a in equation.accesses if a.name in below or a.name == tensor]
    plain = equation.op == "+" and not equation.guard and all(isinstance(a, Index) for r in reads for a in r.addresses)
    return reads[0] if plain and len(set(reads)) == 1 and reads[0].name == tensor else None


def _several(program: Program, equation: Equation, below: set[str]) -> bool:
    """Whether more than one equation of the target depends on it."""
    return sum(any(a.name in below for a in e.accesses) for e in program.defining(equation.target)) > 1


def _below(program: Program, tensor: str) -> set[str]:
    """The tensor and everything that depends on it."""
    found = {tensor}
    queue = [tensor]
    while queue:
        for equation in _readers(program, queue.pop()):
            if equation.target not in found:
                found.add(equation.target)
                queue.append(equation.target)
    return found
