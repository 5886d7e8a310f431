"""Which queries a server is not given, because it could not stop them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineage.errors import InvalidQuery, QueryRefused
from lineage.opencypher.semantics.expression_cost import find_unbounded
from lineage.opencypher.syntax.parser import parse

# Neo4j decodes these before it reads a query.
_ESCAPED = re.compile(r"\\u+([0-9a-fA-F]{4})")
# Words and signs of what may compute for ever; without them there is nothing to look for.
_SUSPECT = re.compile(r"=~|\breduce\b|\brange\b", re.IGNORECASE)


def check_cost(text: str, parameters: Mapping[str, Any]) -> None:
    """Raise QueryRefused for a query of which one expression may compute for ever.

    Parameters
    ----------
    text: a query that a server will run, which stops queries between rows only.
    parameters: its parameters.
    """
    for reading in {text, _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)}:
        if not _SUSPECT.search(reading.replace("`", "")):
            continue
        try:
            query = parse(reading)
        except InvalidQuery as error:
            if reading is text:
                raise QueryRefused(
                    "the query is not run: it has a regular expression, reduce() or range(), and "
                    "can't be read here to see whether the server could stop it; "
                    f"write it without, or otherwise: {error}"
                ) from None
            continue
        found = find_unbounded(query, parameters)
        if found is not None:
            place = f"line {found.position.line}, column {found.position.column}"
            raise QueryRefused(
                f"the query is not run: {found.reason} ({place}), where the server can't stop it; "
                f"{found.remedy}"
            )
