"""Which letter an index gets: one preferred letter for each size in a whole derivation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp

from symnet.calculus.ir import Access, Index, Program, atoms
from symnet.calculus.loops import loops_of

#: First choices for sizes in order of appearance; the batch gets n.
_PREFERRED = "ijklruvsmpt"
#: For time, and for the states, of which there is one more.
_TIMES = "tsu"
#: Second and third choices, for two indices of one size in one equation.
_FURTHER = "mpsvurltkji"


class Letters:
    """Hands out letters that have a Unicode subscript; the same size gets the same letters in every equation.

    A letter belongs to one size, so a legend of letters and sizes explains every formula of a derivation.  When
    the letters run out they get numbers: i₁, i₂.
    """

    def __init__(
        self, sizes: Iterable[sp.Expr], batch: sp.Expr | None, taken: Iterable[str], times: Iterable[sp.Expr] = ()
    ) -> None:
        self._taken = set(taken)
        self._letters: dict[sp.Expr, list[str]] = {}
        if batch is not None:
            self._letters[batch] = [self._next("n" + _PREFERRED)]
        for size in times:
            self._letters.setdefault(size, [self._next(_TIMES + _PREFERRED)])
        for size in sizes:
            if size not in self._letters:
                self._letters[size] = [self._next(_PREFERRED)]

    def assign(self, indices: Sequence[Index], used: Mapping[Index, str] | None = None) -> dict[Index, str]:
        """A letter for each index, no two alike, in the order given; those in ``used`` stay."""
        result = dict(used or {})
        for index in indices:
            if index not in result:
                result[index] = self._free(index.size, set(result.values()))
        return result

    def legend(self) -> tuple[tuple[tuple[str, ...], sp.Expr], ...]:
        """Every size with the letters it got so far."""
        return tuple((tuple(letters), size) for size, letters in self._letters.items())

    def _free(self, size: sp.Expr, used: set[str]) -> str:
        own = self._letters.setdefault(size, [])
        for letter in own:
            if letter not in used:
                return letter
        own.append(self._next(_FURTHER if own else _PREFERRED))
        return own[-1]

    def _next(self, choices: str) -> str:
        letter = next((c for c in choices if c not in self._taken), None)
        number = 1
        while letter is None:
            letter = None if f"{choices[0]}{number}" in self._taken else f"{choices[0]}{number}"
            number += 1
        self._taken.add(letter)
        return letter


def letters_for(program: Program, batch: sp.Expr | None, taken: Iterable[str]) -> Letters:
    """Letters for every size of a program, in the order of its tensors, none that is taken or the name of a size."""
    sizes = [size for spec in program.tensors.values() for size in spec.shape]
    names = {symbol.name for size in sizes for symbol in size.free_symbols}
    times = [size for loop in loops_of(program) for size in (loop.size, loop.size + 1)]
    return Letters(sizes, batch, names.union(taken), dict.fromkeys(times))


def along_axes(summed: Iterable[Index], body: sp.Expr) -> tuple[Index, ...]:
    """The summed indices in the order of the axes of the widest tensor that the body reads: Σᵢ Σₖ X[i, j, k + 1]."""
    reads = sorted(atoms(body, Access), key=lambda a: (-len(a.addresses), a.name, str(a)))
    at_axes = [atoms(address, Index) for read in reads for address in read.addresses]
    places = list(dict.fromkeys(i for at_axis in at_axes if len(at_axis) == 1 for i in at_axis))
    return tuple(sorted(summed, key=lambda i: places.index(i) if i in places else len(places)))
