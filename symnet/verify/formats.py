"""A report as text, as JSON, and as JUnit's XML for continuous integration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from xml.etree import ElementTree

from symnet.errors import Problem
from symnet.verify.report import METHODS, Method, Report, Row

SCHEMA = 1


def render_text(reports: Sequence[Report]) -> str:
    """A table for each model, what else was found, and one closing sentence each."""
    return "\n".join(_text(report) for report in reports)


def _text(report: Report) -> str:
    sizes = "".join(f", {n} = {low if low == high else f'{low}..{high}'}" for n, (low, high) in report.sizes.items())
    points = f"{report.trials} point{'s' if report.trials != 1 else ''}"
    lines = [f"{report.model}   {report.origin} at {points}, seed {report.options.seed}{sizes}, L = {report.loss:.12g}"]
    widths = [max([len(h), *(len(_cells(r)[k]) for r in report.rows)]) for k, h in enumerate(_HEADS)]
    for cells in (_HEADS, *map(_cells, report.rows)):
        padded = [f"{c:<{w}}" if k < 2 else f"{c:>{w}}" for k, (c, w) in enumerate(zip(cells, widths, strict=True))]
        lines.append(("  " + "  ".join(padded)).rstrip())
    if report.exact is not None:
        lines.append(f"  exact check: {report.exact}")
    lines += [f"  warning: {warning}" for warning in report.warnings]
    lines += [f"  undecided: {reason}" for reason in report.undecided]
    return "\n".join([*lines, f"  {_verdict(report)}", ""])


_HEADS = ("param", "shape", "|hand|", "|autograd|", "rel err", "difference", "exact", "")


def _cells(row: Row) -> tuple[str, ...]:
    exact = "-" if row.exact is None else ("equal" if row.exact else "differs")
    return (
        row.parameter,
        f"[{','.join(row.shape)}]",
        f"{row.hand_norm:.10g}",
        _number(row.autograd_norm, "{:.10g}"),
        _number(row.autograd_error, "{:.1e}"),
        _number(row.difference_error, "{:.1e}"),
        exact,
        "DIFFERENT" if row.wrong else "ok",
    )


def _number(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)


def _verdict(report: Report) -> str:
    wrong = [row.parameter for row in report.rows if row.wrong]
    if wrong:
        return f"{len(wrong)} of {len(report.rows)} gradients differ: {', '.join(wrong)}"
    if report.problems:
        return report.problems[0].message
    if report.undecided:
        return "not decided"
    return f"all {len(report.rows)} gradients agree" if len(report.rows) > 1 else "the gradient agrees"


def render_json(reports: Sequence[Report]) -> str:
    """One object with a schema number and a list of reports; numbers that are not finite are null."""
    models = [
        {
            "model": r.model,
            "exit_code": r.exit_code,
            "hand": r.origin,
            "options": {**asdict(r.options), "against": r.options.methods},
            "trials": r.trials,
            "sizes": r.sizes,
            "loss": r.loss,
            "parameters": [asdict(row) for row in r.rows],
            "exact": r.exact,
            "problems": [_problem(p) for p in r.problems],
            "warnings": r.warnings,
            "undecided": r.undecided,
        }
        for r in reports
    ]
    return (
        json.dumps(_finite({"schema": SCHEMA, "models": models}), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )


def _problem(problem: Problem) -> dict[str, object]:
    return {"code": problem.code, "message": problem.message, "notes": problem.notes, "help": problem.help}


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and value - value != 0 else value


def render_junit(reports: Sequence[Report]) -> str:
    """A test suite for each model with one case for each parameter and method, as CI servers read it."""
    root = ElementTree.Element("testsuites", name="symnet check")
    for report in reports:
        cases = [(row, method) for row in report.rows for method in METHODS if _ran(row, method)]
        others = [p for p in report.problems if p.code != "SN401"]
        failures = sum(method in row.wrong for row, method in cases) + len(others)
        tests, skipped = len(cases) + len(others) + len(report.undecided), len(report.undecided)
        counts: dict[str, str] = {
            "tests": str(tests),
            "failures": str(failures),
            "skipped": str(skipped),
            "errors": "0",
        }
        suite = ElementTree.SubElement(root, "testsuite", {"name": report.model, **counts})
        for row, method in cases:
            case = _case(suite, report, f"{row.parameter} against {method}")
            if method in row.wrong:
                _failure(
                    case, next(p for p in report.problems if p.message.startswith(f"the gradient of {row.parameter} "))
                )
        for problem in others:
            _failure(_case(suite, report, problem.code), problem)
        for reason in report.undecided:
            ElementTree.SubElement(_case(suite, report, "undecided"), "skipped", message=reason)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _ran(row: Row, method: Method) -> bool:
    found = {"autograd": row.autograd_error, "fd": row.difference_error, "exact": row.exact}[method]
    return found is not None or method in row.wrong


def _case(suite: ElementTree.Element, report: Report, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=report.model, name=name)


def _failure(case: ElementTree.Element, problem: Problem) -> None:
    failure = ElementTree.SubElement(case, "failure", message=problem.message, type=problem.code)
    failure.text = "\n".join((*problem.table, *problem.notes))


FORMATS: Mapping[str, Callable[[Sequence[Report]], str]] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
}


def render(reports: Sequence[Report], format_name: str) -> str:
    """The reports in one of FORMATS; raises KeyError for another."""
    return FORMATS[format_name](reports)
