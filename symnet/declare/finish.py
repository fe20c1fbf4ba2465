"""The parts of a model with their final names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from symnet.calculus.ir import Program, TensorSpec
from symnet.calculus.verify import verify
from symnet.declare.names import renamed
from symnet.declare.tracing.trace import Trace, Traced
from symnet.model import Buffer, Computed, Input, Parameter, Values


@dataclass(frozen=True)
class Finisher:
    """Gives final names to specs, equations and programs.

    ``names`` maps private names to final ones, ``paths`` to those in modules; ``named`` are private names of tensors
    that the person named.
    """

    trace: Trace
    names: Mapping[str, str]
    named: set[str]
    paths: Mapping[str, tuple[str, ...]]

    def spec(self, key: str) -> TensorSpec:
        """What is known of one tensor."""
        return replace(self.trace.specs[key], name=self.names[key], given=key in self.named)

    def program(self, recorded: Program, output: str) -> Program:
        """The equations under their final names."""
        specs = {self.names[k]: self.spec(k) for k in recorded.tensors}
        equations = tuple(renamed(e, self.names) for e in recorded.equations)
        numbers = {str(size): number for size, number in self.trace.sizes.items() if number is not None}
        return Program(specs, equations, self.names[output], numbers=MappingProxyType(numbers))

    def sizes(self) -> dict[str, int | None]:
        """The named sizes that are not settled yet."""
        return {str(symbol): value for symbol, value in self.trace.sizes.items() if symbol not in self.trace.fixed}

    def least(self) -> dict[str, int]:
        """The least numbers of sizes that data bring."""
        return {str(symbol): number for symbol, number in self.trace.least.items()}

    def evaluation(self, trained: Program, evaluated: Program | None) -> Program | None:
        """The forward equations in evaluation, None where they are those of training."""
        if evaluated is None or list(map(str, evaluated.equations)) == list(map(str, trained.equations)):
            return None
        return verify(self.program(evaluated, evaluated.loss))

    def updates(self, flat: Program) -> Program | None:
        """The equations of what the buffers become."""
        renewed = [new.spec.name for new in self.trace.updates.values()]
        return verify(self.program(flat.restricted_to(renewed), renewed[0])) if renewed else None

    def parameters(self) -> tuple[Parameter, ...]:
        """What is trained, in the order declared."""
        keys = [key for key, spec in self.trace.specs.items() if spec.role == "parameter"]
        ways = ((key, *self._paths(key)) for key in keys)
        return tuple(Parameter(self.spec(key), self._first(key), path, tuple(more)) for key, path, *more in ways)

    def buffers(self) -> tuple[Buffer, ...]:
        """What is kept and not trained, in the order declared."""
        keys = [key for key, spec in self.trace.specs.items() if spec.role == "buffer"]
        new = {key: self.names[tensor.spec.name] for key, tensor in self.trace.updates.items()}
        ways = ((key, *self._paths(key)) for key in keys)
        return tuple(Buffer(self.spec(k), self._first(k), path, tuple(more), new.get(k)) for k, path, *more in ways)

    def inputs(self, flat: Program, sources: Mapping[str, str]) -> tuple[tuple[Input, ...], tuple[Input, ...]]:
        """Data and labels, and what is drawn for every step."""
        keys = [key for key, spec in flat.tensors.items() if spec.role in ("data", "label")]
        given, drawn = ([k for k in keys if (k in self.trace.drawn) == which] for which in (False, True))
        return tuple(self._input(k, flat, sources) for k in given), tuple(self._input(k, flat, sources) for k in drawn)

    def _input(self, key: str, flat: Program, sources: Mapping[str, str]) -> Input:
        values: Values
        if key in sources:
            recipe = flat.restricted_to([sources[key]])
            read = {a.name for e in recipe.equations for a in e.read} | {e.target for e in recipe.equations}
            recipe = replace(recipe, tensors={k: t for k, t in recipe.tensors.items() if k in read})
            values = Computed(self.program(recipe, sources[key]))
        else:
            values = self._first(key)
        spec = self.spec(key)
        axis = next((k for k, size in enumerate(spec.shape) if self.trace.size_value(size) is None), None)
        return Input(spec, values, self.trace.declared[key].classes, axis, key in self.trace.given)

    def _first(self, key: str) -> Values:
        values = self.trace.declared[key].values
        assert not isinstance(values, Traced)
        return values

    def _paths(self, key: str) -> tuple[str, ...]:
        return self.paths.get(key, (self.names[key],))
