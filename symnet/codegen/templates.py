"""Where the templates lie, and how they are filled in."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PACKAGE = Path(__file__).resolve().parents[1]


def template_folder() -> Path:
    """The folder of the templates: beside the package in a checkout, inside it in a wheel."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


@cache
def environment() -> Environment:
    """The environment in which every template is filled in; an unknown variable is an error."""
    return Environment(
        loader=FileSystemLoader(template_folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def fill(template: str, context: Any) -> str:
    """The template's text with the fields of a frozen dataclass put in."""
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    return environment().get_template(template).render(values)
