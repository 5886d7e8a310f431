"""Names with fields that a call fills in: `{model.stem}`, as `str.format` has them."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping
from typing import Any

from lineage.errors import InvalidValue


def fields_of(template: str) -> frozenset[str]:
    """Return the parameters that a template refers to.

    Raises
    ------
    InvalidValue
        It is no template: a brace is not closed, or a field has no name.

    Examples
    --------
    >>> sorted(fields_of("{data}/{model.stem}"))
    ['data', 'model']
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidValue(f"{template!r} is no name: {error}; write {{{{ for a brace") from None
    fields = [field for _, field, _, _ in parts if field is not None]
    names = {field.partition(".")[0].partition("[")[0] for field in fields}
    if "" in names or any(name.isdigit() for name in names):
        raise InvalidValue(f"{template!r} has a field without a name; write {{parameter}}")
    return frozenset(names)


def check_template(template: str, parameters: Collection[str] | None) -> None:
    """Refuse a template that refers to what is no parameter.

    Parameters
    ----------
    parameters
        The names that a call gives; None where any may be given.

    Raises
    ------
    InvalidValue
        It refers to something else, or is no template.
    """
    unknown = sorted(fields_of(template) - set(parameters or ())) if parameters is not None else []
    if unknown:
        known = ", ".join(sorted(parameters or ())) or "none"
        raise InvalidValue(
            f"{template!r} refers to {unknown[0]!r}, which is no parameter; there are: {known}"
        )
    fields_of(template)


def fill(template: str, arguments: Mapping[str, Any]) -> str:
    """Return a template with the arguments of a call in it.

    Raises
    ------
    InvalidValue
        An argument lacks what the template asks of it.

    Examples
    --------
    >>> from pathlib import Path
    >>> fill("{data}/{model.stem}", {"data": "churn", "model": Path("forest.pickle")})
    'churn/forest'
    """
    try:
        return template.format_map(arguments)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidValue(f"{template!r} can't be filled in: {error}") from None
