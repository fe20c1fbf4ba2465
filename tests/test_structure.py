"""The house: which way imports run, how long files and functions are, what starts without NumPy and torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "symnet"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
LONGER = {"_shared": 52}  # one call that fills a template's context, a line for each field

#: A part may import parts of lower rank, and itself.  Tools that check stand above what they check.
RANKS = {
    "naming": 0,
    "version": 0,
    "files": 2,
    "calculus": 1,
    "simplify": 2,
    "errors": 1,
    "diagnostics": 2,
    "model": 3,
    "declare": 4,
    "reading": 4,
    "explain": 5,
    "codegen": 5,
    "verify": 6,
    "pipeline": 7,
    "doctor": 7,
    "terminal": 7,
    "cli": 8,
    "testing": 8,
    "__init__": 5,
    "__main__": 9,
}
#: Parts of one rank that may still see each other: errors hold a Source, and calculus raises errors.
FRIENDS = {("calculus", "errors"), ("errors", "calculus")}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The first name below the package: ``symnet.calculus.ir`` is of ``calculus``."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


MODULES = {module_of(f) for f in FILES}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module of the package that a file imports, in functions and under TYPE_CHECKING too."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "symnet")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "symnet":
            assert node.level == 0, f"{path}: a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else str(node.module)


def typing_only(path: Path) -> set[str]:
    """What is imported under ``if TYPE_CHECKING`` alone, which no program ever loads."""
    blocks = [n for n in ast.walk(tree(path)) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {str(i.module) for b in blocks for i in ast.walk(b) if isinstance(i, ast.ImportFrom)}


def wrong_imports(edges: dict[str, set[str]]) -> list[str]:
    return [
        f"{module} imports {target}"
        for module, targets in sorted(edges.items())
        for target in sorted(targets)
        if part_of(module) != part_of(target)
        and RANKS[part_of(module)] <= RANKS[part_of(target)]
        and (part_of(module), part_of(target)) not in FRIENDS
    ]


def cycle_in(edges: dict[str, set[str]]) -> list[str]:
    """Some cycle of modules, or []."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for target in sorted(edges.get(module, ())):
                found = visit(target, [*path, module])
                if found:
                    return found
            done.add(module)
        return []

    return next((c for m in sorted(edges) if (c := visit(m, []))), [])


def edges() -> dict[str, set[str]]:
    return {module_of(f): {*imported(f)} for f in FILES}


def test_imports_run_one_way() -> None:
    assert wrong_imports(edges()) == []


def test_no_cycle_of_modules() -> None:
    loaded = {module_of(f): imported(f) - typing_only(f) - {module_of(f)} for f in FILES}
    assert cycle_in(loaded) == []


def test_the_checks_of_imports_can_fail() -> None:
    assert wrong_imports({"symnet.calculus.ir": {"symnet.codegen.lowering.emit"}})
    assert wrong_imports({"symnet.explain.text": {"symnet.codegen.lowering.emit"}})
    assert not wrong_imports({"symnet.codegen.lowering.emit": {"symnet.reading.read"}})
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_every_part_has_a_rank() -> None:
    assert {part_of(module_of(f)) for f in FILES} <= set(RANKS)


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(ROOT)) for f in FILES])
def test_files_and_functions_are_short_and_plain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno + 1 <= LONGER.get(node.name, LONGEST_FUNCTION), (
                f"{node.name} is longer"
            )
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            reraised = any(isinstance(n, ast.Raise) for n in ast.walk(node))
            assert not broad or reraised, f"line {node.lineno}: a broad except"
    for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "/work" + "/"):
        assert word not in text


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(ROOT)) for f in FILES])
def test_public_functions_are_documented(path: Path) -> None:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"
    assert ast.get_docstring(tree(path)) or not tree(path).body, "the module has no docstring"


HEAVY = ("torch", "numpy", "jinja2", "rich", "matplotlib", "symnet.explain.chinese")


def loaded_by(statement: str) -> set[str]:
    """The heavy modules that are there after a statement in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(ran.stdout.split())


def test_what_derive_needs_starts_without_numpy_and_torch() -> None:
    parts = ("symnet.explain.formats", "symnet.reading.read", "symnet.simplify.simplify", "symnet.pipeline")
    assert loaded_by(f"import symnet, {', '.join(parts)}") == set()


QUIETLY = """import contextlib, io, symnet.cli
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    symnet.cli.main({arguments!r})"""


def test_deriving_a_model_loads_no_numpy_and_no_torch() -> None:
    arguments = ["derive", str(ROOT / "examples" / "cubic.py")]
    assert loaded_by(QUIETLY.format(arguments=arguments)) == set()


def test_generating_loads_no_torch() -> None:
    arguments = ["generate", str(ROOT / "examples" / "cubic.py"), "--stdout"]
    assert not loaded_by(QUIETLY.format(arguments=arguments)) & {"torch", "matplotlib"}


def test_the_check_of_what_is_loaded_can_fail() -> None:
    assert loaded_by("import symnet.calculus.evaluate") == {"numpy"}


#: What rewrites a formula in ways that nobody chose, named and proved: the simplifier has rules of its own instead.
#: ``expand`` is missing here: it multiplies out integer addresses, which are polynomials and never printed as found.
REWRITERS = frozenset(
    {
        "simplify",
        "nsimplify",
        "cancel",
        "factor",
        "factor_terms",
        "factor_list",
        "together",
        "apart",
        "collect",
        "rcollect",
        "cse",
        "doit",
        "radsimp",
        "ratsimp",
        "ratsimpmodprime",
        "trigsimp",
        "powsimp",
        "powdenest",
        "logcombine",
        "gammasimp",
        "combsimp",
        "besselsimp",
        "hypersimp",
        "horner",
        "posify",
        "expand_mul",
        "expand_log",
        "expand_power_base",
        "expand_power_exp",
        "expand_func",
        "expand_trig",
        "expand_complex",
    }
)


def rewriters_called(source: ast.Module) -> list[str]:
    """The calls of SymPy's own simplification: ``sp.cancel(x)``, ``x.factor()``, or a name imported from sympy."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sympy"
        for alias in node.names
    }
    calls = [node.func for node in ast.walk(source) if isinstance(node, ast.Call)]
    by_sympy = [f for f in calls if isinstance(f, ast.Attribute) and _is_foreign(f.value)]
    found = [f"line {f.lineno}: {f.attr}" for f in by_sympy if f.attr in REWRITERS]
    plain = [f for f in calls if isinstance(f, ast.Name) and f.id in imported & REWRITERS]
    return found + [f"line {f.lineno}: {f.id}" for f in plain]


def _is_foreign(value: ast.expr) -> bool:
    """Whether an attribute may be SymPy's: anything but ``self`` and the parts of the package's own objects."""
    return not (isinstance(value, ast.Name) and value.id in ("self", "cls")) and "self" not in ast.unparse(value)


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(ROOT)) for f in FILES])
def test_sympy_simplifies_nothing(path: Path) -> None:
    assert rewriters_called(tree(path)) == []


def test_the_check_of_sympys_simplification_can_fail() -> None:
    for line in ("sp.simplify(x)", "sympy.cancel(x / y)", "x.factor()", "from sympy import together\ntogether(x)"):
        assert rewriters_called(ast.parse(line)), line
    assert not rewriters_called(ast.parse("from symnet.simplify.simplify import simplify\nsimplify(raw, {})"))
    assert not rewriters_called(ast.parse("self.factor(a, e)\nself.collapse.collapse(atom)\nsp.expand(address)"))
