"""LaTeX formulas in the plain grammar of parse.py: a reader that knows the commands and nothing of the printer."""

from __future__ import annotations

import re

from tests.explain.parse import Unreadable

_TOKEN = re.compile(
    r"\s*(?P<token>\\left[(\[|]|\\right[)\]|]|\\left\\lfloor|\\right\\rfloor|\\[A-Za-z]+|\\[,_]|\\\\|\d+(?:\.\d+)?|[A-Za-z]|.)"
)
_WORDS = {"log", "exp", "sin", "cos", "tan", "tanh", "max", "min"}
_GREEK = {"alpha", "beta", "gamma", "mu", "sigma", "rho", "theta", "eta", "epsilon", "lambda"}


class LatexReader:
    """One formula; ``plain`` gives it in the ASCII notation."""

    def __init__(self, text: str) -> None:
        self.tokens = [m["token"] for m in _TOKEN.finditer(text)]
        self.place = 0

    def plain(self) -> str:
        text = self.until("")
        if self.place < len(self.tokens):
            raise Unreadable(f"left over: {self.tokens[self.place :]}")
        return text

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token != expected):
            raise Unreadable(f"expected {expected!r}, found {token!r} in {''.join(self.tokens)}")
        self.place += 1
        return token

    def until(self, *ends: str) -> str:
        parts = []
        while self.peek() not in ("", *ends):
            parts.append(self.piece())
        return " ".join(parts)

    def group(self) -> str:
        self.take("{")
        text = self.until("}")
        self.take("}")
        return text

    def piece(self) -> str:
        token = self.peek()
        if token in ("\\,", "\\cdot", "\\times"):
            self.take()
            return "*"
        if token == "\\frac":
            return self.fraction()
        if token == "\\sqrt":
            self.take()
            return f"sqrt({self.group()})"
        if token in ("\\sum", "\\max") and self.tokens[self.place + 1] == "_":
            self.take()
            self.take("_")
            return f"{token[1:]}_{self.letters(self.group())[0]}"
        if token == "\\delta" and self.tokens[self.place + 1] == "_":
            self.take()
            self.take("_")
            return f"delta[{','.join(self.letters(self.group()))}]"
        if token == "\\left\\lfloor" or token == "\\left":
            return self.floor()
        if token.startswith("\\left"):
            return self.fenced()
        if token == "^" and self.tokens[self.place + 1 : self.place + 5] == ["{", "-", "\\top", "}"]:
            self.place += 5
            return "⁻ᵀ"
        if token == "^" and self.tokens[self.place + 1 : self.place + 4] == ["{", "\\top", "}"]:
            self.place += 4
            return "^T"
        if token == "\\odot":
            self.take()
            return ".*"
        if token == "\\begin":
            return self.blocks()
        if self.tokens[self.place : self.place + 3] == ["{", ":", "}"]:
            self.place += 3
            return ":"
        if token in ("0", "\\mathbf"):
            return self.filled()
        if token == "^" and self.tokens[self.place + 1 : self.place + 5] == ["{", "-", "1", "}"]:
            self.place += 5
            return "⁻¹"
        if token == "^":
            self.take()
            return f"^({self.group()})"
        if token in ("\\ge", "\\le"):
            return {"\\ge": ">=", "\\le": "<="}[self.take()]
        if token == "\\bmod":
            self.take()
            return "%"
        if token in ("+", "-", "=", "<", ">", ",") or token[0].isdigit():
            return self.take()
        return self.name()

    def blocks(self) -> str:
        """A bmatrix as blocks between brackets."""
        self.take()
        self.word()
        parts = []
        while self.peek() != "\\end":
            parts.append({"&": ",", "\\\\": ";"}[self.take()] if self.peek() in ("&", "\\\\") else self.piece())
        self.take()
        self.word()
        return f"[{' '.join(parts)}]"

    def filled(self) -> str:
        """0 and 1, zeros and ones of a shape."""
        name = "zeros" if self.take() == "0" else "ones"
        if name == "ones":
            self.word()
        if self.peek() != "_":
            return "0" if name == "zeros" else "1"
        self.take()
        self.take("{")
        sizes = [self.until("\\times", "}")]
        while self.take() == "\\times":
            sizes.append(self.until("\\times", "}"))
        return f"{name}({', '.join(sizes)})"

    def fraction(self) -> str:
        self.take()
        if self.tokens[self.place + 1] == "\\partial":
            parts = []
            for _ in range(2):
                self.take("{")
                self.take("\\partial")
                parts.append(self.until("}").replace(" ", ""))
                self.take("}")
            return f"d({parts[0]})/d({parts[1]})"
        return f"(({self.group()})/({self.group()}))"

    def floor(self) -> str:
        self.take()
        self.take("\\frac")
        text = f"(({self.group()})//({self.group()}))"
        self.take("\\right\\rfloor")
        return text

    def fenced(self) -> str:
        opening = self.take()
        end = {"\\left(": "\\right)", "\\left[": "\\right]", "\\left|": "\\right|"}[opening]
        inner = self.until(end)
        self.take(end)
        text = {"\\left(": f"({inner})", "\\left[": f"[{inner}]", "\\left|": f"abs({inner})"}[opening]
        return self.subscripted(text) if self.peek() == "_" else text

    def name(self) -> str:
        """A name with its subscripts, or a function with its arguments."""
        token = self.take()
        if token == "{" and self.tokens[self.place + 1 :].count("\\times") and self.peek()[0].isdigit():
            mantissa = self.take()
            self.take("\\times")
            self.take("10")
            self.take("^")
            exponent = self.group().replace(" ", "")
            self.take("}")
            return f"{mantissa}e{exponent}"
        if token == "{":
            base = self.name()
            self.take("}")
        elif token == "\\mathrm":
            base = self.word()
            if base == "d" and (self.peek().isalpha() or self.peek().startswith(("\\", "{"))) and self.peek() != "\\,":
                base += self.stem()
        elif token == "\\operatorname" or (token == "\\sigma" and self.peek() == "\\left("):
            base = self.word() if token == "\\operatorname" else "sigmoid"
            return base + self.fenced()
        elif token[1:] in _WORDS and token[0] == "\\":
            return token[1:] + self.fenced()
        elif token in ("\\Phi", "\\varphi"):
            return {"\\Phi": "Phi", "\\varphi": "phi"}[token] + self.fenced()
        else:
            self.place -= 1
            base = self.stem()
        return self.subscripted(base)

    def word(self) -> str:
        self.take("{")
        text = ""
        while self.peek() != "}":
            text += self.take().removeprefix("\\")
        self.take("}")
        return text

    def stem(self) -> str:
        token = self.take()
        if token == "\\mathrm":
            return self.word()
        if token == "\\hat":
            return self.word() + "hat"
        if token == "\\infty":
            return "inf"
        if token[0] == "\\" and (token[1:] in _GREEK or token == "\\pi"):
            return token[1:]
        if token.isalpha():
            return token
        raise Unreadable(token)

    def subscripted(self, base: str) -> str:
        while self.peek() == "_":
            self.take()
            start = self.place + 1
            inner = self.group()
            if self.tokens[start].isdigit():
                base += inner
            else:
                base = f"{base}[{','.join(self.letters(inner))}]"
        if self.peek() == "[":
            self.take()
            inner = self.until("]")
            self.take("]")
            base = f"{base}[{inner}]"
        return base

    def letters(self, text: str) -> list[str]:
        """``n k`` and ``n i1`` in a subscript."""
        return text.split()
