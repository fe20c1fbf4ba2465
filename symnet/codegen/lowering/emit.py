"""Function bodies of a derivation in one language, ready to be put into a script."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.detached import as_values, has_copies, held_apart
from symnet.calculus.ir import GIVEN, Index, Program, TensorSpec
from symnet.calculus.norms import with_flat_roots
from symnet.codegen.languages.spelling import Language, number_text, wrapped
from symnet.codegen.lowering.fission import fission
from symnet.codegen.lowering.inverses import without_inverses
from symnet.codegen.lowering.layout import samples_last, summed_before_last
from symnet.codegen.lowering.limits import masks_as_limits
from symnet.codegen.lowering.listed import listed
from symnet.codegen.lowering.locals import localise
from symnet.codegen.lowering.lower import lower
from symnet.codegen.lowering.memory import add_in_place, detach, own_outputs, with_values_kept
from symnet.codegen.lowering.products import plain_reshapes
from symnet.codegen.lowering.reuse import reuse
from symnet.codegen.lowering.scales import scale_the_smallest
from symnet.codegen.lowering.schedule import contiguous, drop_unused, hoist, share, shorten
from symnet.codegen.lowering.shapes import is_large
from symnet.codegen.lowering.side_by_side import side_by_side
from symnet.codegen.lowering.statements import Statement, read_names, sizes_shown
from symnet.codegen.stable.stabilise import Stable, stabilise
from symnet.codegen.wrapping import bracketed, quoted
from symnet.errors import InvariantError
from symnet.model import Derivation, Model
from symnet.naming import SCRIPT_NAMES, Namer
from symnet.reading.nodes import Iteration
from symnet.reading.read import read_program

WIDTH = 104  # of one statement, as far as naming its parts can help
LINE = 116  # of one line, before the indentation of the function

OWNED = ("parameter", "buffer")  # what a script keeps in ``params``


@dataclass(frozen=True)
class Bodies:
    """The bodies of a script's functions: unindented statements, comments included, and the expressions to return.

    ``params`` is in scope as a dict by path, inputs by their own names.
    """

    predict: tuple[str, ...]
    compute_loss: tuple[str, ...]
    loss_and_grads: tuple[str, ...]
    prediction: str
    loss: str
    gradients: tuple[tuple[str, str], ...]
    predict_inputs: tuple[str, ...]
    setup: tuple[str, ...]
    evaluate: tuple[str, ...] = ()  # the loss in evaluation, where it is another
    loss_and_buffers: tuple[str, ...] = ()  # compute_loss, and what the buffers become
    buffers: tuple[tuple[str, str], ...] = ()  # path of a buffer, and what it becomes
    held_loss: tuple[str, ...] = ()  # a function for differences, where something is detached


def bodies(derivation: Derivation, target: Language) -> Bodies:
    """The bodies in the target's language; gradients in the order of the parameters.

    Raises SymnetError where an equation has no array notation.
    """
    model, program = derivation.model, derivation.program
    paths = {p.spec.name: p.path for p in model.owned}
    writer = Writer(target, model.sizes, paths, _numbers(derivation))
    forward, evaluated = model.program, model.evaluated
    prediction = model.prediction or forward.loss
    gradients = {p: program.adjoints[p] for p in derivation.wrt}
    known = writer.known(evaluated, (prediction,))
    buffers = {b.path: b.update for b in model.buffers if b.update is not None}
    renewed = tuple(buffers.values())
    loss_and_grads = writer.function(_renewing(program, model), (program.loss, *gradients.values(), *renewed), None)
    predict = writer.function(evaluated, (prediction,), known)
    loss = writer.differentiable(forward, (forward.loss,))
    evaluate = writer.differentiable(evaluated, (evaluated.loss,)) if model.evaluation else ()
    both = writer.differentiable(_renewing(forward, model), (forward.loss, *renewed)) if renewed else ()
    return Bodies(
        predict,
        loss,
        loss_and_grads,
        prediction=prediction,
        loss=forward.loss,
        gradients=tuple((paths[p], gradients[p]) for p in paths if p in gradients),
        predict_inputs=tuple(i.spec.name for i in model.arguments if i.spec.name in known),
        setup=_setup(target, (predict, loss, loss_and_grads, evaluate, both)),
        evaluate=evaluate,
        loss_and_buffers=both,
        buffers=tuple(buffers.items()),
        held_loss=_held_loss(writer, model),
    )


def _held_loss(writer: Writer, model: Model) -> tuple[str, ...]:
    """The function for central differences: the loss with what is detached computed from parameters of its own."""
    if not has_copies(model.program):
        return ()
    program, held = held_apart(model.program, [p.spec.name for p in model.parameters])
    given = Namer((*program.tensors, *writer.sizes, *SCRIPT_NAMES)).take("held")
    paths = {new: (given, writer.paths[name]) for name, new in held.items()}
    lines = replace(writer, held=paths).function(program, (program.loss,), None)
    arguments = ("params", given, *(i.spec.name for i in model.arguments))
    return (
        bracketed("def held_loss", "(", arguments, ")", ":"),
        f'    """Return the loss; what is detached in it is computed from the parameters ``{given}``."""',
        *(f"    {line}" for line in lines),
        f"    return {program.loss}",
    )


def _renewing(program: Program, model: Model) -> Program:
    """The program with the equations of what the buffers become."""
    if model.updates is None:
        return program
    more = [e for e in model.updates.equations if e.target not in program.targets()]
    tensors = {**{e.target: model.updates.tensors[e.target] for e in more}, **program.tensors}
    return program.with_equations((*program.equations, *more), tensors)


def computed_input(program: Program, target: Language) -> tuple[tuple[str, ...], str]:
    """The lines that compute an input from others, and the expression that holds it: the program's loss."""
    writer = Writer(target, {}, {}, {})
    return writer.function(program, (program.loss,), None), program.loss


def _setup(target: Language, bodies: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The helper functions that the lines call, two blank lines before each."""
    text = "\n".join(line for lines in bodies for line in lines)
    called = {name for name in target.helpers if re.search(rf"\b{name}\(", text)}
    within = "\n".join(line for name in called for line in target.helpers[name][2:])
    called |= {name for name in target.helpers if re.search(rf"\b{name}\(", within)}
    return tuple(line for name, code in target.helpers.items() if name in called for line in ("", "", *code))


def _numbers(derivation: Derivation) -> Mapping[str, str]:
    """What each tensor of the derivation is called there: ``(2)``, ``step 3:`` or nothing."""
    steps = {name: k for k, name in enumerate(derivation.steps, 1)}
    forward = {name: k for k, name in enumerate(derivation.model.program.targets(), 1)}
    return {
        name: f"step {steps[name]}:" if name in steps else f"({forward[name]})" if name in forward else ""
        for name in derivation.program.targets()
    }


@dataclass(frozen=True)
class Writer:
    """Writes one function after the other."""

    language: Language
    sizes: Mapping[str, int | None]
    paths: Mapping[str, str]
    numbers: Mapping[str, str]  # what a tensor is called in the derivation
    held: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # second parameters: in which dict, and the path

    def known(self, program: Program, outputs: tuple[str, ...]) -> frozenset[str]:
        """The given tensors that the outputs depend on, or that show a size which no other of them shows."""
        needed = program.restricted_to(outputs)
        found = {a.name for e in needed.equations for a in e.read}.union(outputs)
        given = [t for t in program.tensors.values() if t.role in GIVEN]
        shown = [x for e in needed.equations for x in (e.body, *(i.size for i in e.indices))]
        sizes = {s for x in shown for s in x.free_symbols if not isinstance(s, Index)}
        for size in sorted(sizes, key=lambda s: str(s.name)):
            showing = [t for t in given if size in t.shape]
            if showing and not any(t.name in found or t.role in OWNED for t in showing):
                found.add(showing[0].name)
        return frozenset(found)

    def function(self, program: Program, outputs: tuple[str, ...], scope: frozenset[str] | None) -> tuple[str, ...]:
        """The lines that compute the outputs.  ``scope``: the inputs at hand, all of them if None."""
        stable = stabilise(as_values(program).restricted_to(outputs), frozenset(outputs))
        apart = fission(stable.program, frozenset(outputs))
        apart = scale_the_smallest(apart, stable.sums, frozenset(outputs), self.sizes)
        return self._written(replace(stable, program=apart), None, outputs, scope)

    def differentiable(self, program: Program, outputs: tuple[str, ...]) -> tuple[str, ...]:
        """The same for a function that autograd differentiates.

        What no value depends on is kept out of its graph, and so is what the model detaches.
        """
        program = program if self.language.name == "torch" else as_values(program)
        stable = stabilise(program.restricted_to(outputs), frozenset(outputs))
        if self.language.name == "torch":
            stable = replace(stable, program=with_flat_roots(stable.program))
        return self._written(stable, stable.shifts, outputs, None)

    def _written(
        self, stable: Stable, detached: frozenset[str] | None, outputs: tuple[str, ...], scope: frozenset[str] | None
    ) -> tuple[str, ...]:
        program, exchanged = samples_last(stable.program, frozenset(outputs)), frozenset[str]()
        if self.language.name == "numpy":
            program, exchanged = summed_before_last(program, frozenset(outputs), self.sizes)
        taken = (*program.tensors, *self.numbers, *self.sizes)
        names = Namer((*taken, *SCRIPT_NAMES, *dir(builtins), *self.language.helpers))
        shapes = {n: t.shape for n, t in program.tensors.items()}
        stores = read_program(program, self.sizes, names.take("t"))
        lowered = lower(program, stores, frozenset(outputs), self._like(program))
        statements = plain_reshapes(without_inverses(lowered), program)
        statements = localise(drop_unused(hoist(statements, names), outputs), outputs)
        if self.language.name == "numpy":
            statements = side_by_side(statements, names, outputs)
            statements = masks_as_limits(statements, names, lambda a: is_large(a, shapes, self.sizes))
        statements = drop_unused(share(statements, names), outputs)
        if self.language.name == "numpy":
            statements = add_in_place(contiguous(statements, names))
        statements = detach(statements, detached or frozenset())
        given = frozenset(n for n, t in program.tensors.items() if t.role in GIVEN)
        statements = own_outputs(statements, given, outputs)
        if self.language.name == "numpy":
            statements = reuse(statements, shapes, given.union(outputs), self.sizes)
        if detached is not None and self.language.name == "torch":
            statements = with_values_kept(listed(statements, outputs))
        statements = shorten(statements, names, self._fits)
        return (*self._unpacked(program, statements, scope), *self._lines(statements, program, exchanged))

    def _like(self, program: Program) -> TensorSpec:
        """A given float tensor that the equations read: it shows the dtype and the device."""
        read = {a.name for e in program.equations for a in e.read}
        given = [t for t in program.tensors.values() if t.role != "label" and t.role in GIVEN and not t.integer]
        if not given:
            raise InvariantError("a program without real inputs has no dtype")
        return next((t for t in given if t.name in read), given[0])

    def _fits(self, statement: Statement) -> bool:
        return len(self.language.line(statement)) <= WIDTH

    def _lines(self, statements: Iterable[Statement], program: Program, exchanged: frozenset[str]) -> Iterator[str]:
        """Each statement with its tensor's comment, once for each tensor; the comment stands above a long one."""
        said: set[str] = set()
        loop: Iteration | None = None
        for statement in statements:
            if statement.loop is not None and statement.loop != loop:
                times = f"range({number_text(statement.loop.size).text})"
                yield f"for {statement.loop.time.name} in {f'reversed({times})' if statement.loop.backward else times}:"
            loop = statement.loop
            indent = "    " if loop is not None else ""
            text = self.language.line(statement)
            comment = "" if statement.target in said else self._comment(statement.target, program)
            comment += ", the last two exchanged" if comment and statement.target in exchanged else ""
            said.add(statement.target)
            if comment and len(indent) + len(text) + len(comment) + 4 > LINE:
                yield f"{indent}# {comment}"
                comment = ""
            lines = wrapped(f"{text}  # {comment}" if comment else text, LINE - len(indent))
            yield from (f"{indent}{line}" for line in lines)

    def _comment(self, target: str, program: Program) -> str:
        """``(2) [N,H]`` for a forward tensor, ``step 3: [H,C]`` for an adjoint: the axes as they lie in memory."""
        if target not in self.numbers:
            return ""
        shape = ",".join(str(size) for size in program.tensors[target].shape)
        return f"{self.numbers[target]} [{shape}]".lstrip()

    def _unpacked(
        self, program: Program, statements: tuple[Statement, ...], scope: frozenset[str] | None
    ) -> tuple[str, ...]:
        """``W = params["W"]`` for the parameters that are used and ``N = X.shape[0]`` for the sizes."""
        used = set().union(*(read_names(s) for s in statements)) if statements else set()
        tensors = program.tensors.values()
        inputs = [t for t in tensors if t.role in ("data", "label") and (scope is None or t.name in scope)]
        second = [f"{n} = {given}[{quoted(path)}]" for n, (given, path) in self.held.items() if n in used]
        owned = [t for t in tensors if t.role in OWNED]
        shown = {x for s in statements for e in sizes_shown(s) for x in e.free_symbols}
        symbols = {s for s in shown if not isinstance(s, sp.Dummy)}  # a loop's time is no size
        lines: list[str] = []
        at_hand = sorted((*inputs, *owned), key=lambda t: t.name not in used)
        for symbol in sorted(symbols, key=lambda s: s.name):
            where = next(((t, t.shape.index(symbol)) for t in at_hand if symbol in t.shape), None)
            if where is None:
                lines.append(f"{symbol.name} = {self._size(symbol)}")
                continue
            tensor, axis = where
            used.add(tensor.name)
            lines.append(f"{symbol.name} = {tensor.name}.shape[{axis}]")
        unpack = [f"{t.name} = params[{quoted(self.paths.get(t.name, t.name))}]" for t in owned if t.name in used]
        return (*unpack, *second, *lines)

    def _size(self, symbol: sp.Symbol) -> str:
        number = self.sizes.get(symbol.name)
        if number is None:
            raise InvariantError(f"no array at hand shows the size {symbol}")
        return number_text(sp.Integer(number)).text
