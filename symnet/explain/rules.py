"""The names of the rules at work in one step, and what is to be said about them, read off the equations alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Access, Equation, Index, IntegerAccess, atoms
from symnet.calculus.matrices import MATRIX_FUNCTIONS, MatrixFunction

#: Functions by the derivative that a person learns, in the function's own output where it has one.
DERIVATIVES: Mapping[type, tuple[str, str]] = {
    sp.exp: ("exp", "exp' = exp"),
    sp.log: ("log", "log'(u) = 1/u"),
    sp.tanh: ("tanh", "tanh' = 1 − tanh²"),
    sp.sin: ("sin", "sin' = cos"),
    sp.cos: ("cos", "cos' = −sin"),
    scalars.sigmoid: ("sigmoid", "sigmoid' = sigmoid (1 − sigmoid)"),
    scalars.softplus: ("softplus", "softplus' = sigmoid"),
    scalars.relu: ("relu", "relu'(z) = [z > 0], relu'(0) := 0 as PyTorch"),
    scalars.leaky_relu: ("leaky_relu", "leaky_relu'(z) = 1 for z > 0, else the slope; at 0 the slope, as PyTorch"),
    scalars.absolute: ("abs", "abs'(u) = sign(u), abs'(0) := 0 as PyTorch"),
    scalars.clip: ("clip", "clip'(u) = 1 inside and at the bounds, else 0, as PyTorch"),
    scalars.huber: ("huber", "huber'(r) = r clipped to ±delta"),
    scalars.maximum: ("maximum", "at a = b each side gets half, as PyTorch"),
    scalars.minimum: ("minimum", "at a = b each side gets half, as PyTorch"),
    scalars.normal_cdf: ("normal_cdf", "Φ' = φ, the density of the normal distribution"),
    scalars.normal_pdf: ("normal_pdf", "φ(z) = exp(−z²/2)/√(2π), so φ'(z) = −z φ(z)"),
    scalars.where: ("where", "the derivative of the branch that is taken"),
}


#: Said of a step whose formula divides by a norm.
WHERE_A_NORM_IS_0 = "the formula is for a norm > 0; where it is 0 the scripts take 0 for its inverse, as PyTorch does"

#: Functions of whole matrices by the name of their rule.
MATRIX_RULES: Mapping[str, str] = {
    "inv": "inverse",
    "det": "determinant",
    "logdet": "log determinant",
    "logabsdet": "log determinant",
    "cholesky": "Cholesky factor",
    "eigvalsh": "eigenvalues",
    "eigenvectors": "eigenvectors",
    "svdvals": "singular values",
    "left_singular": "singular vectors",
    "right_singular": "singular vectors",
    "matrix_exp": "matrix exponential",
    "pinv": "pseudo-inverse",
    "prod": "product of many",
    "prod_of_others": "product of many",
}


@dataclass(frozen=True)
class Use:
    """One place where a tensor is read: the forward equation, the read, and the adjoint equation it gives."""

    forward: Equation
    read: Access
    adjoint: Equation
    derivative: sp.Expr
    to_loss: bool  # the forward equation makes the loss itself

    @cached_property
    def functions(self) -> frozenset[type]:
        """The kinds of functions that the read stands inside of."""
        return frozenset(type(c) for c in atoms(self.forward.body, sp.Function) if self.read in atoms(c, Access))

    @cached_property
    def powers(self) -> tuple[sp.Expr, ...]:
        """The exponents of the powers that the read stands in the base of."""
        return tuple(p.exp for p in atoms(self.forward.body, sp.Pow) if self.read in atoms(p.base, Access))


def rules_of(uses: list[Use]) -> tuple[str, ...]:
    """The names of the rules that one adjoint needs, in the order in which a person would apply them."""
    names = [rule for use in uses for rule, applies in _RULES for rule in ([rule] if applies(use) else [])]
    for use in uses:
        names += [name for kind, (name, _) in DERIVATIVES.items() if _under(use, kind)]
    if len(uses) > 1 or any(_repeated(use) for use in uses):
        names.append("sum over every place it is used")
    if not names:
        names.append("addition" if all(abs(u.derivative) == 1 for u in uses) else "product with a constant")
    return tuple(dict.fromkeys(names))


def remarks_of(uses: list[Use]) -> tuple[str, ...]:
    """What a person should be told about these rules: the derivatives used, the kinks, the usual slips."""
    said = [text for use in uses for kind, (_, text) in DERIVATIVES.items() if _under(use, kind)]
    if any(_power(use) for use in uses):
        said.append("power: (uᵏ)' = k uᵏ⁻¹ u'")
    said += [f"the 1/{_written(_extent(use))} of the mean is most often forgotten" for use in uses if _mean(use)]
    if any(atoms(use.forward.body, stop_gradient) for use in uses):
        said.append("no gradient flows through sg(u): it has the value of u, and its derivative is 0")
    if any(use.forward.op == "max" for use in uses):
        ties = uses[0].forward.ties
        said.append(
            "equal maxima share the derivative equally" if ties == "share" else "the first maximum takes it all"
        )
    said += [_matrix_remark(MATRIX_FUNCTIONS[use.forward.op]) for use in uses if use.forward.op in MATRIX_FUNCTIONS]
    if any(_elementwise(use) and use.adjoint.left and _is_function(use) for use in uses):
        said.append("the Jacobian is diagonal: elementwise product, not matmul")
    if any(_gathers(use) for use in uses):
        said.append("a read at a label is undone by an addition at that label: only that place gets a share")
    return tuple(dict.fromkeys(said))


def _matrix_remark(function: MatrixFunction) -> str:
    if not function.condition:
        return f"the adjoint of {function.name} follows from {function.source}"
    return f"the adjoint of {function.name} is that of {function.source}; it needs {function.condition}"


def why_transposed(equation: Equation, letter: Callable[[Index], str]) -> str | None:
    """The reason for a transpose in a matrix product: the place of the summed index in both factors."""
    if len(equation.reduced) != 1:
        return None
    (summed,) = equation.reduced
    reads = [a for a in equation.accesses if summed in a.addresses and len(a.addresses) == 2]
    if len(reads) != 2:
        return None
    places = {a.addresses.index(summed) for a in reads}
    if len(places) == 2:
        return None
    return f"the sum runs over {letter(summed)}, the {'first' if places == {0} else 'last'} index of both"


def _under(use: Use, kind: type) -> bool:
    """Whether the read stands inside a function of this kind."""
    return kind in use.functions


def _power(use: Use) -> bool:
    return any(exponent.is_number and exponent not in (-1, 0) for exponent in use.powers)


def _quotient(use: Use) -> bool:
    return -1 in use.powers


def _linear(use: Use) -> bool:
    return use.read not in atoms(use.derivative, Access)


def _matmul(use: Use) -> tuple[Access, Access] | None:
    """The two factors if the forward equation is a plain matrix product."""
    forward = use.forward
    if len(forward.reduced) != 1 or forward.op != "+" or not forward.body.is_Mul:
        return None
    reads = [a for a in forward.body.args if isinstance(a, Access)]
    (summed,) = forward.reduced
    if (
        len(reads) != 2
        or any(summed not in a.addresses for a in reads)
        or len(reads[0].addresses + reads[1].addresses) < 3
    ):
        return None
    first = {i for i in forward.left if i in reads[0].addresses}
    second = {i for i in forward.left if i in reads[1].addresses}
    if first & second or not (first | second):
        return None
    order = {i: k for k, i in enumerate(forward.left)}
    reads.sort(key=lambda a: min((order[i] for i in forward.left if i in a.addresses), default=len(order)))
    return reads[0], reads[1]


def _left_factor(use: Use) -> bool:
    factors = _matmul(use)
    return factors is not None and use.read == factors[0]


def _right_factor(use: Use) -> bool:
    factors = _matmul(use)
    return factors is not None and use.read == factors[1]


def _mean(use: Use) -> bool:
    forward = use.forward
    if not forward.reduced or forward.op != "+" or not forward.body.is_Mul:
        return False
    extent = _extent(use)
    divisors = sp.Mul(*(a for a in forward.body.args if not atoms(a, Access, Index)))
    return bool(extent != 1 and divisors * extent == 1)


def _extent(use: Use) -> sp.Expr:
    return sp.Mul(*(i.size for i in use.forward.reduced))


def _written(extent: sp.Expr) -> str:
    """``N``, ``(N T)``: the number as it stands under a bar."""
    factors = [str(f) for f in sp.Mul.make_args(extent)]
    return factors[0] if len(factors) == 1 else f"({' '.join(factors)})"


def _sum(use: Use) -> bool:
    return bool(use.forward.reduced) and use.forward.op == "+" and _matmul(use) is None and not _mean(use)


def _broadcast(use: Use) -> bool:
    if use.forward.op != "+" or _matmul(use) is not None:
        return False
    own = atoms(use.read, Index)
    return any(i not in own for i in use.forward.left)


def _elementwise(use: Use) -> bool:
    return not use.forward.reduced and set(use.forward.left) == atoms(use.read, Index) and not _gathers(use)


def _is_function(use: Use) -> bool:
    return not use.derivative.is_number


def _product(use: Use) -> bool:
    others = atoms(use.derivative, Access) - {use.read}
    return _matmul(use) is None and bool(others) and _linear(use) and not use.functions


def _gathers(use: Use) -> bool:
    return any(atoms(a, IntegerAccess) for a in use.read.addresses)


def _windows(use: Use) -> bool:
    return any(not isinstance(a, Index) and atoms(a, Index) and not atoms(a, IntegerAccess) for a in use.read.addresses)


def _repeated(use: Use) -> bool:
    return sum(a.name == use.read.name for a in use.forward.accesses) > 1


def _is_function_of_matrix(op: str) -> Callable[[Use], bool]:
    return lambda use: use.forward.op == op


_RULES: tuple[tuple[str, Callable[[Use], bool]], ...] = (
    ("mean", _mean),
    ("sum", _sum),
    ("matmul, left factor", _left_factor),
    ("matmul, right factor", _right_factor),
    ("max", lambda use: use.forward.op == "max"),
    *((rule, _is_function_of_matrix(op)) for op, rule in MATRIX_RULES.items()),
    ("broadcast forward = sum backward", _broadcast),
    ("gather forward = scatter backward", _gathers),
    ("each place it was moved to", _windows),
    ("quotient", _quotient),
    ("power", _power),
    ("product", _product),
    ("elementwise", lambda use: _elementwise(use) and _is_function(use) and not _product(use)),
    ("chain", lambda use: not use.to_loss and not _linear(use)),
)
