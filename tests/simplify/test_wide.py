"""The forms an expert writes, for norms, attention, divergences and functions: as text and as value."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from symnet.simplify.rewrites import RULES
from symnet.simplify.simplify import Simplified
from tests.calculus.exactly import assert_equal, simplified
from tests.calculus.forward_wide import SPELLINGS, WIDE, cross_entropy
from tests.simplify import hand_built

GOLDEN = Path(__file__).parent.parent / "golden" / "closed_forms.txt"


@pytest.fixture(scope="module")
def results() -> dict[str, Simplified]:
    """Every program simplified, each compared with its raw adjoints on the way."""
    for name, seed in product(WIDE, range(2)):
        assert_equal(hand_built.raw(name), hand_built.short(name).program, seed)
    return {name: hand_built.short(name) for name in WIDE}


def added(name: str, result: Simplified) -> list[str]:
    own = set(WIDE[name].equations)
    return [str(e) for e in result.program.equations if e not in own]


def test_the_forms_are_those_of_the_golden_file(
    results: dict[str, Simplified], golden: Callable[[Path, str], None]
) -> None:
    lines: list[str] = []
    for name, result in results.items():
        lines += [name, *(f"    {line}" for line in added(name, result))]
        lines += [f"    because {fact}" for fact in result.facts]
    golden(GOLDEN, "\n".join(lines) + "\n")


def test_every_record_is_of_a_known_rule_and_gives_a_reason(results: dict[str, Simplified]) -> None:
    for result in results.values():
        for record in result.rewrites:
            assert record.name in RULES
            assert record.reason
            assert all(child.name in RULES for child in record.children)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_cross_entropy_ends_in_one_form_however_it_is_spelled(spelling: str) -> None:
    result = simplified(cross_entropy(spelling), points=1)
    (gradient,) = (str(e) for e in result.program.equations if e.target == "dZ")
    assert gradient in ("dZ[n,k] += (P[n,k] - Y[n,k])/N", "dZ[n,k] += (-Delta(k, t[n]) + P[n,k])/N")


def test_attention_uses_the_output_for_its_row_sums(results: dict[str, Simplified]) -> None:
    text = added("attention", results["attention"])
    assert "q[i] += Σ_k O[i,k]*dO[i,k]" in text
    assert "dS[i,j] += (-q[i] + dP[i,j])*P[i,j]" in text
