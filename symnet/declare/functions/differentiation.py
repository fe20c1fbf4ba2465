"""Derivatives as part of a model: the one rule run on what the trace holds so far, and its equations entered there.

The adjoints of an inner derivative are ordinary equations of the model in closed form, so whatever is made of them is
differentiated by the same rule again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sympy as sp

from symnet.calculus.derive import Seed, sweep
from symnet.calculus.ir import Equation, Program
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.pushforward import pushforward
from symnet.calculus.single import with_single_sums, without_single_sums
from symnet.calculus.verify import verify
from symnet.declare.inline import inline_unnamed, with_constants_written
from symnet.declare.names import renamed
from symnet.declare.sizes import settled
from symnet.declare.tracing.infinite import without_infinities
from symnet.declare.tracing.primitives import label
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Formed, Trace, Traced
from symnet.declare.tracing.words import mistake
from symnet.model import Inner
from symnet.naming import Namer, sizes_in
from symnet.simplify.simplify import simplify

Kind = Literal["gradient", "jacobian", "tangent"]


@dataclass(frozen=True)
class Question:
    """What is asked: the derivative of outputs by inputs.

    ``weights`` are the cotangents of the outputs (None: 1 each), or for a tangent the tangents of the inputs.
    """

    kind: Kind
    outputs: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    weights: tuple[Tensor | None, ...]

    @property
    def trace(self) -> Trace:
        return self.outputs[0].own_trace

    @property
    def asked(self) -> tuple[Tensor, ...]:
        """The tensors that get a result each: inputs, or outputs for a tangent."""
        return self.outputs if self.kind == "tangent" else self.inputs


def reaches(trace: Trace, outputs: Sequence[Tensor]) -> frozenset[str]:
    """The private names of all tensors that the outputs are computed from, and their own."""
    roots = [o.spec.name for o in outputs]
    program = Program(trace.specs, tuple(trace.equations), roots[0]).restricted_to(roots)
    read = {a.name for e in program.equations for a in e.read}
    return frozenset({*read, *roots})


def derivatives(question: Question) -> list[Tensor]:
    """One tensor for each input, or output of a tangent, in the order asked; their equations are entered."""
    trace = question.trace
    flat = _flat(question)
    names = _spoken(trace, flat)
    forward = Program(
        {names[k]: replace(t, name=names[k], given=False) for k, t in flat.tensors.items()},
        tuple(renamed(e, names) for e in flat.equations),
        names[flat.loss],
    )
    asked = _Asked(question, names)
    known = _cut(forward, asked)
    raw = verify(_derived(known, asked))
    sizes = {str(symbol): value for symbol, value in trace.sizes.items() if symbol not in trace.fixed}
    simple = simplify(without_single_sums(raw), sizes, asked.asked)
    program = verify(_with_single_sums(simple.program, known))
    private = {spoken: key for key, spoken in names.items()}
    _enter(trace, program, known, [program.adjoints[a] for a in asked.asked], private)
    results = {a: private[program.adjoints[a]] for a in asked.asked}
    inner = Inner(
        question.kind,
        asked.outputs if question.kind != "tangent" else tuple((o, None) for o, _ in asked.outputs),
        asked.inputs,
        results,
        forward,
        raw,
        program,
        asked.tangents,
        simple.rewrites,
        simple.facts,
    )
    trace.derivatives.append(Formed(inner, private, _rested_on(trace, question, known, private)))
    return [_facing(trace.tensors[results[a]]) for a in asked.asked]


class _Asked:
    """A question in the names of its derivation."""

    def __init__(self, question: Question, names: Mapping[str, str]) -> None:
        outputs, self.inputs = (tuple(names[t.spec.name] for t in side) for side in (question.outputs, question.inputs))
        weights = [None if w is None else names[w.spec.name] for w in question.weights]
        self.kind: Kind = question.kind
        self.asked = outputs if question.kind == "tangent" else self.inputs
        self.tangents: dict[str, str] = {}
        self.outputs: tuple[tuple[str, str | None], ...] = tuple((o, None) for o in outputs)
        if question.kind == "tangent":
            self.tangents = {i: w for i, w in zip(self.inputs, weights, strict=True) if w is not None}
        else:
            self.outputs = tuple(zip(outputs, weights, strict=True))


def _cut(forward: Program, asked: _Asked) -> Program:
    """The program with inputs and weights given, so that no formula rests on how they were made: what is derived can be
    differentiated by them again.  One that another input leads to stays as it is."""
    outputs = [o for o, _ in asked.outputs]
    weights = [w for _, w in asked.outputs if w is not None] + list(asked.tangents.values())
    needed = set(forward.restricted_to(outputs).targets())
    given: set[str] = set()
    for name in (*asked.inputs, *weights):
        led = (forward.ancestors(name) - {name}).intersection(asked.inputs)
        made = any(e.accesses for e in forward.defining(name))
        if made and (not led or name not in needed):
            given.add(name)
    tensors = {n: replace(t, role="data") if n in given else t for n, t in forward.tensors.items()}
    rest = forward.with_equations((e for e in forward.equations if e.target not in given), tensors)
    roots = dict.fromkeys((*outputs, *asked.inputs, *weights))
    return _read_only(rest.restricted_to(roots), set(roots))


def _read_only(program: Program, roots: set[str]) -> Program:
    """The program without the given tensors that no equation reads."""
    there = {a.name for e in program.equations for a in e.read}.union(program.targets(), roots)
    return replace(program, tensors={n: t for n, t in program.tensors.items() if n in there})


def _rested_on(trace: Trace, question: Question, known: Program, private: Mapping[str, str]) -> frozenset[str]:
    """The private names of the tensors whose definitions the formulas may use: all on the way to the outputs, those
    that were written out as well, but for what is given."""
    given = {private[n] for n, t in known.tensors.items() if not known.defining(n)}
    found: set[str] = set()
    queue = [t.spec.name for t in (*question.outputs, *(w for w in question.weights if w is not None))]
    program = Program(trace.specs, tuple(trace.equations), queue[0])
    while queue:
        name = queue.pop()
        if name not in found and name not in given and program.defining(name):
            found.add(name)
            queue += sorted(program.reads(name))
    return frozenset(found)


def _with_single_sums(derived: Program, known: Program) -> Program:
    """The derived program with the forward equations as they are known, and new ones along axes of size 1."""
    new = [with_single_sums(e, derived) for e in derived.equations if not known.defining(e.target)]
    forward = [e for e in known.equations if derived.defining(e.target)]
    return derived.with_equations((*forward, *new))


def _flat(question: Question) -> Program:
    """The program of the outputs as the model will hold it: unnamed tensors written out, entries of -inf settled."""
    trace = question.trace
    given = [*question.outputs, *question.inputs, *(w for w in question.weights if w is not None)]
    roots = list(dict.fromkeys(t.spec.name for t in given))
    recorded = sorted_by_need(Program(trace.specs, tuple(trace.equations), roots[0]).restricted_to(roots))
    outside = {a.name for e in recorded.equations for a in e.read}.union(roots) - set(recorded.tensors)
    tensors = {
        **recorded.tensors,
        **{n: replace(trace.specs[n], role="data") for n in outside},
    }  # of one time of a scan
    tensors = {n: tensors[n] for n in trace.specs if n in tensors}
    whole = settled(trace, replace(recorded, tensors=tensors))
    real = without_infinities(trace, with_constants_written(whole, {*roots, *trace.kept}))
    for tensor in given:
        if any(e.body.has(sp.oo, -sp.oo) for e in real.defining(tensor.spec.name)):
            name = label(trace, tensor)
            help = "take the tensor before masked_fill, or the softmax after it"
            raise mistake("SN105", f"{name} has entries of -inf, and no derivative there", help)
    named = {n for n in real.tensors if n not in trace.specs or trace.person_name(trace.specs[n]) is not None}
    return inline_unnamed(real, named | trace.kept | set(roots))


def _spoken(trace: Trace, program: Program) -> dict[str, str]:
    """Names for the tensors of a program: the person's where there are some, so that formulas keep their order."""
    namer = Namer(sizes_in(program.tensors))
    found: dict[str, str] = {}
    for key in program.tensors:
        chosen = trace.person_name(trace.specs[key])
        found[key] = namer.take(chosen or trace.hints.get(key) or "z")
    return found


def _derived(program: Program, asked: _Asked) -> Program:
    """The program with the adjoints or tangents, called u_h for ∂u/∂h and h_dot for the tangent of h."""
    namer = Namer.beside(program.tensors)
    outputs = tuple(o for o, _ in asked.outputs)
    if asked.kind == "tangent":
        return pushforward(program, asked.tangents, outputs, lambda tensor: namer.take(f"{tensor}_dot"))
    lead = program.tensors[outputs[0]].shape if asked.kind == "jacobian" else ()
    said = _said(program, outputs[0])
    return sweep(program, Seed(asked.outputs, lead), asked.inputs, lambda tensor: namer.take(f"{said}_{tensor}"))


def _said(program: Program, output: str) -> str:
    """What the output is called in the names of its adjoints: itself, or the one tensor that an unnamed sum adds up."""
    reads = sorted(program.reads(output))
    plain = len(reads) == 1 and program.tensors[reads[0]].role == "intermediate"
    return reads[0] if plain and not program.tensors[output].shape and not program.tensors[output].given else output


def _enter(trace: Trace, derived: Program, known: Program, results: Sequence[str], private: dict[str, str]) -> None:
    """The new tensors of the derived program into the trace, the results last; ``private`` learns their names."""
    new = [n for n in derived.targets() if n not in known.tensors or not known.defining(n)]
    missing = [n for n in derived.targets() if n not in new and not _is_known(trace, private[n])]
    for name in sorted((n for n in new if n not in private), key=lambda n: results.index(n) if n in results else -1):
        spec = trace.new_spec(derived.tensors[name].shape, "intermediate", facts=("derivative",))
        private[name] = Tensor(trace, spec).spec.name
        trace.hints[spec.name] = name
        trace.kept.add(spec.name)
    for name in [*missing, *new]:
        for equation in derived.defining(name):
            trace.equations.append(_entered(equation, private, trace))


def _facing(tensor: Traced) -> Tensor:
    assert isinstance(tensor, Tensor)
    return tensor


def _is_known(trace: Trace, key: str) -> bool:
    return any(e.target == key for e in trace.equations)


def _entered(equation: Equation, private: Mapping[str, str], trace: Trace) -> Equation:
    own = renamed(equation, {n: private[n] for n in {equation.target, *(a.name for a in equation.read)}})
    return replace(own, origin=None, source=trace.here()).fresh()
