"""Which adjoints keep a name: what is cheaper inside its consumers goes there, what a person wants to see stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symnet.calculus.ir import Index
from symnet.simplify.adjoints import Adjoints, Candidate
from symnet.simplify.atoms import Var, factors_in, names_of, rank_of
from symnet.simplify.collapse import is_contraction
from symnet.simplify.cost import sums_of
from symnet.simplify.definitions import Definition
from symnet.simplify.moves import LONGEST

#: What a person may be asked to pay for one formula instead of a chain of steps that nobody named.
CHAIN = 1.125

#: What it may cost that ``a X - a mu`` becomes ``a (X - mu)``: the two terms lose the digits that X and mu share.
GATHERED = 1.25

#: Terms times factors of a formula that is tried without a name in it: all that ever paid had less than 300, and what
#: an unrolled loop writes out entry by entry has thousands, with a work that grows as their square.
TRIED = 400


class Steps:
    """Decides over finished adjoints."""

    def __init__(self, adjoints: Adjoints) -> None:
        self.all = adjoints
        self._gone: dict[str, None] = {}  # names that stand in no formula any more
        self._put: dict[str, tuple[str, ...]] = {}  # adjoint -> what was put into it, by the models of the names
        self._refused: set[tuple[tuple[str, tuple[str, ...]], ...]] = set()

    def put_in_pointwise(self) -> None:
        """A pointwise adjoint goes into its consumers where that is cheaper for all together; the latest first.

        Then several that one consumer alone reads go there together: each by itself may not pay, as where they share a
        root that only their sum has in common.
        """
        readers = _Readers(self.all)
        for name in reversed(self.all.finished):
            self._put_in((name,), readers.of(name), readers)
        place = {name: k for k, name in enumerate(self.all.finished)}
        for consumer in reversed(self.all.finished):
            for deep in (False, True):
                names = sorted(self._only_for(consumer, readers, deep), key=place.__getitem__, reverse=True)
                small = [name for name in names if self._rank(name) < self._rank(consumer)]  # the sums of its rows
                for chosen in (names, small) if 1 < len(small) < len(names) else (names,):
                    if len(chosen) > 1 and consumer not in self._gone:
                        self._put_in(tuple(chosen), (consumer,), readers)

    def _only_for(self, consumer: str, readers: _Readers, deep: bool) -> set[str]:
        """The adjoints that the consumer alone reads; ``deep``: unnamed ones, also those that only such ones read."""
        found: set[str] = set()
        queue = [consumer]
        while queue:
            for name in sorted(self.all.reads(queue.pop())):
                by = {*readers.of(name)}  # of a dead one, none
                alone = name in self.all.finished and by and by <= {consumer, *found}
                if name in found or not alone or not self._may_go(name, (consumer,)):
                    continue
                if deep and self.all.program.tensors[name].given:
                    continue
                found.add(name)
                queue += [name] if deep else []
        return found

    def _may_go(self, name: str, consumers: tuple[str, ...]) -> bool:
        """Whether the adjoint may lose its name to its consumers at all."""
        if name in self.all.wanted or not consumers or not set(consumers) <= set(self.all.finished):
            return False
        if len(consumers) > 2 and not self._is_copy(name):
            return False
        return not self._is_matrix_product(name) and not self._overlaps(name, consumers)

    def _put_in(self, names: tuple[str, ...], consumers: tuple[str, ...], readers: _Readers) -> None:
        """The consumers without the names, if they may go and that is cheaper."""
        alike = tuple((self._model(n), self._put.get(n, ())) for n in (*names, "", *consumers))
        if alike in self._refused or not all(self._may_go(name, consumers) for name in names):
            return
        self._refused.add(alike)
        forms = {c: self._without(names, c) for c in consumers}
        found = {c: form for c, form in forms.items() if form is not None}
        if len(found) < len(consumers):
            return
        gone = self._no_longer_read(names, found, readers)
        now = sum(self._cost(n) for n in gone) + sum(self._cost(c) for c in consumers)
        then = sum(self._cost_of(form, c, readers) for c, form in found.items())
        copy = len(names) == 1 and self._is_copy(names[0])
        unnamed = (len(consumers) == 1 or copy) and not any(self.all.program.tensors[n].given for n in names)
        limit = now * (CHAIN if len(names) > 1 else 1) if unnamed else now
        closed = [c for c, form in found.items() if form.gathered and not self.all.candidates[c].gathered]
        if closed:
            limit = now * GATHERED
        rows = len(names) > 1 and all(self._rank(n) < self._rank(c) for n in names for c in consumers)
        if then > limit or (then == now and not (unnamed or rows)):
            return
        for c, form in found.items():
            formals = self.all.finished[c].formals
            self.all.candidates[c] = form
            self.all.finished[c] = Definition(c, formals, form.poly)
            self.all.definitions.by_name[c] = Definition(c, formals, form.base)
            self._put[c] = (*self._put.get(c, ()), *map(self._model, names))
        self._refused.discard(alike)
        self._gone.update(dict.fromkeys(names))
        readers.renew(found)
        for c in closed:
            self._sums_again(c, readers)

    def _sums_again(self, name: str, readers: _Readers) -> None:
        """Plain sums of an adjoint that has got a closed form: one that was not seen before may be 0 now."""
        self.all.moves.collapse.forget()
        for reader in readers.of(name):
            definition = self.all.definitions.by_name.get(reader)
            sums = sums_of(definition.poly) if definition is not None else ()
            if definition is None or not all(len(s.parts[1]) == 1 and name in s.names for s in sums) or not sums:
                continue
            form = self.all.improved(definition.poly, definition.formals, lambda _: False, ())
            if not form.poly:
                self.all.candidates[reader] = form
                self.all.finished[reader] = Definition(reader, definition.formals, form.poly)
                self.all.definitions.by_name[reader] = Definition(reader, definition.formals, form.base)
                readers.renew((reader,))

    def _model(self, name: str) -> str:
        """The first of the equal layers' adjoints: what does not pay there is not tried in its copies."""
        return self.all.models.get(name, name)

    def _is_copy(self, name: str) -> bool:
        """Whether it is another adjoint under a second name: ``dz = dR``."""
        shown = self.all.finished[name]
        return len(shown.poly) == 1 and all(
            c == len(mono) == mono[0][1] == 1 and mono[0][0].kind == "read" and mono[0][0].parts == shown.formals
            for mono, c in shown.poly.items()
        )

    def _is_matrix_product(self, name: str) -> bool:
        """Whether a sum of full rank stands in it, which belongs in a step of its own."""
        rank = rank_of(self.all.finished[name].formals)
        return any(
            len(s.free) >= rank > 0 and is_contraction(s) for s in sums_of(self.all.definitions.by_name[name].poly)
        )

    def _overlaps(self, name: str, consumers: tuple[str, ...]) -> bool:
        """Whether it adds up overlapping windows and is read at shifted places: put in, the place of a delta would be
        no index any more, and nothing could say the accumulation as arrays."""
        sums = sums_of(self.all.definitions.by_name[name].poly)
        deltas = [a for s in sums for a, _ in s.parts[1] if a.kind == "delta"]
        reads = [a for c in consumers for e in self.all.equations[c] for a in e.accesses if a.name == name]
        moved = any(not isinstance(address, Index) for read in reads for address in read.addresses)
        return moved and any(not isinstance(address, Var) for delta in deltas for address in delta.parts)

    def show_values(self) -> None:
        """A gradient that is just a named product shows the product; the person's steps on the way stay.

        The adjoint of a tensor that the person named also stays where it is a plain number such as 1/N, which costs
        nothing and is what people forget.
        """
        readers = _Readers(self.all)
        for name in self.all.wanted:
            poly = self.all.finished[name].poly if name in self.all.finished else {}
            for mono, c in list(poly.items())[:1]:
                read = mono[0][0] if len(poly) == len(mono) == c == 1 and mono[0][1] == 1 else None
                source = self.all.finished.get(read.head) if read is not None and read.kind == "read" else None
                if (
                    read is not None
                    and source is not None
                    and source.name not in self.all.wanted
                    and source.product is not None
                    and readers.of(source.name) == (name,)
                ):
                    value = self.all.sums.rename_poly(source.poly, dict(zip(source.formals, read.parts, strict=True)))
                    self.all.finished[name] = Definition(name, self.all.finished[name].formals, value)
                    if self.all.program.tensors[source.name].given:
                        self.all.kept[source.name] = None
        for name, definition in self.all.finished.items():
            constant = not any(a.free for mono in definition.poly for a, _ in mono)
            spec = self.all.program.tensors[name]
            if name in self.all.trivial and definition.poly and constant and spec.given and spec.rank:
                self.all.kept[name] = None

    def _no_longer_read(
        self, names: tuple[str, ...], forms: Mapping[str, Candidate], readers: _Readers
    ) -> dict[str, None]:
        """The names and the adjoints that are dead once the consumers have the new forms."""
        gone = dict.fromkeys(names)
        still = frozenset[str]().union(*(names_of(form.poly) for form in forms.values()))
        queue = [*names, *forms]
        while queue:
            for read in sorted(self.all.reads(queue.pop())):
                if read in gone or read in still or read in self.all.wanted or read not in self.all.finished:
                    continue
                if all(r in gone or r in forms for r in readers.of(read)):
                    gone[read] = None
                    queue.append(read)
        return gone

    def _rank(self, name: str) -> int:
        return rank_of(self.all.finished[name].formals)

    def _cost(self, name: str) -> float:
        shown = self.all.finished[name]
        return self.all.costs.of(shown.poly, shown.formals)

    def _cost_of(self, form: Candidate, consumer: str, readers: _Readers) -> float:
        """What a form costs where the steps that it reads stand already; one that nothing reads any more does not."""
        read = names_of(form.poly) & self.all.finished.keys()
        if any(not readers.of(name) and name not in self.all.wanted for name in read):
            return form.cost
        return self.all.costs.of(form.poly, self.all.finished[consumer].formals)

    def _without(self, names: tuple[str, ...], consumer: str) -> Candidate | None:
        """The consumer's form with the definitions of the names put in, or None where one stands inside a sum,
        or where the formula is too long already."""
        poly, formals = self.all.definitions.by_name[consumer].poly, self.all.finished[consumer].formals
        if len(poly) > LONGEST and not all(map(self._is_copy, names)):
            return None  # a sum over all steps of an unrolled loop: nobody reads it as one formula
        events = self.all.candidates[consumer].events
        for name in names:
            opened = self.all.moves.collapse.opened(poly, name)
            if opened is None:
                return None
            poly, events = opened[0], (*events, *opened[1])
            for atom in [a for mono in poly for a, e in mono if a.kind == "paren" and name in a.names and e == 1]:
                poly = self.all.moves.collapse.put(poly, atom, atom.parts[0])
            for atom in [a for mono in poly for a, e in mono if a.kind == "read" and a.head == name and e == 1]:
                body = self.all.definitions.by_name[name]
                poly = self.all.moves.collapse.put(
                    poly, atom, self.all.sums.rename_poly(body.poly, dict(zip(body.formals, atom.parts, strict=True)))
                )
            if name in names_of(poly):
                return None
        if len(poly) * factors_in(poly) > TRIED:
            return None
        order = list(self.all.finished)
        before = set(order[: order.index(consumer)]) - {*names, *self._gone}
        form = self.all.improved(poly, formals, before.__contains__, events)
        unreadable = {*names, *order[order.index(consumer) :]}  # a sum may be known by the name of a later gradient
        return form if unreadable.isdisjoint(names_of(form.poly)) else None


class _Readers:
    """Live tensor -> the live tensors that read it, in program order; kept up while adjoints get other forms."""

    def __init__(self, adjoints: Adjoints) -> None:
        self.all = adjoints
        self._order = {name: k for k, name in enumerate(adjoints.program.targets())}
        self._roots = {*adjoints.wanted, *adjoints.kept}
        self._reads: dict[str, frozenset[str]] = {}
        self._by: dict[str, set[str]] = {}
        self._enter(self._roots)

    def of(self, name: str) -> tuple[str, ...]:
        """The live tensors that read the tensor."""
        return tuple(sorted(self._by.get(name, ()), key=self._order.__getitem__))

    def renew(self, names: Iterable[str]) -> None:
        """The tensors have other forms now."""
        for name in names:
            old = self._reads.pop(name)
            self._enter((name,))
            self._leave(name, old - self._reads[name])

    def _enter(self, names: Iterable[str]) -> None:
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in self._reads and name in self._order:
                self._reads[name] = self.all.reads(name)
                for read in self._reads[name]:
                    self._by.setdefault(read, set()).add(name)
                stack += self._reads[name]

    def _leave(self, name: str, reads: Iterable[str]) -> None:
        stack = [(name, read) for read in reads]
        while stack:
            reader, read = stack.pop()
            self._by[read].discard(reader)
            if self._by[read] <= {read} and read not in self._roots and read in self._reads:
                stack += [(read, r) for r in self._reads.pop(read)]
