"""Laws on random programs: generated NumPy = generated PyTorch = evaluator, first and second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from tests.calculus.test_laws import RATIONAL, SMOOTH
from tests.calculus.test_laws import programs as layered_programs
from tests.codegen.cases import ALL
from tests.codegen.running import FORMS, LANGUAGES, as_arrays, compiled, derivation_of, functions_of
from tests.simplify.test_laws import programs as free_programs

LAW = settings(max_examples=25, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
SECOND = ("cube_plus_bias", "cotangent", "cubic", "power", "softmax", "flatten", "embedding", "max_share", "tanh_net")


def inputs_of(program: Program, sizes: dict[str, int], seed: int) -> dict[str, Any]:
    """Normal numbers, labels below the size C (or below 2)."""
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for name, spec in program.tensors.items():
        if spec.role in ("parameter", "data", "label"):
            shape = tuple(int(s.xreplace({x: sizes[x.name] for x in s.free_symbols})) for s in spec.shape)
            labels = rng.integers(0, sizes.get("C", 2), shape)
            values[name] = labels if spec.integer else rng.standard_normal(shape)
    return values


def wrt_of(program: Program) -> tuple[str, ...]:
    return tuple(n for n, t in program.tensors.items() if t.role == "parameter")


def agree(program: Program, sizes: dict[str, int], seed: int, form: str) -> None:
    wrt = wrt_of(program)
    derivation = derivation_of(program, wrt, form)
    values = inputs_of(program, sizes, seed)
    expected = evaluate(derive(program, wrt), values)
    for language in LANGUAGES:
        given_values = as_arrays(values, language)
        loss, grads = functions_of(derivation, LANGUAGES[language]).run(given_values)
        scale = max(1.0, float(np.abs(expected["loss"])))
        np.testing.assert_allclose(np.asarray(loss), expected["loss"], rtol=1e-10, atol=1e-10 * scale)
        for name in wrt:
            wanted = expected[f"d{name}"]
            size = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
            np.testing.assert_allclose(np.asarray(grads[name]), wanted, rtol=1e-9, atol=1e-10 * size, err_msg=name)
        for name, value in values.items():
            assert np.array_equal(value, np.asarray(given_values[name]))


@LAW
@given(layered_programs(RATIONAL + SMOOTH), st.sampled_from(sorted(FORMS)), st.integers(0, 99))
def test_layered_programs(program: Program, form: str, seed: int) -> None:
    agree(program, {"N": 3, "D": 2, "H": 4}, seed, form)


@LAW
@given(free_programs(), st.sampled_from(sorted(FORMS)), st.integers(0, 99), st.integers(1, 3))
def test_free_programs(program: Program, form: str, seed: int, rows: int) -> None:
    agree(program, {"N": rows, "D": 2, "C": 3}, seed, form)


def test_second_derivatives() -> None:
    for name in SECOND:
        case = ALL[name]
        program = derive_second(derive(case.program, case.wrt), case.wrt)
        outputs = tuple(program.adjoints[key] for key in program.adjoints if "," in key)
        values = case.draw(np.random.default_rng(3))
        expected = evaluate(program, values)
        for language in LANGUAGES:
            found = compiled(program, outputs, LANGUAGES[language])(as_arrays(values, language))
            for output in outputs:
                np.testing.assert_allclose(np.asarray(found[output]), expected[output], rtol=1e-11, atol=1e-11)
