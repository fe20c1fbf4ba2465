"""Large arrays are passed over less often: values stay, nothing is written that is read later, nothing overflows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.codegen.lowering.layout import summed_before_last
from symnet.codegen.lowering.reuse import reuse
from symnet.codegen.lowering.scales import scale_the_smallest
from symnet.codegen.lowering.statements import Add, Array, Assign, Statement, name
from symnet.codegen.stable.stabilise import stabilise
from symnet.reading.nodes import Iteration
from symnet.simplify.simplify import simplify
from tests.codegen.running import LANGUAGES, Functions, as_arrays, derivation_of, functions_of
from tests.programs import program_of

SHAPES = (
    "parameter Q[N,H,T,2] parameter K[N,H,S,2] parameter V[N,H,S,2] data Y[N,H,T,2] z[N,H,T,S] s[N,H,T] O[N,H,T,2] loss"
)
LINES = """z[n,h,i,m] += Q[n,h,i,u]*K[n,h,m,u]/4
s[n,h,i] += {mask}exp(z[n,h,i,m])
O[n,h,i,u] += {mask}exp(z[n,h,i,m])*V[n,h,m,u]/s[n,h,i]
loss += (O[n,h,i,u] - Y[n,h,i,u])**2"""
MASKS = {"none": "", "causal": "greater_equal(i, m)*", "later": "greater_equal(m, i)*"}
WRT = ("Q", "K", "V")
BIG = {"N": 2**20, "H": None, "T": None, "S": None, "D": 2}  # as if so many: what is large by these is small here


def attention(mask: str = "causal") -> Program:
    """Attention of T queries to S keys."""
    return program_of(SHAPES, LINES.format(mask=MASKS[mask]), "N H T S")


def drawn(scale: float = 1.0) -> dict[str, np.ndarray]:
    """Inputs: two samples, two heads, three queries, three keys."""
    rng = np.random.default_rng(3)
    values = {key: rng.normal(size=(2, 2, 3, 2)) for key in ("Q", "K", "V", "Y")}
    return values | {"Q": scale * values["Q"]}


def script(mask: str, language: str = "numpy") -> Functions:
    """What is generated; sizes that only the data bring count as large there."""
    return functions_of(derivation_of(attention(mask), WRT, "simplified"), LANGUAGES[language])


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("language", ["numpy", "torch"])
def test_attention_computes_what_its_equations_say(mask: str, language: str) -> None:
    values = drawn()
    raw = derive(attention(mask), WRT)
    exact = evaluate(raw, values)
    loss, grads = script(mask, language).run(as_arrays(values, language))
    np.testing.assert_allclose(np.asarray(loss), exact["loss"], rtol=1e-13)
    for parameter in WRT:
        np.testing.assert_allclose(np.asarray(grads[parameter]), exact[raw.adjoints[parameter]], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_scores_and_given_arrays_survive(dtype: str) -> None:
    values = as_arrays(drawn(scale=3000.0), "numpy", dtype)
    before = {key: value.copy() for key, value in values.items()}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        loss, grads = script("causal").run(values)
    assert np.isfinite(loss) and loss.dtype == dtype
    for parameter in WRT:
        assert np.isfinite(grads[parameter]).all() and grads[parameter].dtype == dtype
    for key, value in values.items():
        np.testing.assert_array_equal(value, before[key])


def test_the_scores_are_passed_over_as_seldom_as_can_be() -> None:
    text = "\n".join(script("causal").bodies.loss_and_grads)
    assert text.count("np.where(") == text.count("np.fmin(") == 1  # the mask, once, on few axes
    assert "_scaled = " in text and ") / 4  # (1)" not in text  # the number is not divided out of the scores
    assert text.count("/ s[") == 2  # of O and of dO: not of the scores
    lent = re.findall(r"^(masked_z|exp_z|dz) = .*out=", text, re.MULTILINE)
    assert lent == ["masked_z", "exp_z", "dz"] and text.count(", out=q)") == 2
    assert "max(axis=2)" in text and text.count(", the last two exchanged") == 3
    assert "np.fmin(" not in "\n".join(script("none").bodies.loss_and_grads)


def test_the_passes_change_no_value() -> None:
    simplified = simplify(derive(attention(), WRT), {}).program
    outputs = frozenset({"loss", *(simplified.adjoints[p] for p in WRT)})
    program = stabilise(simplified, outputs)
    scaled = scale_the_smallest(program.program, program.sums, outputs, BIG)
    turned, exchanged = summed_before_last(scaled, outputs, BIG)
    assert any(n.endswith("_scaled") for n in scaled.tensors) and "z" in exchanged
    one, two, three = (evaluate(p, drawn()) for p in (program.program, scaled, turned))
    for adjoint in sorted(outputs):
        np.testing.assert_allclose(two[adjoint], one[adjoint], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(three[adjoint], one[adjoint], rtol=1e-13, atol=1e-15)
    for moved in exchanged & two.keys():
        np.testing.assert_allclose(np.swapaxes(three[moved], -1, -2), two[moved], rtol=1e-13)


SCORES = "parameter x[N,T,D] parameter y[N,S,D] data g[N,T,S] s[N,T] q[N,T,S] e[N,T,S] loss"


@pytest.mark.parametrize(
    ("lines", "sums", "moves"),
    [
        ("s[n,i] += exp(x[n,i,u])\nq[n,i,m] += x[n,i,u]*y[n,m,u]/(2*s[n,i])", "s", True),
        ("s[n,i] += exp(x[n,i,u])\nq[n,i,m] += x[n,i,u]*y[n,m,u]/s[n,i]", "", False),  # s may be tiny
        ("s[n,i] += exp(x[n,i,u])\nq[n,i,m] += 2*x[n,i,u]*y[n,m,u]", "s", False),  # 2 x may overflow
        ("s[n,i] += exp(x[n,i,u])\nq[n,i,m] += -x[n,i,u]*y[n,m,u]", "s", False),  # a sign costs nothing
    ],
)
def test_only_factors_that_make_smaller_move(lines: str, sums: str, moves: bool) -> None:
    program = program_of(SCORES, f"{lines}\ne[n,i,m] += q[n,i,m]*g[n,i,m]\nloss += e[n,i,m]**2", "N T S D")
    found = scale_the_smallest(program, frozenset(sums), frozenset({"loss"}), BIG)
    assert (found != program) is moves
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(2, 3, 2)), "y": rng.normal(size=(2, 4, 2)), "g": rng.normal(size=(2, 3, 4))}
    assert evaluate(found, values)["loss"] == pytest.approx(evaluate(program, values)["loss"], rel=1e-13)


@pytest.mark.parametrize(
    ("last", "outputs", "moves"),
    [
        ("loss += e[n,i,m]**2", {"loss"}, True),
        ("loss += e[n,i,m]**2 + q[n,i,m]", {"loss"}, False),  # q has another reader
        ("loss += e[n,i,m]**2", {"loss", "q"}, False),
    ],
)
def test_a_factor_goes_into_products_that_nothing_else_reads(last: str, outputs: set[str], moves: bool) -> None:
    lines = """s[n,i] += exp(x[n,i,u])
q[n,i,m] += x[n,i,u]*y[n,m,u]
r[n,i] += x[n,i,u]*x[n,i,u]
e[n,i,m] += (q[n,i,m] - r[n,i])*g[n,i,m]/s[n,i]"""
    program = program_of(f"{SCORES} r[N,T]", f"{lines}\n{last}", "N T S D")
    found = scale_the_smallest(program, frozenset({"s"}), frozenset(outputs), BIG)
    (own,) = found.defining("e")
    assert ("s" not in {a.name for a in own.accesses}) is moves
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(2, 3, 2)), "y": rng.normal(size=(2, 4, 2)), "g": rng.normal(size=(2, 3, 4))}
    for output in outputs:
        np.testing.assert_allclose(evaluate(found, values)[output], evaluate(program, values)[output], rtol=1e-13)


def test_where_a_row_may_be_masked_whole_its_logarithm_stays_infinite() -> None:
    """m is -inf there: a mask laid on before would make -inf - (-inf)."""
    text = "parameter z[N,K] s[N] y[N] loss"
    lines = "s[n] += {test}*exp(z[n,k])\ny[n] += log(s[n])\nloss += y[n]"
    for test, whole in (("greater(n, k)", True), ("greater_equal(n, k)", False)):
        program = program_of(text, lines.format(test=test), "N K")
        functions = functions_of(derivation_of(program, ("z",), "simplified"), LANGUAGES["numpy"])
        with np.errstate(all="ignore"):
            loss, _ = functions.run({"z": np.zeros((3, 3))})
        assert loss == (-np.inf if whole else pytest.approx(np.log(6)))


M, LOOP = sp.Integer(2**21), Iteration(sp.Dummy("t", integer=True, nonnegative=True), sp.Integer(3), False)


def _call(function: str, *arguments: Array) -> Array:
    return Array("call", arguments, function, 1, "float")


def _reused(statements: Iterable[Statement], size: sp.Expr = M) -> list[str]:
    """The targets of statements that were lent memory."""
    found = reuse(statements, {"x": (size,), "w": (size,)}, frozenset({"x", "result"}), {})
    return [s.target for s in found if isinstance(s, Assign) and s.value.kind == "into"]


def test_memory_is_lent_only_where_nothing_reads_it_later() -> None:
    x, a, result = (name(n, 1) for n in ("x", "a", "result"))
    made = Assign("a", _call("exp", x))
    view = Array("flip", (a,), (0,), 1, "float")
    assert _reused([made, Assign("b", _call("tanh", a))]) == ["b"]
    assert _reused([made, Assign("b", _call("tanh", a))], sp.Integer(1000)) == []  # small ones keep their own
    assert _reused([Assign("b", _call("tanh", x))]) == []  # given
    assert _reused([Assign("result", _call("exp", x)), Assign("b", _call("tanh", result))]) == []  # returned
    assert _reused([made, Assign("b", _call("tanh", a)), Assign("c", _call("exp", a))]) == ["c"]
    assert (
        _reused([made, Assign("v", view), Assign("b", _call("tanh", a)), Assign("c", _call("exp", name("v", 1)))]) == []
    )
    assert _reused([Assign("a", Array("flip", (x,), (0,), 1, "float")), Assign("b", _call("tanh", a))]) == []
    assert _reused([made, Assign("b", Array("multiply", (a, _call("exp", a)), None, 1, "float"))]) == []  # read twice
    assert _reused([made, Add("a", (), (), x, True, 1), Assign("b", _call("tanh", a))]) == []
    assert _reused([made, Assign("b", _call("tanh", a), LOOP)]) == []
    assert _reused([made, Assign("b", _call("sigmoid", a))]) == []  # no function of NumPy's own
    assert _reused([made, Assign("b", Array("compare", (a, x), ">", 1, "bool"))]) == []
