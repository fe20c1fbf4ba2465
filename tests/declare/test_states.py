"""``sn.load_state`` of files that cannot be used: what is wrong with the file, in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import symnet as sn
from symnet.errors import SymnetError
from tests.damaged_archives import ARCHIVES, DAMAGED, NO_ARCHIVES


def refused(path: Path) -> str:
    net = torch.nn.Linear(3, 12, bias=False)
    before = net.weight.detach().clone()
    with pytest.raises(SymnetError) as caught:
        sn.load_state(net, path)
    assert caught.value.exit_code == 2 and torch.equal(net.weight, before)
    return str(caught.value)


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_what_is_no_archive(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(NO_ARCHIVES[name])
    assert f"{path} is not a .npz file" in refused(path)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_damaged_archive(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(ARCHIVES[name]("weight"))
    assert f"{path} {DAMAGED}" in refused(path)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    assert "there is no such file" in refused(path) and "there is no such file" in refused(tmp_path)
    np.savez(path, weight=np.array([["a"] * 3] * 12))
    assert "weight holds no numbers, its dtype is <U1" in refused(path)
    np.savez(path, weight=np.array([[None] * 3] * 12))
    assert DAMAGED in refused(path)
