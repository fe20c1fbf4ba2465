"""What is shown to be symmetric, and what is not: a wrong proof would make wrong gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import symnet as sn
from symnet.calculus.symmetry import Symmetry
from symnet.declare.tracing.trace import Trace, recording

SYMMETRIC: tuple[Callable[..., Any], ...] = (
    lambda A, X, x: A + A.T,
    lambda A, X, x: X @ X.T,
    lambda A, X, x: X @ X.T + sn.eye(4),
    lambda A, X, x: A.T @ (A + A.T) @ A,
    lambda A, X, x: sn.exp(-((x[:, None] - x[None, :]) ** 2)),
    lambda A, X, x: sn.abs(x[:, None] - x[None, :]) + sn.outer(x, x),
    lambda A, X, x: sn.inv(X @ X.T),
    lambda A, X, x: sn.matrix_exp(A + A.T),
    lambda A, X, x: sn.diag(x),
    lambda A, X, x: (A + A.T) / sn.outer((A + A.T).sum(1), (A + A.T).sum(1)),
    lambda A, X, x: (lambda S: (lambda r: S / r / r[:, None])(S.sum(1)))(A + A.T),
)
NOT: tuple[Callable[..., Any], ...] = (
    lambda A, X, x: A,
    lambda A, X, x: A - A.T,
    lambda A, X, x: A @ A,
    lambda A, X, x: x[:, None] - x[None, :],
    lambda A, X, x: sn.exp(x[:, None] - x[None, :]),
    lambda A, X, x: (x[:, None] - x[None, :]) ** 3,
    lambda A, X, x: X @ X.T + A,
    lambda A, X, x: (A + A.T) @ (X @ X.T),
    lambda A, X, x: sn.tril(A + A.T),
    lambda A, X, x: sn.inv(A),
    lambda A, X, x: sn.cholesky(X @ X.T),
    lambda A, X, x: sn.softmax(X @ X.T, 1),
    lambda A, X, x: (A + A.T) / (A + A.T).sum(1),
)


def is_shown(made: Callable[..., Any]) -> bool:
    trace = Trace()
    with recording(trace):
        tensor = made(sn.param(4, 4), sn.param(4, 3), sn.param(4))
    trace.problems.raise_if_any()
    return Symmetry(lambda n: [e for e in trace.equations if e.target == n], frozenset()).holds(tensor.spec.name)


@pytest.mark.parametrize("made", SYMMETRIC)
def test_symmetric(made: Callable[..., Any]) -> None:
    assert is_shown(made)


@pytest.mark.parametrize("made", NOT)
def test_not_shown_symmetric(made: Callable[..., Any]) -> None:
    assert not is_shown(made)
