"""What agents are told: the counts are right, and a cut answer is never taken for the whole."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

import lineage
from lineage import Artifact, Context, Execution
from lineage.model import Kind
from lineage.questions.node_json import node_to_json
from lineage.server.addresses import Address
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer
from lineage.server.mcp import create_server
from lineage.server.tokens import create_token

LONG = bool(os.environ.get("LINEAGE_LONG"))
BUDGETS = (2_000, 8_000, 32_000)
Call = Callable[..., Awaitable[tuple[dict[str, Any], int]]]


@pytest.fixture(scope="module")
def store() -> Iterator[lineage.Store]:
    """A generated graph: wide, deep, with long and odd properties, marks and failures."""
    chance = random.Random(7)
    with lineage.connect("memory://") as opened:
        names = ["data-0"]
        for at in range(150):
            inputs = chance.sample(names, min(len(names), chance.randint(1, 4)))
            outputs = [f"data-{at + 1}"] + ([f"more-{at}"] if chance.random() < 0.3 else [])
            long = "é" * chance.choice([0, 0, 10, 5_000])
            opened.record(
                Execution(
                    type="Train" if at % 3 else "Transform",
                    name=f"step-{at}",
                    state=chance.choice(["COMPLETE", "FAILED"]),
                    custom_properties={"lr": chance.random(), "note": long},
                ),
                inputs={f"in-{i}": Artifact(type="Dataset", name=n) for i, n in enumerate(inputs)},
                outputs={
                    f"out-{i}": Artifact(
                        type="Model" if n.startswith("more") else "Dataset",
                        name=n,
                        uri=f"s3://bucket/{n}",
                        custom_properties={"rows": at, "text": long},
                    )
                    for i, n in enumerate(outputs)
                },
                contexts=[Context(type="PipelineRun", name=f"run-{at % 7}")],
            )
            names += outputs
        for name in chance.sample(names, 5):
            opened.mark(next(iter(opened.artifacts(name=name))), label="pii", reason="x" * 300)
        yield opened


def ask(target: Any, work: Callable[[Call], Awaitable[None]]) -> None:
    """Have a client of the official SDK ask something."""

    async def run() -> None:
        async with Client(target) as client:

            async def call(tool: str, **arguments: Any) -> tuple[dict[str, Any], int]:
                result = await client.call_tool(tool, arguments)
                [content] = result.content
                assert not result.is_error, content.text
                return json.loads(content.text), len(content.text.encode())

            await work(call)

    anyio.run(run)


def expected(store: lineage.Store, tool: str, given: dict[str, Any]) -> dict[str, list[Any]]:
    """The lists of the store's own answer, one by one."""
    if tool == "find":
        found = store.find(Kind(given["kind"]), type=given.get("type"), order_by="id desc")
        return {"nodes": [node_to_json(node) for node in found]}
    if tool == "query":
        return {"rows": store.query(given["cypher"]).to_dict()["rows"]}
    refs = given.get("refs", ())
    named = {name: value for name, value in given.items() if name != "refs"}
    told = getattr(store, tool)(*refs, **named).to_dict()
    return {name: value for name, value in told.items() if isinstance(value, list)}


def questions(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    while True:
        ref = f"Dataset:data-{chance.randint(0, 100)}"
        yield chance.choice(
            [
                ("upstream", {"refs": [ref]}),
                ("downstream", {"refs": [ref], "depth": chance.randint(0, 12)}),
                ("downstream", {"refs": [ref], "type": "Model"}),
                ("why", {"source": "Dataset:data-0", "target": ref}),
                ("taint", {"label": ["pii"]}),
                ("taint", {"source": [ref]}),
                ("check", {"ref": ref, "label": ["pii"]}),
                ("impact", {"refs": [ref]}),
                ("diff", {"first": "Dataset:data-3", "second": ref}),
                ("blame", {"type": "Train"}),
                ("find", {"kind": "artifact", "type": chance.choice(["Model", "Dataset"])}),
                ("find", {"kind": "execution"}),
                ("query", {"cypher": "MATCH (n:Dataset) RETURN n.name, n.text, n.rows"}),
                ("query", {"cypher": f"MATCH (n) RETURN n LIMIT {chance.randint(0, 90)}"}),
            ]
        )


def test_generated_questions(store: lineage.Store) -> None:
    asked = list(islice(questions(random.Random(1)), 300 if LONG else 60))

    async def work(call: Call) -> None:
        for tool, given in asked:
            whole = expected(store, tool, given)
            for budget in BUDGETS:
                await _check(call, tool, given, budget, whole)

    ask(create_server(store), work)


async def _check(
    call: Call, tool: str, given: dict[str, Any], budget: int, whole: dict[str, list[Any]]
) -> None:
    page, size = await call(tool, **given, budget=budget)
    first = page
    seen: dict[str, list[Any]] = {name: [] for name in whole}
    shortened = 0
    pages = 1
    while True:
        assert size <= budget, (tool, given, size)
        totals = {name: total for name, total in page["totals"].items() if name != "parts"}
        assert totals == {name: len(items) for name, items in whole.items()}
        for name, items in seen.items():
            assert page["before"][name] == len(items)
            assert page["returned"][name] == len(page.get(name, []))
            items += page.get(name, [])
        shortened += page.get("shortened", 0)
        if page["next"] is None:
            break
        assert page["complete"] is False
        page, size = await call("more", next=page["next"], budget=budget)
        pages += 1
    assert first["complete"] is (pages == 1 and not shortened)
    assert {name: len(items) for name, items in seen.items()} == totals
    exact = sum(
        _same(got, had) for name in whole for got, had in zip(seen[name], whole[name], strict=True)
    )
    # What was shortened may also be a part that is no list.
    assert exact >= sum(map(len, whole.values())) - shortened


def _same(got: Any, had: Any) -> bool:
    if isinstance(had, dict):
        had = {name: value for name, value in had.items() if value is not None and value != {}}
    return bool(got == had)


def test_a_lost_page_is_asked_for_again(store: lineage.Store) -> None:
    async def work(call: Call) -> None:
        page, _ = await call("find", kind="artifact", budget=2_000)
        again = [(await call("more", next=page["next"], budget=2_000))[0] for _ in range(2)]
        for told in again:
            told["next"] = None
        assert again[0] == again[1]

    ask(create_server(store), work)


def test_rows_that_a_limit_left_out_are_not_counted(store: lineage.Store) -> None:
    async def work(call: Call) -> None:
        page, _ = await call("query", cypher="UNWIND range(1, 10001) AS x RETURN x")
        assert page["totals"] == {"rows": None}
        while page["next"]:
            assert "cut" in page
            page, _ = await call("more", next=page["next"], budget=1_000_000)
        assert page["complete"] is False
        assert "cut" in page

    ask(create_server(store), work)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("show", {"ref": "Model:nope"}, "NotFound"),
        ("check", {"ref": "Dataset:data-0", "label": ["pij"]}, ""),
        ("query", {"cypher": "CREATE (n)"}, "InvalidQuery"),
        ("query", {"cypher": "MATCH ("}, "InvalidQuery"),
        ("more", {"next": "nope"}, "NotFound"),
        ("upstream", {"refs": []}, "InvalidValue"),
        ("upstream", {"refs": ["Dataset:data-0"], "budget": 5}, "budget"),
        ("deletion_plan", {"refs": ["Dataset:data-0"], "policy": "all"}, "policy"),
    ],
)
def test_what_is_wrong_is_told(
    store: lineage.Store, tool: str, given: dict[str, Any], said: str
) -> None:
    async def run() -> None:
        async with Client(create_server(store)) as client:
            result = await client.call_tool(tool, given)
            if said:
                assert result.is_error
                assert said in result.content[0].text
            assert "Traceback" not in result.content[0].text

    anyio.run(run)


def test_no_tool_changes_anything(store: lineage.Store) -> None:
    before = (store.counts(), store.marks(), store.receipts(), store.saved_queries())

    async def run() -> None:
        async with Client(create_server(store)) as client:
            tools = (await client.list_tools()).tools
            assert {"find", "upstream", "downstream", "why", "about", "taint", "check", "impact",
                    "diff", "blame", "query", "more"} <= {tool.name for tool in tools}  # fmt: skip
            for tool in tools:
                assert tool.annotations is not None
                assert tool.annotations.read_only_hint is True
                assert tool.description
            await client.call_tool(
                "deletion_plan", {"refs": ["Dataset:data-0"], "policy": "cascade"}
            )

    anyio.run(run)
    assert before == (store.counts(), store.marks(), store.receipts(), store.saved_queries())


def test_over_http_with_a_token(tmp_path: Path) -> None:
    with lineage.connect(f"sqlite:///{tmp_path}/lineage.db") as kept:
        kept.put(Artifact(type="Dataset", name="raw"))
        _, token = create_token(kept, "agent", ["read"])
        with HttpServer(kept, Address("localhost", 0), Settings()) as server:

            async def work(call: Call) -> None:
                page, _ = await call("find")
                assert page["totals"] == {"nodes": 1}

            headers = {"Authorization": f"Bearer {token}"}
            url = f"{server.url}/mcp"
            ask(streamable_http_client(url, http_client=_client(headers)), work)
            with pytest.raises(BaseException):  # noqa: B017, PT011 (the SDK wraps it in groups)
                ask(streamable_http_client(url, http_client=_client({})), work)


def _client(headers: dict[str, str]) -> Any:
    import httpx2

    return httpx2.AsyncClient(headers=headers, timeout=30)


def test_over_standard_input_and_output(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as kept:
        kept.put(Artifact(type="Dataset", name="raw"))
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "lineage.cli", "--store", url, "mcp"]
    )

    async def work(call: Call) -> None:
        page, _ = await call("show", ref="Dataset:raw")
        assert page["parts"][0]["value"]["name"] == "raw"

    ask(stdio_client(parameters), work)
