"""Batches, the held-out part, and what training leaves alone."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from symnet.codegen.targets import TARGETS
from tests.codegen import script_checks as checks
from tests.codegen.test_script import write_script


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return checks.load_script(write_script(tmp_path_factory.mktemp("mlp"), "mlp", "numpy"))


def test_an_epoch_holds_every_sample_once_in_an_order_of_its_own(mlp):
    parts = list(mlp.batches(10, 4, 0, 0, 9))
    assert [len(part) for part in parts] == [4, 4, 2] * 3
    epochs = [np.concatenate(parts[k : k + 3]).tolist() for k in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert epochs[0] != np.concatenate(list(mlp.batches(10, 4, 1, 0, 3))).tolist()


@pytest.mark.parametrize("first", range(9))
def test_the_batches_continue_from_any_step(mlp, first):
    whole, rest = list(mlp.batches(10, 4, 5, 0, 9))[first:], list(mlp.batches(10, 4, 5, first, 9))
    assert [part.tolist() for part in rest] == [part.tolist() for part in whole]


def test_all_samples_are_taken_in_their_own_order(mlp):
    assert list(mlp.batches(10, 0, 0, 2, 4)) == [slice(None)] * 2 == list(mlp.batches(10, 10, 0, 2, 4))


def test_no_held_out_sample_is_trained_on(mlp):
    data = (np.arange(40.0).reshape(20, 2), np.arange(20))
    kept, held = mlp.split(data, 0.25, 3)
    assert len(held[1]) == 5 and sorted([*kept[1], *held[1]]) == list(range(20))
    np.testing.assert_array_equal(held[0][:, 0], 2.0 * held[1])
    assert held[1].tolist() != list(range(5)) and mlp.split(data, 0, 3) == (data, ())
    assert mlp.split(data, 0.25, 4)[1][1].tolist() != held[1].tolist()


@pytest.mark.parametrize("target", TARGETS)
def test_training_changes_neither_the_parameters_nor_the_data_it_is_given(target, tmp_path):
    module = checks.load_script(write_script(tmp_path, "mlp", target))
    params = module.init_params(0)
    args = module.parse([])
    data = module.convert(module.check_data(module.make_data(np.random.default_rng(0), 9), ""), args)
    before = [np.array(value.tolist()) for value in (*params.values(), *data)]
    run = module.train(module.new_run(params), data, 3, 4, lr=0.1)
    for value, old in zip((*params.values(), *data), before, strict=True):
        np.testing.assert_array_equal(np.array(value.tolist()), old)
    assert run.step == 3
    assert all(run.params[name].tolist() != value.tolist() for name, value in params.items())


@pytest.mark.parametrize("target", TARGETS)
def test_the_learning_rate_is_that_of_the_call(target, tmp_path):
    path = write_script(tmp_path, "cubic", target)
    module = checks.load_script(path)
    data = module.convert(module.check_data(module.make_data(np.random.default_rng(0), 9), ""), module.parse([]))
    start = module.init_params(0)
    _, grads = module.loss_and_grads(module.init_params(0), *data)
    run = module.train(module.new_run(start), data, 1, lr=1e-3)
    for name, value in start.items():
        assert run.params[name].item() == pytest.approx(value.item() - 1e-3 * grads[name].item(), rel=1e-14)


def test_a_checkpoint_keeps_the_optimisers_arrays(tmp_path):
    from symnet.declare.optim.optimizers import Adam
    from tests.codegen.hand_models import cubic

    for target in TARGETS:
        path = write_script(tmp_path, "cubic", target, cubic(optimizer=Adam(lr=0.01, weight_decay=0.1, amsgrad=True)))
        checks.check_resume(path, tmp_path)
