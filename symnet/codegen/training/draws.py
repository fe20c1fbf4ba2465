"""Functions of NumPy by which scripts draw first values that no function of NumPy draws, as text.

They follow torch.nn.init: given the same numbers from the generator they return the same values.  ``symnet check`` runs
the same text, so that it compares gradients at the parameters of the scripts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

Lines = tuple[str, ...]


def _lines(text: str) -> Lines:
    return tuple(textwrap.dedent(text).strip("\n").split("\n"))


#: By the kind of Distribution; each takes the generator, the arguments of the distribution, and the shape.
FUNCTIONS: Mapping[str, Lines] = {
    "truncated": _lines('''
        def truncated(rng, mean, std, low, high, shape):
            """Return normal numbers, those outside of low..high drawn again."""
            result = rng.normal(mean, std, shape)
            while (outside := (result < low) | (result > high)).any():
                result = np.where(outside, rng.normal(mean, std, shape), result)
            return result
    '''),
    "truncated_tail": _lines('''
        def truncated_tail(rng, mean, std, low, high, shape):
            """Return normal numbers in low..high, where few of them lie: uniform ones, taken as the density says."""
            peak = ((min(max(mean, low), high) - mean) / std) ** 2
            result, pending = rng.uniform(low, high, shape), np.ones(shape, bool)
            while (pending := pending & (np.log(rng.random(shape)) > (peak - ((result - mean) / std) ** 2) / 2)).any():
                result = np.where(pending, rng.uniform(low, high, shape), result)
            return result
    '''),
    "dirac": _lines('''
        def dirac(rng, groups, shape):
            """Return the kernel of a convolution that keeps its channels, in each group: 1 at the middle taps."""
            kernel, channels = np.zeros(shape), shape[0] // int(groups)
            middle = tuple(taps // 2 for taps in shape[2:])
            for k in range(shape[0]):
                if k % channels < shape[1]:
                    kernel[(k, k % channels, *middle)] = 1.0
            return kernel
    '''),
    "orthogonal": _lines('''
        def orthogonal(rng, gain, shape):
            """Return orthonormal rows or columns, whichever are fewer, times ``gain``: Q of a normal matrix = Q R."""
            normal = rng.normal(0.0, 1.0, (shape[0], math.prod(shape[1:])))
            wide = normal.shape[0] < normal.shape[1]
            q, r = np.linalg.qr(normal.T if wide else normal)
            q = q * np.sign(np.diag(r))  # so that every orthogonal matrix is equally likely
            return np.ascontiguousarray(gain * (q.T if wide else q)).reshape(shape)
    '''),
    "sparse": _lines('''
        def sparse(rng, zeros, std, shape):
            """Return normal numbers with this many zeros in each column."""
            result = rng.normal(0.0, std, shape)
            for column in result.T:
                column[rng.permutation(len(column))[: int(zeros)]] = 0.0
            return result
    '''),
}


def functions_for(kinds: Iterable[str]) -> Lines:
    """The functions that draw these kinds, two blank lines before each."""
    wanted = set(kinds)
    return tuple(line for kind, lines in FUNCTIONS.items() if kind in wanted for line in ("", "", *lines))
