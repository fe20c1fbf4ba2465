"""Model files of every shape, and their scripts."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from symnet import pipeline
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.languages.torch_target import TORCH
from symnet.codegen.lowering.emit import bodies, computed_input
from symnet.codegen.render import render_script
from symnet.codegen.targets import TARGETS

MODELS = {
    "no_data": """
        x = sn.param(3, init=[1.0, 2.0, 3.0])
        out = sn.mean(3 * (x + 2) ** 2)
        out.backward()
        train = sn.train(lr=0.1, steps=3, report="x = [{x[0]:.3f}, {x[1]:+e}, {x[2]}]")
    """,
    "weights_that_are_not_split": """
        N, D = sn.dims(N="batch", D=3)
        X, y, c = sn.data(N, D), sn.data(N), sn.data(D, values=[1.0, 0.5, 2.0])
        w = sn.param(D)
        loss = sn.mean((X @ (c * w) - y) ** 2)
        train = sn.train(optimizer="adam", epochs=3, batch=16, holdout=0.2)
    """,
    "samples_in_columns": """
        D, N = sn.dims(D=3, N="batch")
        X, y = sn.data(D, N), sn.data(N)
        w = sn.param(D)
        loss = sn.mean((w @ X - y) ** 2)
        train = sn.train(steps=4)
    """,
    "alignments": """
        N, T, D, C, S = sn.dims(N="batch", T=6, D=3, C=4, S=2)
        X, t, counts = sn.data(N, T, D), sn.labels(N, S, classes=C), sn.labels(N, classes=S + 1)
        times = sn.labels(N, classes=T + 1)
        W = sn.param(D, C)
        P = sn.log_softmax((X @ W).transpose(0, 1), 2)
        loss = sn.ctc_loss(P, t, times, counts, blank=3, zero_infinity=True)
        train = sn.train(lr=0.1, steps=4, batch=8)
    """,
    "one_number": """
        g = sn.data(values=sn.constant(2.5))
        a = sn.param(init="ones")
        loss = (a * g - 1) ** 2
        train = sn.train(lr=0.01, steps=3, new_inputs=1)
    """,
    "facts": """
        N, D, C = sn.dims(N="batch", D=2, C=3)
        X = sn.data(N, D, values=sn.uniform(-1, 1))
        Y, Q = sn.data(N, C, one_hot=True), sn.data(N, C, simplex=True)
        p, S, M = sn.data(N, positive=True), sn.data(D, D, symmetric=True), sn.data(N, C, mask=True)
        W = sn.param(D, C, init="xavier")
        Z = X @ S @ W
        loss = sn.cross_entropy(Z, Y) + sn.cross_entropy(Z, Q) + sn.mean(p * sn.sum(M * Z, 1) ** 2)
        train = sn.train(lr=0.1, steps=4, batch=8)
    """,
    "binary": """
        N, D = sn.dims(N="batch", D=2)
        X, y = sn.data(N, D), sn.data(N, values=sn.constant(1.0))
        w, b = sn.param(D), sn.param(init="zeros")
        z = X @ w + b
        loss = sn.mean(sn.binary_cross_entropy_with_logits(z, y))
        train = sn.train(optimizer=sn.SGD(lr=0.1, momentum=0.9, nesterov=True), epochs=2, batch=10)
    """,
    "dropped": """
        N, D, H, C = sn.dims(N="batch", D=3, H=5, C=3)
        X, t = sn.data(N, D), sn.labels(N, classes=C)
        W1, b1, W2 = sn.param(D, H), sn.param(H), sn.param(H, C)
        A = sn.relu(X @ W1 + b1)
        H1 = sn.dropout(A, 0.25)
        loss = sn.cross_entropy(H1 @ W2, t)
        train = sn.train(optimizer="adam", lr=0.1, epochs=2, batch=24, holdout=0.2, new_inputs=2)
    """,
    "normalised": """
        N, D, H, C = sn.dims(N="batch", D=3, H=5, C=3)
        X, t = sn.data(N, D), sn.labels(N, classes=C)
        net = sn.Sequential(sn.Linear(D, H), sn.BatchNorm1d(H), sn.Tanh(), sn.Dropout(0.2), sn.Linear(H, C))
        loss = sn.cross_entropy(net(X), t)
        train = sn.train(optimizer=sn.AdamW(lr=0.05), epochs=2, batch=24, holdout=0.2, new_inputs=2)
    """,
    "averaged": """
        N, D = sn.dims(N="batch", D=3)
        X, y = sn.data(N, D), sn.data(N)
        w = sn.param(D)
        mean_w = sn.buffer(D, init=[1.0, 0.0, -1.0])
        sn.update(mean_w, 0.9 * mean_w + 0.1 * w)
        loss = sn.mean((X @ sn.where(sn.training, w, mean_w) - y) ** 2)
        train = sn.train(lr=0.1, epochs=3, batch=16, holdout=0.2)
    """,
    "noise": """
        N, D, K = sn.dims(N="batch", D=4, K=2)
        X = sn.data(N, D)
        E, F, G = sn.param(D, K), sn.param(D, K), sn.param(K, D)
        noisy = sn.where(sn.training, X + 0.1 * sn.randn_like(X), X)
        mu, log_var = noisy @ E, noisy @ F
        z = mu + sn.exp(log_var / 2) * sn.randn_like(mu)
        prediction = z @ G
        kl = -0.5 * sn.mean(1 + log_var - mu**2 - sn.exp(log_var))
        loss = sn.mse_loss(prediction, X) + kl
        train = sn.train(lr=0.05, epochs=2, batch=30, holdout=0.25)
    """,
    "attributes": """
        N = sn.dims(N="batch")
        x, y = sn.data(N, values=sn.linspace(0, 1)), sn.data(N, 1, values=sn.linspace(0, 2))
        half, forward, apply = sn.param(init="ones"), sn.param(init="ones"), sn.param(1, 1, init=[[0.5]])
        loss = sn.sum((half * x + forward - y[:, 0] * apply[0, 0]) ** 2)
        train = sn.train(lr=1e-4, steps=3)
    """,
    "names_that_scripts_use": """
        N = sn.dims(N="batch")
        samples, rows, value = sn.data(N), sn.data(N), sn.data(N)
        p, g, run, name, step = sn.params(5)
        loss = sn.mean((p * samples + g * value + run * name * step - rows) ** 2)
        train = sn.train(lr=0.01, epochs=2, batch=16, holdout=0.1, report="p = {p}")
    """,
    "layers_with_paths": """
        N, D, H = sn.dims(N="batch", D=3, H=2)
        X, y = sn.data(N, D), sn.data(N, H)
        net = sn.Sequential(sn.Linear(D, H), sn.Tanh(), sn.Linear(H, H))
        loss = sn.mse_loss(net(X), y)
        train = sn.train(lr=0.01, steps=2, new_inputs=1)
    """,
    "many_numbers": f"""
        x = sn.data(40, values={[k / 7 for k in range(40)]})
        t = sn.data(2, 20, values={[[k * 1e-3 + j for k in range(20)] for j in range(2)]})
        a = sn.param(30, init={[1 / (k + 3) for k in range(30)]})
        loss = sn.sum((sn.sum(a) * x) ** 2) + sn.sum(t * a[0])
        train = sn.train(lr=1e-5, steps=3)
    """,
}


def generate(folder: Path, name: str, text: str, targets: tuple[str, ...] = tuple(TARGETS)) -> dict[str, Path]:
    """Write the model file and its scripts; the path of each target's script."""
    file = folder / f"{name}.py"
    file.write_text("import symnet as sn\n" + textwrap.dedent(text), encoding="utf-8")
    return generate_file(file, folder, targets)


def generate_file(file: Path, folder: Path, targets: tuple[str, ...] = tuple(TARGETS)) -> dict[str, Path]:
    model, _ = pipeline.load(file)
    derivation = pipeline.derive_model(model)
    found = {}
    written = cache(lambda numpy: bodies(derivation, NUMPY if numpy else TORCH))
    for target in targets:
        path = found[target] = folder / f"{file.stem}_{target.replace('-', '_')}.py"
        made = written(target == "numpy")
        command = f"symnet generate {file.name} --target {target}"
        text = render_script(model, made, lambda p: computed_input(p, NUMPY), target, command, file.name, path)
        path.write_text(text, encoding="utf-8")
    return found
