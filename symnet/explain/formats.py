"""Every format of a derivation by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from symnet.explain import jsonform, latex, markdown, text
from symnet.explain.document import Outline
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.model import Derivation

FORMATS: Mapping[str, Callable[[Outline], str]] = MappingProxyType(
    {
        "text": text.render,
        "ascii": text.render_ascii,
        "markdown": markdown.render,
        "latex": latex.render,
        "json": jsonform.render,
    }
)


def render_derivation(derivation: Derivation, format: str = "text", options: Options | None = None) -> str:
    """The derivation in one of ``FORMATS``.  Raises KeyError for another format, ValueError for a step there is not.

    The format ascii has no characters for a language other than English and puts ``?`` in their place.
    """
    document = outline(derivation, options)
    if options is not None and options.language != "en":
        from symnet.explain.language import translate  # English starts without the catalogue

        document = translate(document, options.language)
    return FORMATS[format](document)


def format_for(encoding: str | None) -> str:
    """``text``, or ``ascii`` where the encoding of the output cannot hold the symbols."""
    try:
        "Σₙᵀ⊙∂δ−²".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ascii"
    return "text"
