"""What a script needs more where its model draws numbers, keeps buffers, or is evaluated by other equations.

Every field of a plain model is what the script would say without any of this, so one template serves all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symnet.codegen.lowering.emit import Bodies
from symnet.codegen.targets import Target
from symnet.codegen.training import recipes
from symnet.codegen.wrapping import bracketed, quoted
from symnet.errors import Problem, SymnetError
from symnet.model import Model

Lines = tuple[str, ...]


@dataclass(frozen=True)
class ModeContext:
    """The fields of training and evaluation that every script has."""

    loss_name: str  # the function of the loss in training
    loss_title: str
    loss_buffers: Lines  # the statement of what the buffers become, where it stands there
    loss_result: str
    loss_alone: Lines  # compute_loss, where the loss comes with what the buffers become
    evaluates: bool
    evaluate_arguments: str
    evaluate_lines: Lines
    draws_inputs: bool
    draw_lines: Lines
    drawn: str
    as_drawn: str
    step_data: str
    checked_data: str
    held_out_loss: str
    measured_lines: Lines
    measured_data: str
    part_checks: Lines
    batch_checks: Lines
    trained_lines: Lines
    trained: str
    checked_results: str
    buffer_results: str
    renew_lines: Lines


def modes_of(model: Model, bodies: Bodies, target: Target) -> ModeContext:
    """The fields of one model in one target."""
    autograd = target.gradient_word == "autograd"
    renews = bool(bodies.buffers)
    joint = renews and autograd
    part = "part" if target.folder == "torch_module" else "select(data, rows)"
    evaluated = [i.spec.name for i in model.inputs] + (_names(model) if _draws_in_evaluation(model) else [])
    measured = any(name in bodies.predict_inputs for name in _names(model))
    return ModeContext(
        loss_name="loss_and_buffers" if joint else "compute_loss",
        loss_title="Return the loss and what the buffers become." if joint else "Return the loss.",
        loss_buffers=buffer_lines(bodies, ".detach()") if joint else (),
        loss_result=f"{bodies.loss}, buffers" if joint else bodies.loss,
        loss_alone=_ALONE if joint else (),
        evaluates=model.evaluation is not None,
        evaluate_arguments=", ".join(("params", *evaluated)),
        evaluate_lines=bodies.evaluate,
        draws_inputs=bool(model.drawn),
        draw_lines=_draw_lines(model),
        drawn=f"({', '.join(_names(model))}{',' if len(model.drawn) == 1 else ''})",
        as_drawn=_AS_DRAWN[target.library],
        step_data=_drawn(bool(model.drawn), part, "seed, 5, run.step"),
        checked_data=_drawn(bool(model.drawn), "select(data, slice(20))", "args.seed, 5, 0"),
        held_out_loss=evaluated_loss(model, f"*{evaluated_data(model, 'self.held', 'self.args.seed')}"),
        measured_lines=("data = draw(run.params, self.held or self.data, self.args.seed, 6)",) * measured,
        measured_data="data" if measured else "self.held or self.data",
        part_checks=_part_checks(model),
        batch_checks=_batch_checks(model),
        trained_lines=("trained = {name: p for name, p in params.items() if name not in BUFFERS}",)
        * bool(model.buffers),
        trained="trained" if model.buffers else "params",
        checked_results="loss, grads, _" if renews else "loss, grads",
        buffer_results=", buffers" * renews,
        renew_lines=_RENEWED[target.folder] * renews,
    )


def autograd_fields(model: Model, bodies: Bodies) -> dict[str, Any]:
    """What only scripts need whose gradients autograd finds: which tensors are leaves, and what the loss returns."""
    return {
        "needs_gradient": "name not in BUFFERS" if model.buffers else "True",
        "loss_results": "loss, buffers" if bodies.buffers else "loss",
    }


_ALONE = (
    "",
    "",
    "def compute_loss(params, *data):",
    '    """Return the loss."""',
    "    return loss_and_buffers(params, *data)[0]",
)
_AS_DRAWN = {
    "np": "value.astype(like.dtype)",
    "torch": "torch.tensor(value, dtype=like.dtype, device=like.device)",
}
_COPIED = ("for name, value in buffers.items():", "    run.params[name].data.copy_(value)")
_RENEWED = {
    "numpy": ("run.params.update(buffers)",),
    "torch": ("run.params.update(buffers)",),
    "torch_autograd": ("run.params.update(buffers)",),
    "torch_module": _COPIED,
}


def buffer_names(model: Model) -> Lines:
    """The line of the paths of the buffers."""
    names = tuple(quoted(b.path) for b in model.buffers)
    comma = "," if len(names) == 1 else ""
    return (bracketed("BUFFERS = ", "(", (*names[:-1], f"{names[-1]}{comma}"), ")"),) if names else ()


def evaluated_loss(model: Model, data: str) -> str:
    """The call of the loss with which a training is judged."""
    return f"{'evaluate' if model.evaluation else 'compute_loss'}(run.params, {data})"


def evaluated_data(model: Model, data: str, seed: str) -> str:
    """The data for it, with what it needs to have drawn: the same numbers at every evaluation."""
    return _drawn(_draws_in_evaluation(model), data, f"{seed}, 6")


def drawn_again(model: Model, predict_inputs: tuple[str, ...]) -> Lines:
    """The line that draws what ``predict`` needs beside the data."""
    needed = any(i.spec.name in predict_inputs for i in model.drawn)
    return ("data = draw(run.params, data, args.seed, 6)",) * needed


def _names(model: Model) -> list[str]:
    return [item.spec.name for item in model.drawn]


def _draws_in_evaluation(model: Model) -> bool:
    read = {a.name for e in model.evaluated.equations for a in e.read}
    return any(name in read for name in _names(model))


def _drawn(needed: bool, data: str, seed: str) -> str:
    return f"draw(run.params, {data}, {seed})" if needed else data


def buffer_lines(bodies: Bodies, ending: str = "") -> Lines:
    """The statement of what the buffers become."""
    entries = (f"{quoted(path)}: {value}{ending}" for path, value in bodies.buffers)
    return (bracketed("buffers = ", "{", entries, "}", indent=4),) if bodies.buffers else ()


def _draw_lines(model: Model) -> Lines:
    """The sizes that the data show, and each array drawn."""
    shown = {size: f"data[{k}].shape[{axis}]" for k, i in enumerate(model.inputs) for axis, size in _axes(i.spec.shape)}
    wanted = {s for i in model.drawn for size in recipes.concrete_shape(i.spec, model.sizes) for s in size.free_symbols}
    missing = sorted(s.name for s in wanted if s not in shown)
    if missing:
        drawn = ", ".join(_names(model))
        help = ("declare data of this size, or give it a number: sn.dims(...)",)
        raise SymnetError(Problem("SN606", f"no data show the size {missing[0]} of what is drawn: {drawn}", help=help))
    sizes = tuple(f"{s.name} = {shown[s]}" for s in sorted(wanted, key=lambda s: str(s.name)))
    return (*sizes, *recipes.drawn_values(model))


def _axes(shape: tuple[sp.Expr, ...]) -> list[tuple[int, sp.Expr]]:
    return list(enumerate(shape))


def _least(model: Model) -> int:
    """How many samples a step needs: two under a variance that divides by N - 1."""
    samples = {str(i.spec.shape[i.axis]) for i in model.inputs if i.axis is not None}
    return max((n for size, n in model.least.items() if size in samples), default=1)


def _batch_checks(model: Model) -> Lines:
    if (least := _least(model)) == 1:
        return ()
    message = 'f"a batch of {smallest} has no variance: change --batch (now {batch})"'
    return ("smallest = samples % batch or batch", f"require(smallest >= {least}, {message})")


def _part_checks(model: Model) -> Lines:
    """Both parts of the data are enough; where evaluation has its own equations, one sample may be held out."""
    if (least := _least(model)) == 1:
        return ()
    lines = f'require(samples_in(data) >= {least}, f"{{samples_in(data)}} sample has no variance: bring more")'
    held = f'require(not held or samples_in(held) >= {least}, "one held-out sample has no variance: change --holdout")'
    return (lines, held)[: 1 + (model.evaluation is None)]
