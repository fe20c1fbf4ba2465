"""Autograd, where torch and the device are there; else the reason, in words."""

from __future__ import annotations

from collections.abc import Sequence

from symnet.model import Inner
from symnet.verify.trials import Oracle


def oracle_on(device: str, inner: Sequence[Inner] = ()) -> tuple[Oracle | None, str]:
    """(autograd on the device, ""), or (None, why it cannot be had); ``inner`` are derivatives inside the model, which
    autograd forms as well."""
    try:
        from symnet.verify.autograd import autograd_of, why_not_on  # torch takes a second to import
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        return None, "torch is not installed (pip install 'symnet[torch]')"
    reason = why_not_on(device)
    if reason is not None:
        return None, f"no float64 on device {device}: {reason}"
    return lambda program, inputs: autograd_of(program, inputs, device, inner), ""
