"""Derivatives as part of a model: the one rule run on what the trace holds so far, and its equations entered there.

The adjoints of an inner derivative are ordinary equations of the model in closed form, so whatever is made of them is
differentiated by the same rule again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sympy as sp

from symnet.calculus.derive import Seed, depending_on, sweep
from symnet.calculus.ir import Equation, Program
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.matrix_rules import is_matrix_function
from symnet.calculus.pushforward import pushforward
from symnet.calculus.simplify import simplify
from symnet.calculus.single import with_single_sums, without_single_sums
from symnet.calculus.verify import verify
from symnet.declare.infinite import without_infinities
from symnet.declare.inline import inline_unnamed, with_constants_written
from symnet.declare.names import renamed
from symnet.declare.primitives import label
from symnet.declare.sizes import settled
from symnet.declare.tensor import Tensor
from symnet.declare.trace import Trace, Traced
from symnet.declare.words import mistake
from symnet.model import Inner
from symnet.naming import Namer

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
        return self.outputs[0].trace

    @property
    def asked(self) -> tuple[Tensor, ...]:
        """The tensors that get a result each: inputs, or outputs for a tangent."""
        return self.outputs if self.kind == "tangent" else self.inputs


def reaches(trace: Trace, outputs: Sequence[Tensor]) -> frozenset[str]:
    """The private names of all tensors that the outputs are computed from, and their own."""
    roots = [o.spec.name for o in outputs]
    program = Program(trace.specs, tuple(trace.equations), roots[0]).restricted_to(roots)
    read = {a.name for e in program.equations for a in e.accesses}
    return frozenset({*read, *roots})


def derivatives(question: Question) -> list[Tensor]:
    """One tensor for each input, or output of a tangent, in the order asked; their equations are entered."""
    trace = question.trace
    flat = _flat(question)
    names = _spoken(trace, flat)
    known = Program(
        {names[k]: replace(t, name=names[k], given=False) for k, t in flat.tensors.items()},
        tuple(renamed(e, names) for e in flat.equations),
        names[flat.loss],
    )
    raw = verify(_derived(question, known, names))
    asked = [names[t.spec.name] for t in question.asked]
    sizes = {str(symbol): value for symbol, value in trace.sizes.items() if symbol not in trace.fixed}
    simple = simplify(without_single_sums(raw), sizes, asked)
    program = verify(_with_single_sums(simple.program, known))
    private = {spoken: key for key, spoken in names.items()}
    _enter(trace, program, known, [program.adjoints[a] for a in asked], private)
    results = [_facing(trace.tensors[private[program.adjoints[a]]]) for a in asked]
    weights = [None if w is None else names[w.spec.name] for w in question.weights]
    outputs, inputs = ([names[t.spec.name] for t in side] for side in (question.outputs, question.inputs))
    tangent = question.kind == "tangent"
    trace.derivatives.append(
        Inner(
            question.kind,
            tuple(zip(outputs, [None] * len(outputs) if tangent else weights, strict=True)),
            tuple(inputs),
            {a: t.spec.name for a, t in zip(asked, results, strict=True)},
            raw,
            program,
            {i: w for i, w in zip(inputs, weights, strict=True) if w is not None} if tangent else {},
            simple.rewrites,
            simple.facts,
        )
    )
    return results


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
    outside = {a.name for e in recorded.equations for a in e.accesses}.union(roots) - set(recorded.tensors)
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
    namer = Namer({str(s) for t in program.tensors.values() for size in t.shape for s in size.free_symbols})
    found: dict[str, str] = {}
    for key in program.tensors:
        chosen = trace.person_name(trace.specs[key])
        found[key] = namer.take(chosen or trace.hints.get(key) or "z")
    return found


def _derived(question: Question, program: Program, names: Mapping[str, str]) -> Program:
    """The program with the adjoints or tangents, called u_h for ∂u/∂h and h_dot for the tangent of h."""
    namer = Namer(program.tensors)
    outputs, inputs = ([names[t.spec.name] for t in side] for side in (question.outputs, question.inputs))
    weights = [None if w is None else names[w.spec.name] for w in question.weights]
    if question.kind == "tangent":
        _refuse_matrices(program, tuple(inputs))
        tangents = {i: w for i, w in zip(inputs, weights, strict=True) if w is not None}
        return pushforward(program, tangents, tuple(outputs), lambda tensor: namer.take(f"{tensor}_dot"))
    lead = program.tensors[outputs[0]].shape if question.kind == "jacobian" else ()
    said = _said(program, outputs[0])
    seed = Seed(tuple(zip(outputs, weights, strict=True)), lead)
    return sweep(program, seed, tuple(inputs), lambda tensor: namer.take(f"{said}_{tensor}"))


def _refuse_matrices(program: Program, inputs: tuple[str, ...]) -> None:
    """The table of matrix functions has adjoints only."""
    moving = depending_on(program, inputs)
    through = next((e.op for e in program.equations if is_matrix_function(e) and e.target in moving), None)
    if through is not None:
        raise mistake("SN110", f"jvp through {through} is not covered", "vjp, grad, jacobian and hessian are")


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
        spec = trace.new_spec(derived.tensors[name].shape, "intermediate")
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
    own = renamed(equation, {n: private[n] for n in {equation.target, *(a.name for a in equation.accesses)}})
    return replace(own, origin=None, source=trace.here()).fresh()
