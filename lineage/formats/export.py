"""The formats that an answer can be written in, by name."""

from __future__ import annotations

import json
from collections.abc import Callable

from lineage.errors import InvalidValue
from lineage.questions.closure import Lineage
from lineage.store import Store

Export = Callable[[Store, Lineage], str]


def _cyclonedx(store: Store, answer: Lineage) -> str:
    from lineage.formats.cyclonedx import cyclonedx

    if len(answer.starts) != 1:
        raise InvalidValue("a bill of materials is of one model; name one")
    return cyclonedx(store, answer.starts[0])


def _dot(store: Store, answer: Lineage) -> str:
    return answer.to_dot()


def _graphml(store: Store, answer: Lineage) -> str:
    from lineage.formats.graphml import graphml

    return graphml(answer)


def _html(store: Store, answer: Lineage) -> str:
    return answer.to_html()


def _json(store: Store, answer: Lineage) -> str:
    return json.dumps(answer.to_dict(), ensure_ascii=False, indent=1) + "\n"


def _mermaid(store: Store, answer: Lineage) -> str:
    return answer.to_mermaid()


def _openlineage(store: Store, answer: Lineage) -> str:
    from lineage.formats.openlineage import openlineage

    return openlineage(store, answer)


def _svg(store: Store, answer: Lineage) -> str:
    return answer.to_svg()


def _prov(store: Store, answer: Lineage) -> str:
    from lineage.formats.prov import prov_json

    return prov_json(answer)


# Each imports what it needs when it is called.
FORMATS: dict[str, Export] = {
    "cyclonedx": _cyclonedx,
    "dot": _dot,
    "graphml": _graphml,
    "html": _html,
    "json": _json,
    "mermaid": _mermaid,
    "openlineage": _openlineage,
    "prov": _prov,
    "svg": _svg,
}


def validate_format(format: str) -> Export:
    """What writes a format. Raises InvalidValue for one that isn't there."""
    if format not in FORMATS:
        raise InvalidValue(f"no format {format!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format]


def export(store: Store, answer: Lineage, format: str) -> str:
    """An answer of a store, in a format."""
    return validate_format(format)(store, answer)
