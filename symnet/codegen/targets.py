"""The languages and styles in which a training script can be written: one row a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Library = Literal["np", "torch"]


@dataclass(frozen=True)
class Target:
    """One kind of script: its template's folder, the module that holds the array functions, and its few words."""

    name: str
    folder: str
    library: Library
    title: str  # how the docstring ends its first line
    gradient_word: str  # the column of the gradient under test in the table of --check-grad
    oracle: str  # what --check-grad compares with
    decorators: tuple[str, ...] = ("@torch.no_grad()",)
    device_note: str = "  [{self.args.device}]"  # inside an f-string

    @property
    def template(self) -> str:
        return f"{self.folder}/script.py.j2"


_TARGETS = (
    Target(
        "numpy",
        "numpy",
        "np",
        "with NumPy: the gradients are the closed forms below.",
        "hand",
        "central differences",
        decorators=(),
        device_note="",
    ),
    Target("torch", "torch", "torch", "with PyTorch: the gradients are the closed forms below.", "hand", "autograd"),
    Target(
        "torch-autograd",
        "torch_autograd",
        "torch",
        "with raw PyTorch tensors: autograd finds the gradients.",
        "autograd",
        "central differences",
    ),
    Target(
        "torch-module",
        "torch_module",
        "torch",
        "with torch.nn, torch.optim and DataLoader.",
        "autograd",
        "central differences",
    ),
)

#: Every target by the name that ``--target`` takes.
TARGETS = {target.name: target for target in _TARGETS}

_MODULE = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict loss modules
mtia named_buffers named_children named_modules named_parameters parameters params register_backward_hook
register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""

#: Attributes of torch.nn.Module and of the generated module: a parameter of such a name gets another attribute (a test
#: compares the list with torch's own).
MODULE_NAMES = frozenset(_MODULE.split())
