"""Names of tensors, from whatever a person keeps them in; what is read from them is data, never code."""

from __future__ import annotations

from pathlib import Path

from symnet import pipeline


def test_keys_of_a_dict_are_parts_of_names(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import symnet as sn\n\n"
        "x, table = sn.param(3), {}\n"
        "table[0, 1], table['a b'], table[\"'); import os\"] = x**2, sn.exp(x), sn.sin(x)\n"
        "loss = sn.sum(sn.cumsum(table[0, 1] * table['a b'], 0) * table[\"'); import os\"])\n"
    )
    derivation = pipeline.derive_model(pipeline.load(path)[0])
    assert {"table_0_1", "table_a_b", "table__import_os"} <= derivation.model.program.tensors.keys()
    assert not any("import os'" in text for text in pipeline.scripts(derivation, ("numpy",), tmp_path).values())
