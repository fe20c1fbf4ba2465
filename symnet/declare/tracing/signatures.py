"""What a function of symnet takes, told to a person who called it with other arguments."""

from __future__ import annotations

import ast
import inspect
import re
from types import FrameType, ModuleType
from typing import Any

_UNFIT = re.compile(r"got an unexpected keyword|missing \d+ required|takes .* positional|got multiple values")
_NO_WORD = object()


def signature_text(signature: inspect.Signature) -> str:
    """The parameters as a person writes them, ``(input, dim=None)``, without types."""
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def signature_of_call(tree: ast.Module, name: str, error: BaseException) -> tuple[str, ...]:
    """The help ``sn.param(*shape, init=None, name=None)`` where a call in the file ``name`` did not fit, else nothing.

    Only what the call names is looked up, ``sn.nn.functional.relu``, and nothing of the person's code runs again.
    """
    if not isinstance(error, TypeError) or not _UNFIT.search(str(error)):
        return ()
    found, traced = None, error.__traceback__
    while traced is not None:
        code = traced.tb_frame.f_code
        if code.co_filename == name:
            found = traced.tb_frame, list(code.co_positions())[traced.tb_lasti // 2]
        traced = traced.tb_next
    if found is None:
        return ()
    frame, (line, end_line, column, end_column) = found
    place = (line, end_line, column, end_column)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    called = [c.func for c in calls if (c.lineno, c.end_lineno, c.col_offset, c.end_col_offset) == place]
    return next((help for c in called if (help := _signature(c, frame, str(error)))), ())


def _signature(called: ast.expr, frame: FrameType, said: str) -> tuple[str, ...]:
    word = _looked_up(called, frame)
    own = getattr(word, "__module__", None) or ""
    if not own.startswith("symnet.") or not said.startswith(getattr(word, "__qualname__", "").split(".")[0]):
        return ()
    return (f"{ast.unparse(called)}{signature_text(inspect.signature(word))}",)


def _looked_up(called: ast.expr, frame: FrameType) -> Any:
    """What a name, or a name in a module, stands for."""
    if isinstance(called, ast.Name):
        return frame.f_locals.get(called.id, frame.f_globals.get(called.id, _NO_WORD))
    if isinstance(called, ast.Attribute):
        space = _looked_up(called.value, frame)
        return getattr(space, called.attr, _NO_WORD) if isinstance(space, ModuleType) else _NO_WORD
    return _NO_WORD
