"""Recurrent layers, cells and ``scan`` beside torch's: the words of tests/declare/test_words.py that run over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import symnet as sn

Pair = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]


def drawn(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def joined(result: Any, total: Callable[[Any], Any]) -> Any:
    """One tensor in which every output of a layer counts."""
    parts = list(result) if isinstance(result, tuple) else [result]
    while any(isinstance(p, tuple) for p in parts):
        parts = [q for p in parts for q in (p if isinstance(p, tuple) else (p,))]
    first, *rest = parts
    for k, part in enumerate(rest, 2):
        first = first * (1 + k * total(part * part))
    return first


def layer(name: str, x: Any, states: tuple[Any, ...] = (), **options: Any) -> Pair:
    """torch.nn's layer of 3 inputs and 2 hidden units, with weights of torch's names and shapes, and symnet's."""
    theirs = getattr(torch.nn, name)(3, 2, **options).double()
    weights = {path: drawn(*p.shape, seed=k + 5) for k, (path, p) in enumerate(theirs.named_parameters())}

    def state(given: tuple[Any, ...]) -> Any:
        return None if not given else given[0] if len(given) == 1 else given

    def ours(x: Any, *given: Any) -> Any:
        made = getattr(sn, name)(3, 2, **options)
        assert [path for path, _ in made.named_parameters()] == list(weights)
        assert all(p.shape == weights[path].shape for path, p in made.named_parameters())
        for path, value in weights.items():
            setattr(made, path, sn.data(*value.shape, values=value))
        return joined(made(x, state(given)), sn.sum)

    def other(x: Any, *given: Any) -> Any:
        tensors = {path: torch.tensor(value) for path, value in weights.items()}
        return joined(torch.func.functional_call(theirs, tensors, (x, state(given))), torch.sum)

    return ours, other, (x, *states)


SEQUENCE, BATCH = drawn(4, 2, 3), drawn(2, 3)


def states(*shape: int, count: int = 1) -> tuple[Any, ...]:
    return tuple(drawn(*shape, seed=20 + k) for k in range(count))


def _cumulative(x: Any, total: Any, space: Any) -> list[Any]:
    sums, seen = [], []
    for row in x:
        seen.append(total * row)
        total = space.tanh(total + row)
        sums.append(total)
    return [space.stack(sums), space.stack(seen)]


def _scanned(x: Any, start: Any, reverse: bool = False) -> Any:
    states, seen = sn.scan(lambda row, total: (sn.tanh(total + row), total * row), x, start, reverse=reverse)
    return states * 2 + seen


def _looped(x: Any, start: Any, reverse: bool = False) -> Any:
    rows = torch.flip(x, (0,)) if reverse else x
    states, seen = _cumulative(rows, start, torch)
    found = states * 2 + seen
    return torch.flip(found, (0,)) if reverse else found


def _swapped(x: Any, a: Any, b: Any) -> Any:
    """States that a step passes on as they are: the old other one, and an input."""
    first, second, third = sn.scan(lambda row, p, q, r: (q, sn.sin(p * row), row), x, (a, b, b))
    return first + 2 * second + 3 * third


def _swapped_in_torch(x: Any, p: Any, q: Any) -> Any:
    found = []
    for row in x:
        p, q = q, torch.sin(p * row)
        found.append(p + 2 * q + 3 * row)
    return torch.stack(found)


def _summed(x: Any, h: Any) -> Any:
    """A step with a guard: the sum over the places before each one."""
    return sn.scan(lambda now, old: sn.tanh(now + sn.cumsum(old, 0)), x, h)


def _summed_in_torch(x: Any, h: Any) -> Any:
    states = []
    for now in x:
        h = torch.tanh(now + torch.cumsum(h, 0))
        states.append(h)
    return torch.stack(states)


PAIRS: dict[str, list[Pair]] = {
    "RNN": [
        layer("RNN", SEQUENCE),
        layer("RNN", SEQUENCE, states(1, 2, 2), nonlinearity="relu", bias=False),
        layer("RNN", drawn(1, 3)),
    ],
    "LSTM": [
        layer("LSTM", SEQUENCE),
        layer("LSTM", SEQUENCE, states(4, 4, 2, count=2), num_layers=2, bidirectional=True, batch_first=True),
        layer("LSTM", drawn(3, 3), states(1, 2, count=2)),
    ],
    "GRU": [
        layer("GRU", SEQUENCE),
        layer("GRU", SEQUENCE, states(2, 2, 2), num_layers=2),
        layer("GRU", SEQUENCE, bidirectional=True, bias=False),
    ],
    "RNNCell": [layer("RNNCell", BATCH), layer("RNNCell", BATCH, states(2, 2), nonlinearity="relu")],
    "LSTMCell": [layer("LSTMCell", BATCH), layer("LSTMCell", BATCH, states(2, 2, count=2))],
    "GRUCell": [layer("GRUCell", BATCH, states(2, 2)), layer("GRUCell", BATCH, bias=False)],
    "scan": [
        (_scanned, _looped, (drawn(4, 2), drawn(2))),
        (lambda x, h: _scanned(x, h, True), lambda x, h: _looped(x, h, True), (drawn(3, 2), drawn(2))),
        (_swapped, _swapped_in_torch, (drawn(4, 2), drawn(2), drawn(2, seed=3))),
        (_summed, _summed_in_torch, (drawn(4, 3), drawn(3))),
    ],
}
