"""Answers of the store as JSON, the same as the command line's `--json`, and as lines of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from pydantic import BaseModel

from lineage.model import NODE_CLASSES, Event, Mark, Node
from lineage.questions.node_json import event_to_json, node_to_json, to_json_value
from lineage.store import Recorded

NDJSON = "application/x-ndjson"
_NODES = tuple(NODE_CLASSES.values())
# Lines are sent in pieces of so many, for each piece costs a turn of the event loop.
_LINES = 256


def render(answer: Any) -> Any:
    """Return an answer as JSON has it."""
    if isinstance(answer, _NODES):
        return node_to_json(answer)
    if isinstance(answer, Event):
        return event_to_json(answer)
    if isinstance(answer, Mark):
        return {"node": answer.node, **answer.model_dump(mode="json")}
    if hasattr(answer, "next_page_token"):
        return render_page(answer)
    if hasattr(answer, "to_dict") and not isinstance(answer, list):
        return answer.to_dict()
    if isinstance(answer, Recorded):
        return {
            "execution": answer.execution,
            "inputs": _by_path(answer.inputs),
            "outputs": _by_path(answer.outputs),
            "contexts": list(answer.contexts),
        }
    if isinstance(answer, BaseModel):
        return answer.model_dump(mode="json")
    if is_dataclass(answer) and not isinstance(answer, type):
        return {field.name: render(getattr(answer, field.name)) for field in fields(answer)}
    if isinstance(answer, list | tuple):
        return [render(item) for item in answer]
    if isinstance(answer, Mapping):
        return {str(key): render(item) for key, item in answer.items()}
    return to_json_value(answer)


def render_page(page: Any) -> dict[str, Any]:
    """Return a page of nodes, and the token that leads on."""
    token = page.next_page_token
    return {
        "nodes": [node_to_json(node) for node in page],
        "complete": token is None,
        "next_page_token": token,
        "after": page[-1].id if token else None,
    }


def write_json(value: Any) -> bytes:
    """Return JSON in UTF-8; lone surrogates as escapes, which is how they came."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def etag(node: Node) -> str:
    """Return what tells the versions of a node apart."""
    text = write_json(node_to_json(node))
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def lines(answer: Mapping[str, Any]) -> Iterator[bytes]:
    """Return an answer as lines of JSON, a few hundred at a time.

    Each item of each list is a line under the list's singular (`{"node": …}`); what is no list is
    the last line, `{"end": …}`, with `complete` and the number of lines in it. An answer without
    that line was cut off on its way.
    """
    count = 0

    def items() -> Iterator[bytes]:
        nonlocal count
        for name, value in answer.items():
            if isinstance(value, list):
                for item in value:
                    count += 1
                    yield write_json({name.removesuffix("s"): item}) + b"\n"
        rest = {name: value for name, value in answer.items() if not isinstance(value, list)}
        yield write_json({"end": {"complete": True, **rest, "lines": count}}) + b"\n"

    return pieces(items())


def pieces(found: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines to pieces that are worth being sent."""
    iterator = iter(found)
    while piece := b"".join(islice(iterator, _LINES)):
        yield piece


def _by_path(ids: Mapping[Any, int]) -> list[dict[str, Any]]:
    return [{"path": list(path), "artifact": id} for path, id in ids.items()]
