"""Losses as strangers wrote them, in torch's words: each a function of tensors, for torch and for symnet alike.

Each stands here because a hunt through several hundred of its kind met a mistake in it, or something that only such a
program reaches.  A shape in brackets is that of data, of labels with the number of their classes after a slash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

import symnet as sn

Loss = Callable[..., Any]
CASES: dict[str, tuple[tuple[str, ...], Loss]] = {}


def case(*shapes: str) -> Callable[[Loss], Loss]:
    """Enters a loss with the shapes of its arguments: "4,5" a parameter, "(4,5)" data, "(4/3)" four labels of three."""

    def enter(loss: Loss) -> Loss:
        CASES[loss.__name__] = (shapes, loss)
        return loss

    return enter


def scan(step: Loss, inputs: Any, state: Any) -> Any:
    """Every state of a recurrence, in symnet's word or as the loop that it is."""
    if not isinstance(inputs, torch.Tensor):
        return sn.scan(step, inputs, state)
    states = []
    for x in inputs:
        state = step(x, state)
        states.append(state)
    return torch.stack(states)


@case("4,5")
def sinkhorn_in_logarithms(cost: Any) -> Any:
    """Sums of exponentials in turn over rows and columns: the shift of one rests on the sum before."""
    row = torch.zeros(4, dtype=torch.float64)
    for _ in range(3):
        column = -torch.logsumexp(row[:, None] - cost, 0)
        row = -torch.logsumexp(column - cost, 1)
    return row.mean() + column.mean()


@case("5,5,5")
def parts_that_are_no_whole_rows(x: Any) -> Any:
    """62 entries are no whole rows of 25."""
    flat = x.reshape(-1)
    return (flat[:62] * flat[62:124]).sum()


@case("3,5")
def entries_across_rows(x: Any) -> Any:
    flat = x.reshape(-1)
    return (flat[:7] * flat[7:14]).sum() + (flat[2:13] ** 3).sum() + (x.reshape(5, 3)[1:4, 1:] ** 3).sum()


@case("4,3", "(6,3)", "(6/4)")
def angular_margin(weights: Any, x: Any, labels: Any) -> Any:
    """The labels are among the inputs of what is compared with them."""
    cosine = F.normalize(x, dim=1) @ F.normalize(weights, dim=1).T
    moved = torch.cos(torch.acos(cosine) + 0.3)
    return F.cross_entropy(8 * torch.where(F.one_hot(labels, 4) > 0, moved, cosine), labels)


@case("4,4", "(5)", "(4)")
def walk_on_a_graph(weights: Any, times: Any, y: Any) -> Any:
    """The exponentials, the same at all times, are read before the loop as well; a constant is the first state."""
    steps = torch.softmax(weights, 0)
    places = scan(lambda x, p: 0.85 * steps @ p + 0.15 / 4, times, torch.ones(4, dtype=torch.float64) / 4)
    return (y * torch.log(places[-1])).sum()


@case("3,2,2,2", "2,2,2,2", "2", "1,4,3,3", "(3,2,4,4)")
def decoder_beside_a_skip(x: Any, up: Any, bias: Any, kernel: Any, skip: Any) -> Any:
    """A transposed convolution, joined and padded: four deltas in one product, each of them in terms of another."""
    raised = F.conv_transpose2d(F.silu(x), up, bias, stride=2)
    return (F.conv2d(torch.cat([skip, raised], 1), kernel, padding=1) ** 2).mean()


@case("3,2", "2,2", "(7,2)", "(7/5)")
def parts_of_labels(W: Any, V: Any, X: Any, t: Any) -> Any:
    """One-hot rows read at some of their places: the label of a sample may be none of them."""
    Y = F.one_hot(t, 5).double()
    return F.mse_loss(Y[:, :3] @ W + Y[:, 3:] @ V + F.one_hot(t, 5)[:, 1:2] * 2.0, X)


@case("2,3", "2,3", "4", "(6,3)", "(6/4)")
def rows_of_two_tables(A: Any, B: Any, c: Any, X: Any, y: Any) -> Any:
    """A label is read where two axes are joined, and lies in one of them."""
    rows = torch.cat([F.log_softmax(X @ A.T, 1), F.log_softmax(X @ B.T, 1)], 1) + torch.cat([c[1:], c[:1]])
    return -rows[torch.arange(6), y].mean()


@case("3", "(6,3)")
def clipped_exponentials(w: Any, Y: Any) -> Any:
    """The exponent of a sum reads its tensor inside another function only."""
    return torch.log(torch.exp(torch.clamp(Y @ w, -0.5, 0.5)).mean()) + torch.exp(10 * torch.tanh(w)).log().sum()


@case("5", "(5)")
def gains_of_pairs(s: Any, y: Any) -> Any:
    """Powers of 2 beside a softplus to base 2: one exponential is known beside two others."""
    gain = (2 ** y[:, None] - 2 ** y[None, :]).clamp(min=0)
    return (gain * torch.log2(1 + torch.exp(-(s[:, None] - s[None, :])))).sum()


@case("3", "(4,3)", "(4,3)")
def turned(r: Any, x: Any, y: Any) -> Any:
    """Single numbers are stacked with entries: Rodrigues' rotation."""
    angle = torch.linalg.norm(r)
    a, b, c = r / angle
    zero = torch.zeros((), dtype=torch.float64)
    rows = [torch.stack([zero, -c, b]), torch.stack([c, zero, -a]), torch.stack([-b, a, zero])]
    cross = torch.stack(rows)
    turn = torch.eye(3, dtype=torch.float64) + torch.sin(angle) * cross + (1 - torch.cos(angle)) * cross @ cross
    return ((x @ turn.T - y) ** 2).sum()


@case("3,4", "(6,3)", "(6/4)")
def two_views_of_labels(W: Any, X: Any, y: Any) -> Any:
    """Labels twice after each other, and moved on, are labels."""
    both = F.cross_entropy(torch.cat([X, X**2]) @ W, torch.cat([y, y]))
    mixed = 0.6 * F.one_hot(y, 4).double() + 0.4 * F.one_hot(torch.roll(y, 1, 0), 4).double()
    return both + F.cross_entropy(X @ W, mixed)


@case("3", "(3)")
def warped(x: Any, y: Any) -> Any:
    """The cheapest of all alignments, softened: a table of which every entry is a step."""
    cost, table = (x[:, None] - y[None, :]) ** 2, {}
    for i, j in ((i, j) for i in range(3) for j in range(3)):
        before = [table[p] for p in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if p in table]
        way = -torch.logsumexp(torch.stack([-2 * b for b in before]), 0) / 2 if before else 0
        table[i, j] = cost[i, j] + way
    return table[2, 2]
