"""Cases from other hands, in torch's words through the protocols: gradients to 1e-7 of the largest entry, or a refusal.

What is refused is listed here by name, so that nothing is refused silently, and nothing covered stays on the list.
"""

from __future__ import annotations

import pytest

from symnet.errors import SymnetError
from tests.cases.running import Run, cases, run_declared, run_operator

BAR = 1e-7
#: One triangle of a matrix that is not symmetric.
REFUSED_OPERATORS = frozenset(
    [
        "op_linalg.eigvalsh_0",
        "op_linalg.eigvalsh_1",
        "op_linalg.eigvalsh_2",
    ]
)
REFUSED = REFUSED_OPERATORS
DECLARED = {n: c for group in ("matrix_identities", "classic", "makemore", "llm_ops") for n, c in cases(group).items()}
OPERATORS = cases("opdb")


def run(name: str) -> Run:
    return run_operator(OPERATORS[name]) if name in OPERATORS else run_declared(DECLARED[name])


@pytest.mark.parametrize("name", [n for n in (*DECLARED, *OPERATORS) if n not in REFUSED])
def test_case(name: str) -> None:
    found = run(name)
    assert set(found.gradients) == set(found.wanted)
    assert found.error <= BAR, f"{name}: {found.error:.1e}, loss {found.loss} for {found.wanted_loss}"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_case(name: str) -> None:
    with pytest.raises(SymnetError) as caught:
        run(name)
    assert caught.value.exit_code == 2


def test_how_many_are_right() -> None:
    assert len(DECLARED) == 42 + 30 + 4 + 6 and len(OPERATORS) == 174
    assert len(OPERATORS.keys() - REFUSED) >= 150
    assert not REFUSED - DECLARED.keys() - OPERATORS.keys()


def test_the_comparison_can_fail() -> None:
    right = run("sp_rosenbrock")
    wrong = {n: g * (1 + 1e-6) for n, g in right.gradients.items()}
    assert Run(right.loss, wrong, right.wanted_loss, right.wanted).error > BAR
    assert not Run(float("nan"), right.gradients, right.wanted_loss, right.wanted).error <= BAR
