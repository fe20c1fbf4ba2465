"""Modules of torch as parts of a model: ``from_torch`` and what it remembers about them.

A module of torch is called as it is: its functions of torch reach symnet's words through ``__torch_function__``.  Its
parameters are exchanged for symnet's in a deep copy, wherever the copy holds them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from symnet.declare.inputs import checked_size
from symnet.declare.modules.torch_layers import forward_of
from symnet.declare.modules.torch_modes import differs, in_both_modes
from symnet.declare.modules.torch_state import constants_of, state_of
from symnet.declare.sizes import settle
from symnet.declare.tracing.constants import is_array
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.torch_values import first_values, own_values
from symnet.declare.tracing.trace import Declared, Trace, current
from symnet.declare.tracing.words import mistake

#: What a module calls before or after its forward, by the attribute that holds it.
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
#: What torch once did by a hook of this class, and now by a parametrization of this name.
_PARAMETRIZED = {"WeightNorm": "weight_norm", "SpectralNorm": "spectral_norm"}


@dataclass(frozen=True)
class Adopted:
    """A module of torch that became part of a model: the person's own and the copy that computes with its tensors.

    ``paths`` are those of state_dict, by the private name of the parameter or buffer, all of a tied one; ``constants``
    are the other names of state_dict, with the checksums of their numbers.
    """

    own: Any
    module: Any
    paths: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, int | None]


def from_torch(module: Any) -> Any:
    """A copy of a torch.nn.Module that is called on tensors of a model, as the module on tensors of torch.

    Its parameters are parameters of the model with the paths of ``state_dict``: ``fc1.weight`` is called fc1_weight,
    and the layers of a plain Sequential have W1, b1, W2, b2.  A parameter under two paths stays one.  They start with
    the module's own values where these are written out or of one number, else with what the layer draws.  Parameters
    that need no gradient, and buffers of real numbers, are buffers of the model; other buffers are its constants.
    Sizes with a number are numbers from here on, as in torch.
    """
    trace = current()
    for adopted in trace.adopted.values():
        if module is adopted.own or module is adopted.module:
            return adopted.module
    _require_plain(module)
    whole_sizes(trace)
    found: dict[int, tuple[Tensor, list[str]]] = {}
    for path, owner, parameter in _parameters(module):
        if id(parameter) not in found:
            known = _known(trace, parameter)
            found[id(parameter)] = (known or _adopted(trace, path, owner, parameter), [])
        found[id(parameter)][1].append(path)
    for path, kept in state_of(module):
        found[id(kept)] = found.get(id(kept)) or (_known(trace, kept) or _kept(trace, path, kept), [])
        found[id(kept)][1].append(path)
    memo: dict[int, Any] = {key: tensor for key, (tensor, _) in found.items()}
    try:
        twin = copy.deepcopy(module, memo)
    except Exception as error:  # whatever the module holds
        raise mistake(
            "SN107", f"the module cannot be copied: {error}".splitlines()[0], "build it from layers"
        ) from None
    for part in twin.modules():
        own = forward_of(part) or part.forward
        part.forward = _as_torch(trace, part, in_both_modes(trace, part, own) if differs(part) else own)
    paths = {tensor.spec.name: tuple(names) for tensor, names in found.values()}
    trace.adopted[id(twin)] = Adopted(module, twin, paths, constants_of(module, paths.values()))
    return twin


def _as_torch(trace: Trace, part: Any, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of a module, with torch's broadcasting instead of the stricter one of model files."""

    @wraps(forward)
    def called(*args: Any, **options: Any) -> Any:
        held = _held(part)
        with trace.broadcasting_freely():
            result = forward(*args, **options)
        _require_kept(part, held)
        return result

    return called


def _held(part: Any) -> dict[str, Any]:
    """The tensors of a module that are not computed from the data: what it could carry from step to step."""
    own = {**vars(part), **part._buffers}
    roles = ("parameter", "buffer")
    return {n: v for n, v in own.items() if is_array(v) or (isinstance(v, Tensor) and v.spec.role in roles)}


def _require_kept(part: Any, held: Mapping[str, Any]) -> None:
    """Refuses a tensor of a module that its forward replaced by one computed from the data: running statistics of the
    person's own would begin anew in every step, and evaluation would find those of its own batch."""
    for name, value in held.items():
        now = part._buffers.get(name, vars(part).get(name))
        if isinstance(now, Tensor) and now is not value:
            what = f"{name} of {type(part).__name__} is renewed by forward, and would not be kept from step to step"
            raise mistake("SN110", what, "torch's own BatchNorm keeps statistics; sn.buffer and sn.update keep others")


def _require_plain(module: Any) -> None:
    """Refuses what is no module of torch, and what calls more than its forward."""
    if not callable(getattr(module, "named_modules", None)) or not hasattr(module, "_parameters"):
        given = type(module).__name__ if not isinstance(module, type) else f"the class {module.__name__}"
        raise mistake("SN107", f"from_torch takes a torch.nn.Module, not {given}", "net = sn.from_torch(Net())")
    for path, parameter in module.named_parameters():
        if "Uninitialized" in type(parameter).__name__:
            raise mistake("SN107", f"{path} has no shape yet", "call the module once on numbers, then sn.from_torch")
    for path, part in module.named_modules():
        where = f"{path or 'the module'} ({type(part).__name__})"
        for hooks in _HOOKS:
            if getattr(part, hooks, None):
                kind = hooks.strip("_").replace("_", " ")
                made = {type(hook).__name__ for hook in getattr(part, hooks).values()}
                instead = next((name for old, name in _PARAMETRIZED.items() if old in made), None)
                help = (
                    f"use torch.nn.utils.parametrizations.{instead}" if instead else "write it in forward, or remove it"
                )
                raise mistake("SN110", f"{kind} are not covered: {where} has one", help)


def _parameters(module: Any) -> Iterator[tuple[str, Any, Any]]:
    """(path, module that owns it, parameter) of every one that is trained, also under its second path."""
    for path, part in module.named_modules(remove_duplicate=False):
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.requires_grad:
                yield f"{path}.{name}" if path else name, part, parameter


def _kept(trace: Trace, path: str, buffer: Any) -> Tensor:
    """A buffer of the model that starts with the numbers of a module's."""
    spec = trace.new_spec([checked_size(int(n)) for n in buffer.shape], "buffer")
    trace.declared[spec.name] = Declared(own_values(trace, path, buffer))
    trace.chosen_names[spec.name] = path
    tensor = Tensor(trace, spec)
    trace.owners[id(buffer)] = (buffer, tensor)
    return tensor


def _known(trace: Trace, parameter: Any) -> Tensor | None:
    """The parameter or buffer of the model that another module brought already."""
    known = trace.owners.get(id(parameter), (None, None))[1]
    return known if isinstance(known, Tensor) else None


def _adopted(trace: Trace, path: str, owner: Any, parameter: Any) -> Tensor:
    if "float" not in str(parameter.dtype):
        raise mistake("SN107", f"{path} holds {parameter.dtype}, a parameter holds real numbers", "use float32")
    spec = trace.new_spec([checked_size(int(n)) for n in parameter.shape], "parameter")
    trace.declared[spec.name] = Declared(first_values(trace, path, owner, parameter))
    trace.chosen_names[spec.name] = path  # for messages; the final name is chosen beside all others
    tensor = Tensor(trace, spec)
    trace.owners[id(parameter)] = (parameter, tensor)
    return tensor


def whole_sizes(trace: Trace) -> None:
    """From here on every size that has a number is that number: the modules of torch have numbers."""
    trace.fixed |= {size for size, value in trace.sizes.items() if value is not None}
    settle(trace)
    for name, tensor in trace.tensors.items():
        tensor.spec = trace.specs.get(name, tensor.spec)
