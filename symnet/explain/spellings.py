"""The one-line spellings: Unicode for terminals, ASCII for everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from symnet.explain.formula import Add, Formula, Inverse, Letter, Number
from symnet.explain.notation import ATOM, TERM, Linear

#: Unicode has no subscript b c d f g q w y z; index letters come from this table only.
SUBSCRIPTS = dict(zip("ijklmnprstuv0123456789", "ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀₁₂₃₄₅₆₇₈₉", strict=True))
SUPERSCRIPTS = dict(zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True))


class Unicode(Linear):
    """For a terminal: W1ᵢⱼ, Σₙ, δᵢₖ, Aᵀ, ⊙."""

    minus = "−"
    dot = "·"
    hadamard = "⊙"
    functions: ClassVar[dict[str, str]] = {
        **{"normal_cdf": "Φ", "normal_pdf": "φ"},
        **{"round_down": "floor", "round_even": "round", "stop_gradient": "sg"},
    }
    relations: ClassVar[dict[str, str]] = {">=": "≥", "<=": "≤"}

    def name(self, name: str) -> str:
        return {"inf": "∞"}.get(name, name)

    def entry(self, name: str, addresses: Sequence[Formula]) -> str:
        if all(isinstance(a, Letter) for a in addresses):
            return name + "".join(self.subscript(a.letter) for a in addresses if isinstance(a, Letter))
        return self.bracketed(name, addresses)

    def subscript(self, letter: str) -> str:
        """The letter set low."""
        return "".join(SUBSCRIPTS[c] for c in letter)

    def letter(self, letter: str) -> str:
        head, number = letter[0], letter[1:]
        return head + "".join(SUBSCRIPTS[c] for c in number)

    def power(self, base: Formula, exponent: Formula) -> str:
        text = self.write(base, ATOM)
        digits = _integer(exponent)
        if digits is not None:
            return text + "".join(SUPERSCRIPTS[c] for c in digits)
        return f"{text}^{self.write(exponent, ATOM)}"

    def total(self, kind: str, letters: Sequence[str], body: Formula) -> str:
        sign = "Σ" if kind == "sum" else "max"
        return "".join(f"{sign}{self.subscript(letter)} " for letter in letters) + self.write(body, TERM)

    def delta(self, first: str, second: str) -> str:
        return f"δ{self.subscript(first)}{self.subscript(second)}"

    def partial(self, of: Formula, by: Formula) -> str:
        return f"∂{self.write(of, ATOM)}/∂{self.write(by, ATOM)}"

    def transposed(self, base: Formula) -> str:
        if isinstance(base, Inverse):
            return f"{self.write(base.base, ATOM)}⁻ᵀ"
        return f"{self.write(base, ATOM)}ᵀ"

    def inverse(self, base: Formula) -> str:
        return f"{self.write(base, ATOM)}⁻¹"

    def entry_of(self, base: Formula, addresses: Sequence[Formula]) -> str:
        return self.write(base, ATOM) + "".join(self.subscript(a.letter) for a in addresses if isinstance(a, Letter))


class Ascii(Linear):
    """Plain characters: W1[i,j], sum_n, delta[i,k], A^T, .*"""

    functions: ClassVar[dict[str, str]] = {
        **{"normal_cdf": "Phi", "normal_pdf": "phi"},
        **{"round_down": "floor", "round_even": "round", "stop_gradient": "sg"},
    }

    @property
    def dots_always(self) -> bool:
        return True

    def name(self, name: str) -> str:
        return {"π": "pi"}.get(name, name)

    def entry(self, name: str, addresses: Sequence[Formula]) -> str:
        return self.bracketed(name, addresses)

    def power(self, base: Formula, exponent: Formula) -> str:
        return f"{self.write(base, ATOM)}^{self.write(exponent, ATOM)}"

    def total(self, kind: str, letters: Sequence[str], body: Formula) -> str:
        return "".join(f"{kind}_{letter} " for letter in letters) + self.write(body, TERM)

    def delta(self, first: str, second: str) -> str:
        return f"delta[{first},{second}]"

    def partial(self, of: Formula, by: Formula) -> str:
        return f"d({self.write(of)})/d({self.write(by)})"

    def transposed(self, base: Formula) -> str:
        return f"{self.write(base, ATOM)}^T"

    def level(self, formula: Formula) -> int:
        return ATOM if isinstance(formula, Inverse) else super().level(formula)

    def inverse(self, base: Formula) -> str:
        return f"inv({self.write(base)})"

    def entry_of(self, base: Formula, addresses: Sequence[Formula]) -> str:
        return self.bracketed(self.write(base, ATOM), addresses)


def _integer(formula: Formula) -> str | None:
    if isinstance(formula, Number) and formula.digits.isdigit():
        return formula.digits
    if isinstance(formula, Add) and len(formula.terms) == 1 and formula.terms[0].negative:
        inner = _integer(formula.terms[0].term)
        return None if inner is None else f"-{inner}"
    return None
