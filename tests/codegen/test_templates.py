"""The templates hold layout only: what they read is exactly what their contexts hold."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest
from jinja2 import UndefinedError, meta, nodes

from symnet.codegen.contexts import AutogradContext, HandContext, ModuleContext, NumpyContext
from symnet.codegen.targets import MODULE_NAMES, TARGETS
from symnet.codegen.templates import environment, fill, template_folder

CONTEXTS = {
    "numpy": NumpyContext,
    "torch": HandContext,
    "torch-autograd": AutogradContext,
    "torch-module": ModuleContext,
}


def parsed(name: str) -> nodes.Template:
    text = (template_folder() / name).read_text(encoding="utf-8")
    return environment().parse(text)


def included(name: str) -> dict[str, nodes.Template]:
    """A template and all that it includes."""
    found = {name: parsed(name)}
    for other in meta.find_referenced_templates(found[name]):
        found |= included(str(other))
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_a_template_reads_exactly_the_fields_of_its_context(target):
    trees = included(TARGETS[target].template).values()
    read = set().union(*(meta.find_undeclared_variables(tree) for tree in trees))
    assert read == {field.name for field in fields(CONTEXTS[target])}


def test_every_template_is_used():
    used = set().union(*(included(target.template) for target in TARGETS.values()))
    assert used == {str(path.relative_to(template_folder()).as_posix()) for path in template_folder().rglob("*.j2")}


def logic(tree: nodes.Template) -> list[nodes.Node]:
    """Everything in a template but text, names, loops over a name, inclusions, and one if on a name."""
    allowed = (nodes.Output, nodes.TemplateData, nodes.Name, nodes.For, nodes.Include, nodes.Const, nodes.If)
    found = [node for node in tree.find_all(nodes.Node) if not isinstance(node, allowed)]
    found += [loop for loop in tree.find_all(nodes.For) if not isinstance(loop.iter, nodes.Name) or loop.test]
    branches = [*tree.find_all(nodes.If)]
    return found + [b for b in branches if not isinstance(b.test, nodes.Name) or b.else_ or b.elif_] + branches[1:]


@pytest.mark.parametrize("path", sorted(template_folder().rglob("*.j2")), ids=lambda path: path.stem)
def test_templates_hold_no_logic(path):
    assert logic(environment().parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ a + b }}",
        "{{ a | upper }}",
        "{{ a.b }}",
        "{% set a = 1 %}",
        "{% if a == b %}x{% endif %}",
        "{{ f(a) }}",
        "{% for a in b[1:] %}{% endfor %}",
        "{% if a %}x{% else %}y{% endif %}",
        "{% if a %}{% endif %}{% if b %}{% endif %}",
    ],
)
def test_the_check_of_logic_can_fail(text):
    assert logic(environment().parse(text)) != []


@dataclass(frozen=True)
class Nothing:
    """A context without fields."""


def test_an_unknown_variable_is_an_error():
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        fill("shared/docstring.j2", Nothing())


def test_a_parameter_never_takes_an_attribute_of_a_module():
    torch = pytest.importorskip("torch")
    assert {name for name in dir(torch.nn.Module()) if not name.startswith("_")} <= MODULE_NAMES
