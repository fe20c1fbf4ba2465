"""What a model file wrote into tensors that it had: which were changed in place, and what their parts are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from symnet.declare.tracing.trace import Traced
    from symnet.errors import Source


class Piece(NamedTuple):
    """The entries from ``start`` to ``stop`` along an axis."""

    start: int
    stop: int
    entries: Traced


class Change(NamedTuple):
    """An operation in place: the tensor that it changed, and those that could be read until then."""

    changed: str
    stale: frozenset[str]


@dataclass
class Writes:
    """By private names: ``stale`` tensors were changed in place, and where; ``changes`` by what came of them; ``parts``
    are the subscripts that were read, ``pieces`` what assignments joined along an axis, ``copies`` share no memory,
    what stands for two tensors of torch is there ``twice``, ``whole`` are booleans and integers in torch; ``moved`` are
    tensors that variables no longer mean, since parts of them were assigned."""

    stale: Mapping[str, Source | None] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    parts: dict[str, tuple[str, Any]] = field(default_factory=dict)
    pieces: dict[str, tuple[int, tuple[Piece, ...]]] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    moved: list[str] = field(default_factory=list)
