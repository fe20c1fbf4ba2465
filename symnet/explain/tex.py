"""The LaTeX spelling of formulas, for amsmath."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symnet.explain.formula import Formula, Inverse, Letter, Over, Partial
from symnet.explain.notation import ANY, ATOM, FACTOR, TERM, Notation
from symnet.explain.phrases import WIDE

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega".split()  # noqa: SIM905
)
_FUNCTIONS = {
    "sigmoid": r"\sigma",
    "normal_cdf": r"\Phi",
    "normal_pdf": r"\varphi",
    "stop_gradient": r"\operatorname{sg}",
} | {name: f"\\{name}" for name in ("exp", "log", "sin", "cos", "tan", "tanh", "max", "min")}
_RELATIONS = {">=": r"\ge", "<=": r"\le"}
_NUMBERED = re.compile(r"(?P<stem>[A-Za-z]+?)(?P<number>\d+)\Z")


@dataclass(frozen=True)
class Latex(Notation):
    """``adjoints`` maps an adjoint to its tensor, so that dW1 is set as a d before W₁."""

    adjoints: Mapping[str, str] = field(default_factory=dict)
    minus = "-"
    dot = r"\cdot"
    hadamard = r"\odot"
    separator = r"\, "
    ones = r"\mathbf{1}"
    colon = "{:}"

    def level(self, formula: Formula) -> int:
        return FACTOR if isinstance(formula, (Over, Partial)) else super().level(formula)

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def number(self, digits: str) -> str:
        mantissa, _, exponent = digits.partition("e")
        return rf"{{{mantissa} \times 10^{{{int(exponent)}}}}}" if exponent else digits

    def name(self, name: str) -> str:
        if name in self.adjoints:
            return rf"\mathrm{{d}}{self.name(self.adjoints[name])}"
        constant = {"π": r"\pi", "pi": r"\mathrm{pi}", "inf": r"\infty"}.get(name)
        numbered = _NUMBERED.match(name)
        if constant is None and numbered is not None:
            return f"{_stem(numbered['stem'])}_{{{numbered['number']}}}"
        return constant or _stem(name)

    def letter(self, letter: str) -> str:
        return letter if len(letter) == 1 else f"{letter[0]}_{{{letter[1:]}}}"

    def entry(self, name: str, addresses: Sequence[Formula]) -> str:
        base = self.name(name)
        if all(isinstance(a, Letter) for a in addresses):
            low = "".join(self.letter(a.letter) for a in addresses if isinstance(a, Letter))
            return f"{{{base}}}_{{{low}}}" if "_" in base else f"{base}_{{{low}}}"
        return f"{base}[{', '.join(map(self.write, addresses))}]"

    def over(self, top: Formula, bottom: Formula) -> str:
        return rf"\frac{{{self.write(top)}}}{{{self.write(bottom)}}}"

    def power(self, base: Formula, exponent: Formula) -> str:
        return f"{self.write(base, ATOM)}^{{{self.write(exponent)}}}"

    def call(self, function: str, arguments: Sequence[Formula]) -> str:
        inner = ", ".join(map(self.write, arguments))
        if function == "sqrt":
            return rf"\sqrt{{{inner}}}"
        if function in ("zeros", "ones"):
            shape = r" \times ".join(map(self.write, arguments))
            return f"{'0' if function == 'zeros' else self.ones}_{{{shape}}}"
        if function == "abs":
            return rf"\left|{inner}\right|"
        word = _FUNCTIONS.get(function) or rf"\operatorname{{{_escaped(function)}}}"
        return rf"{word}\left({inner}\right)"

    def total(self, kind: str, letters: Sequence[str], body: Formula) -> str:
        sign = r"\sum" if kind == "sum" else r"\max"
        return "".join(f"{sign}_{{{self.letter(x)}}} " for x in letters) + self.write(body, TERM)

    def bracket(self, parts: Sequence[Formula], relations: Sequence[str]) -> str:
        text = self.write(parts[0])
        for relation, part in zip(relations, parts[1:], strict=True):
            text += f" {_RELATIONS.get(relation, relation)} {self.write(part)}"
        return rf"\left[{text}\right]"

    def delta(self, first: str, second: str) -> str:
        return rf"\delta_{{{self.letter(first)}{self.letter(second)}}}"

    def partial(self, of: Formula, by: Formula) -> str:
        return rf"\frac{{\partial {self.write(of)}}}{{\partial {self.write(by)}}}"

    def inverse(self, base: Formula) -> str:
        return rf"{self.write(base, ATOM)}^{{-1}}"

    def entry_of(self, base: Formula, addresses: Sequence[Formula]) -> str:
        low = "".join(self.letter(a.letter) for a in addresses if isinstance(a, Letter))
        return f"{self.write(base, ATOM)}_{{{low}}}"

    def transposed(self, base: Formula) -> str:
        if isinstance(base, Inverse):
            return rf"{self.write(base.base, ATOM)}^{{-\top}}"
        return rf"{self.write(base, ATOM)}^{{\top}}"

    def blocks(self, rows: Sequence[Sequence[Formula]]) -> str:
        lines = r" \\ ".join(" & ".join(map(self.write, row)) for row in rows)
        return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"

    def whole(self, top: Formula, bottom: Formula) -> str:
        return rf"\left\lfloor \frac{{{self.write(top, ANY)}}}{{{self.write(bottom)}}} \right\rfloor"

    def remainder(self, top: Formula, bottom: Formula) -> str:
        return rf"{self.write(top, FACTOR)} \bmod {self.write(bottom, FACTOR)}"


def _stem(name: str) -> str:
    if name in _GREEK:
        return f"\\{name}"
    if len(name) == 1:
        return name
    if len(name) == 4 and name.endswith("hat"):
        return rf"\hat{{{name[0]}}}"
    return rf"\mathrm{{{_escaped(name)}}}"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


#: Signs of the prose as LaTeX; what is a formula is set in mathematics.
_SIGNS = {
    "−": "$-$", "·": r"$\cdot$", "⊙": r"$\odot$", "∂": r"$\partial$", "Σ": r"$\sum$", "δ": r"$\delta$",
    "ᵀ": r"$^{\top}$", "²": "$^2$", "³": "$^3$", "ᵏ": "$^k$", "⁻": "$^-$", "¹": "$^1$", "≥": r"$\ge$", "≤": r"$\le$",
    "≠": r"$\ne$", "Φ": r"$\Phi$", "φ": r"$\varphi$", "π": r"$\pi$", "√": r"$\surd$", "±": r"$\pm$", "→": r"$\to$",
    "×": r"$\times$",
    "∈": r"$\in$", "’": "'", "…": r"\ldots{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
    "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", ">": "$>$",
    "<": "$<$", "|": "$|$",
}  # fmt: skip
_SIGNS |= {low: f"$_{high}$" for low, high in zip("ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀₁₂₃₄₅₆₇₈₉", "ijklmnprstuv0123456789", strict=True)}


def words(text: str) -> str:
    """Plain words for LaTeX: special characters escaped, mathematical signs in mathematics, ideographs as they are."""
    return "".join(_SIGNS.get(c, c if c.isascii() or c >= WIDE else "?") for c in text)
