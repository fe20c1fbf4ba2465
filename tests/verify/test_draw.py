"""In-process numbers are those of the generated scripts, and random ones keep what the model declares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from symnet import pipeline
from symnet.calculus.ir import Program, TensorSpec, size_symbol
from symnet.errors import SymnetError
from symnet.model import Distribution, Given, Input, Model, Optimizer, Parameter, Training
from symnet.verify.draw import initial_parameters, own_data, own_point, random_point, rational_point
from symnet.verify.facts import broken_facts
from tests.models import script

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=[p.stem for p in EXAMPLES])
def test_drawn_as_the_scripts_draw(path: Path) -> None:
    model, _ = pipeline.load(path)
    generated = script(path.stem, "numpy")
    for seed in (0, 7):
        ours, theirs = initial_parameters(model, seed), generated.init_params(seed)
        assert [p.path for p in model.owned] == list(theirs)
        for parameter in model.parameters:
            np.testing.assert_array_equal(ours[parameter.spec.name], theirs[parameter.path])
        if model.training.data is None and model.inputs:
            made = generated.make_data(np.random.default_rng([seed, 1]), 6)
            data = own_data(model, seed, 6)
            assert set(made) == set(data)
            for name, value in made.items():
                np.testing.assert_allclose(data[name], value, rtol=1e-15, atol=1e-15)  # computed ones in another order


def test_a_data_file_gives_its_first_rows() -> None:
    path = next(p for p in EXAMPLES if p.stem == "digits")
    model, _ = pipeline.load(path)
    point = own_point(model, 0, 7)
    assert point.sizes["N"] == 7
    with np.load(path.parent / "data" / "digits.npz") as whole:
        np.testing.assert_array_equal(point.inputs["X"], whole["X"][:7])
        np.testing.assert_array_equal(point.inputs["t"], whole["t"][:7])
    lost = replace(model, training=replace(model.training, data="data/none.npz"))
    with pytest.raises(SymnetError, match=r"data/none\.npz: there is no such file"):
        own_point(lost, 0, 7)


FACTS = ("one_hot", "simplex", "mask", "symmetric", "positive")


def facts_model() -> Model:
    """Square inputs with one fact each, labels, and one positive parameter."""
    three = sp.Integer(3)
    specs = {f: TensorSpec(f, (three, three), "data", facts=frozenset({f})) for f in FACTS}
    label = TensorSpec("t", (size_symbol("N"),), "label", integer=True)
    start = TensorSpec("p", (), "parameter", facts=frozenset({"positive"}))
    return Model(
        Path("facts.py"),
        (),
        Program({s.name: s for s in (start, *specs.values(), label)}, (), "loss"),
        {"N": None},
        (Parameter(start, Given(2.5), "p"),),
        (*(Input(s, Distribution(f)) for f, s in specs.items()), Input(label, Distribution("integers"), three)),
        None,
        Training(Optimizer("SGD", {"lr": 0.1})),
    )


def test_drawn_numbers_keep_the_declared_facts() -> None:
    model, rng = facts_model(), np.random.default_rng(0)
    assert broken_facts(model, own_point(model, 0, 5)) == ()
    for _ in range(5):
        assert broken_facts(model, random_point(model, {"N": 4}, rng)) == ()
        exact = rational_point(model, {"N": 4}, rng).inputs
        assert all(row.sum() == 1 for fact in ("one_hot", "simplex") for row in exact[fact])
        assert (exact["symmetric"] == exact["symmetric"].T).all()
        assert exact["positive"].min() > 0 and exact["p"].item() > 0


BROKEN = {
    "one_hot": (
        np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]),
        "one_hot must have one 1 in each row, and 0 elsewhere (one_hot): row [1] is [0.5, 0.5, 0.0]",
    ),
    "simplex": (
        np.array([[0.5, 0.5, 0.0], [1.5, -0.5, 0.0], [1.0, 1.0, 1.0]]),
        "simplex must have rows of numbers from 0 up with the sum 1 (simplex): row [1] is [1.5, -0.5, 0.0]",
    ),
    "mask": (np.diag([1.0, 1.0, 2.0]), "mask must hold 0 and 1 only (mask): entry [2, 2] is 2.0"),
    "symmetric": (
        np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 1.0]]),
        "symmetric must be symmetric (symmetric): row [1] is [0.0, 1.0, 2.0]",
    ),
    "positive": (np.eye(3), "positive must be positive (positive): entry [0, 1] is 0.0"),
    "t": (np.array([0, 3]), "t must hold labels in 0..2"),
    "p": (np.array(-1.0), "p must be positive (positive): it is -1.0"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_fact_is_named(name: str) -> None:
    model = facts_model()
    point = own_point(model, 0, 2)
    values, message = BROKEN[name]
    (problem,) = broken_facts(model, replace(point, inputs={**point.inputs, name: values}))
    assert (problem.code, problem.message) == ("SN403", f"the data do not keep what the model declares: {message}")


def test_random_points_move_given_numbers_but_keep_their_signs() -> None:
    model = facts_model()
    drawn = [random_point(model, {"N": 2}, np.random.default_rng(k)).inputs["p"].item() for k in range(4)]
    assert len(set(drawn)) == 4 and all(1 < value < 6 for value in drawn)
