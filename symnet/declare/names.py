"""Final names for the tensors of a trace: the person's own, then hints, each once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symnet.calculus.ir import Access, Equation, IntegerAccess, TensorSpec, exchange
from symnet.calculus.labels import bound, labelled
from symnet.declare.modules.layers import Module
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace, Traced
from symnet.errors import Note, Problem
from symnet.naming import SCRIPT_NAMES, Namer, why_not_a_name, why_reserved

Span = tuple[int, int, int, int]


def assigned_names(tree: ast.Module) -> dict[Span, tuple[str, ...]]:
    """For each expression that is assigned, by its place in the file: the names that it gets."""
    found: dict[Span, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _pair(target, node.value, found)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            _pair(node.target, node.value, found)
    return found


def _pair(target: ast.expr, value: ast.expr, found: dict[Span, tuple[str, ...]]) -> None:
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for inner, part in zip(target.elts, value.elts, strict=False):
            _pair(inner, part, found)
        return
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    if any(isinstance(p, ast.Starred) for p in parts):  # a, b, *rest: the places of the first are known
        parts = parts[: next(k for k, p in enumerate(parts) if isinstance(p, ast.Starred))]
    names = tuple(p.id if isinstance(p, ast.Name) else p.attr if isinstance(p, ast.Attribute) else "" for p in parts)
    if names and all(names):
        found.setdefault(_span(value), names)


def picked_names(tree: ast.Module) -> dict[Span, tuple[str, ...]]:
    """For each call of which one result is assigned, ``g = grad(y, x)[0]``, by its place in the file: the names of its
    results, empty before the one picked."""
    found: dict[Span, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            match node.value:
                case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int(place))) if place >= 0:
                    found.setdefault(_span(call), (*[""] * place, node.targets[0].id))
    return found


def _span(value: ast.expr) -> Span:
    return (value.lineno, value.end_lineno or value.lineno, value.col_offset, value.end_col_offset or 0)


def module_paths(
    trace: Trace, namespace: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, ...]], dict[str, int | None]]:
    """Private name -> paths of each parameter and buffer that belongs to a module of the model file: ``fc1.weight``;
    and path -> checksum of what a module of torch holds as constants.

    With several modules the variable's name stands in front.  A parameter has several paths where it is tied.
    """
    modules = {name: value for name, value in namespace.items() if isinstance(value, Module)}
    owned = {id(child) for m in modules.values() for _, child in _descendants(m)}
    roots = {n: m for n, m in modules.items() if id(m) not in owned and any(True for _ in _owned(m, ""))}
    distinct = {id(m): n for n, m in reversed(roots.items())}
    found: list[tuple[str, Iterable[tuple[str, str]], Mapping[str, int | None]]] = [
        (name, ((tensor.spec.name, path) for path, tensor in _owned(module, "")), {})
        for name, module in roots.items()
        if distinct[id(module)] == name
    ]
    for adopted in trace.adopted.values():
        holder = next((n for n, value in namespace.items() if value is adopted.module), "net")
        ways = [(key, path) for key, ways in adopted.paths.items() for path in ways]
        found.append((holder, ways, adopted.constants))
    paths: dict[str, tuple[str, ...]] = {}
    constants: dict[str, int | None] = {}
    for name, pairs, fixed in found:
        prefix = "" if len(found) == 1 else f"{name}."
        constants |= {prefix + path: told for path, told in fixed.items()}
        for key, path in pairs:
            if not path.isprintable():
                help = "choose a name of letters, digits and _"
                trace.fail("SN109", f"a parameter cannot have the name {path!r}", help=(help,))
            paths[key] = (*paths.get(key, ()), prefix + path)
    return paths, constants


def _owned(module: Module, prefix: str) -> tuple[tuple[str, Tensor], ...]:
    return (*module.named_parameters(prefix), *module.named_buffers(prefix))


def _descendants(module: Module) -> list[tuple[str, Module]]:
    found = [(name, child) for name, child in module.children() if isinstance(child, Module)]
    return found + [pair for _, child in found for pair in _descendants(child)]


def final_names(
    trace: Trace, paths: Mapping[str, tuple[str, ...]], objective: Traced, used: frozenset[str]
) -> dict[str, str]:
    """Private name -> final name for every used tensor; notes names that may not be used."""
    wishes = {key: _wish(trace, spec, paths) for key, spec in trace.specs.items() if key in used}
    repeated = Counter((wish, trace.specs[key].source) for key, wish in wishes.items() if wish)
    namer = Namer((*SCRIPT_NAMES, *_sizes(trace)))  # scripts and formulas call sizes by their names too
    final: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    declared = [k for k in wishes if trace.specs[k].role != "intermediate"]
    for key in declared:
        wished = wishes[key]
        wish = (
            wished
            or trace.hints.get(key)
            or ("t" if trace.specs[key].integer else "x" if trace.specs[key].role == "data" else "w")
        )
        _check(trace, trace.specs[key], wish, key in trace.chosen_names or key not in paths)
        times = repeated[wished, trace.specs[key].source] if wished else 1
        final[key] = namer.take(_numbered(wish, times, numbers))
    renewed = {new.spec.name: f"new_{final[key]}" for key, new in trace.updates.items() if key in final}
    final[objective.spec.name] = _of_the_loss(trace, wishes.get(objective.spec.name), namer)
    for key in sorted((k for k in wishes if k not in final), key=lambda k: not wishes[k]):  # the person's names first
        wished = wishes[key]
        wish = wished or renewed.get(key) or trace.hints.get(key, "z")
        times = repeated[wished, trace.specs[key].source] if wished else 1
        final[key] = namer.take(_numbered(wish, times, numbers))
        _check(trace, trace.specs[key], final[key], False)
    return final


def _of_the_loss(trace: Trace, wish: str | None, namer: Namer) -> str:
    """The person's name for the loss, which may be one that scripts use themselves, but no size's."""
    taken = namer.take(wish or "loss")
    return taken if wish in _sizes(trace) else wish or "loss"


def _sizes(trace: Trace) -> frozenset[str]:
    """The names of the sizes."""
    return frozenset(map(str, trace.sizes))


def _numbered(wish: str, times: int, numbers: Counter[str]) -> str:
    """The wish, with a number from 1 if one statement made several tensors, as in a loop over layers."""
    if times == 1:
        return wish
    numbers[wish] += 1
    return f"{wish}{numbers[wish]}"


def variables(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Private name -> the first variable of the model file that holds the tensor."""
    found: dict[str, str] = {}
    for name, value in namespace.items():
        for place, tensor in _held(name, value):
            found.setdefault(tensor.spec.name, place)
    return found


def _held(name: str, value: Any) -> list[tuple[str, Tensor]]:
    """The tensors in a variable, its lists, tuples and dicts included: ``w[0]`` is w_0, ``r[1, 2]`` is r_1_2."""
    if isinstance(value, Tensor):
        return [] if value.broken else [(name, value)]
    if isinstance(value, list | tuple):
        return [pair for k, part in enumerate(value) for pair in _held(f"{name}_{k}", part)]
    if isinstance(value, dict):
        return [pair for k, part in value.items() for pair in _held(f"{name}_{_of_key(k)}", part)]
    return []


def _of_key(key: object) -> str:
    """The key of a dict as the end of a name: keys may be any objects."""
    return "_".join(re.sub(r"\W+", "_", str(k), flags=re.ASCII) for k in (key if isinstance(key, tuple) else (key,)))


def _wish(trace: Trace, spec: TensorSpec, paths: Mapping[str, tuple[str, ...]]) -> str | None:
    if spec.name in trace.chosen_names and spec.name not in _adopted(trace):
        return trace.chosen_names[spec.name]
    if spec.name in paths:
        return _from_path(paths[spec.name][0], [ways[0] for ways in paths.values() if ways[0][0].isdigit()])
    return trace.person_name(spec)


def _adopted(trace: Trace) -> set[str]:
    """The parameters of modules of torch, whose names for messages may not be unique."""
    return {key for adopted in trace.adopted.values() for key in adopted.paths}


def _from_path(path: str, numbered: list[str]) -> str:
    """``fc1.weight`` as fc1_weight; in a plain Sequential, W1 b1 W2 b2 by the order of the layers."""
    if not path[0].isdigit():
        return plain_name(path)
    layers = list(dict.fromkeys(p.rsplit(".", 1)[0] for p in numbered))
    layers.sort(key=lambda layer: [int(part) for part in layer.split(".") if part.isdigit()])
    layer, leaf = path.rsplit(".", 1)
    letter = {"weight": "W", "bias": "b"}.get(leaf, plain_name(leaf))
    return f"{letter}{'_' * letter[-1].isdigit()}{layers.index(layer) + 1}"


def plain_name(path: str) -> str:
    """A path as a name: the parts of a ModuleDict may be any text."""
    name = re.sub(r"\W", "_", path, flags=re.ASCII).strip("_") or "w"
    return f"{name}_" if why_not_a_name(name) and not why_not_a_name(f"{name}_") else name


def _check(trace: Trace, spec: TensorSpec, name: str, reserved: bool) -> None:
    reason = why_not_a_name(name) or (why_reserved(name) if reserved else None)
    if name in _sizes(trace):
        reason = f"{name!r} is the name of a size"
    if reason:
        places = (Note(spec.source),) if spec.source else ()
        help = ("choose another name, or give one with name=",)
        trace.problems.add(Problem("SN109", f"a tensor cannot have this name: {reason}", places, help=help))


def renamed(equation: Equation, names: Mapping[str, str]) -> Equation:
    """The equation with every private name exchanged, inner reads first."""
    return replace(
        equation,
        target=names[equation.target],
        body=renamed_body(equation.body, names),
        guard=frozenset(renamed_body(g, names) for g in equation.guard),
    )


def renamed_body(expression: sp.Expr, names: Mapping[str, str]) -> sp.Expr:
    """The expression with the name of every read exchanged; factored forms last."""
    return exchange(expression, {read: _read(read, names) for read in expression.atoms(Access)})


def _read(read: Access, names: Mapping[str, str]) -> Access:
    addresses = [renamed_body(a, names) for a in read.addresses]
    if isinstance(read, IntegerAccess):
        return IntegerAccess(labelled(names[read.name], bound(read.args[0])), *addresses)
    return Access(names[read.name], *addresses)
