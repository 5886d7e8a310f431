"""What people do on the page: search, query, mark, delete; and what others do meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import lineage
from lineage import Artifact, Context, Execution, Store
from lineage.rules.column_lineage import ColumnMap, ColumnSource, property_for
from lineage.server.page.node import read_node
from lineage.server.page.search import search, search_properties
from tests.server.page.conftest import Serve, Visit, follow
from tools.axe import script

HOSTILE = "</script><img src=x onerror=alert(1)><svg onload=alert(2)>{{7*7}}\u202e\x07javascript:"


LONG = bool(os.environ.get("LINEAGE_LONG"))
EVERYWHERE = pytest.mark.backends("sqlite", "neo4j")
# On Neo4j, all of it takes minutes; what reads and writes most of the store runs always.
pytestmark = EVERYWHERE if LONG else pytest.mark.backends("sqlite")


@pytest.fixture
def own(url: str) -> Iterator[Store]:
    with lineage.connect(url) as store:
        store.record(
            Execution(type="Train", name="fit", custom_properties={"note": "gradient boosting"}),
            inputs={"d": Artifact(type="Dataset", name="raw", uri="s3://bucket/raw")},
            outputs={"m": Artifact(type="Model", name="churn", custom_properties={"auc": 0.9})},
            contexts=[Context(type="Pipeline", name="nightly")],
        )
        yield store


def test_what_is_found() -> None:
    with lineage.connect("memory://") as store:
        store.record(
            Execution(type="Train", name="fit"),
            inputs={"d": Artifact(type="Dataset", name="raw", uri="s3://bucket/100%_of_it")},
            outputs={"m": Artifact(type="Model", name="Churn", custom_properties={"by": "Ann"})},
        )
        store.mark("Dataset:raw", label="pii", reason="names in column 3")

        def found(text: str) -> list[str]:
            return [f"{n['type']} {n['why']}" for n in search(store, text, 10)["nodes"]]

        assert found("churn")[0] == "Model name"
        assert found("Model:Churn")[0] == "Model reference"
        assert found("bucket") == ["Dataset uri"]
        assert found("100%_") == ["Dataset uri"]
        assert found("1%f") == []
        assert found("column 3") == ["Dataset mark pii"]
        assert found("type=Model by=Ann") == ["Model terms"]
        assert found("  ") == []
        [model] = search_properties(store, "ann", 10)["nodes"]
        assert (model["type"], model["why"]) == ("Model", "by")


def test_more_than_fits_is_said(large_store: Store) -> None:
    told = search(large_store, "features", 5)
    assert len(told["nodes"]) == 5
    assert not told["complete"]


def test_search_as_one_types(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own))
    page.keyboard.press("/")
    page.keyboard.type("boosting")
    page.get_by_role("option", name="fit").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type("chu")
    page.get_by_role("option", name="churn").wait_for()
    page.keyboard.press("Enter")
    page.locator("h1", has_text="churn").wait_for()
    assert page.url.endswith("#/node/artifact%3A2")


@EVERYWHERE
def test_marks_are_put_and_lifted(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own), "#/node/Dataset:raw")
    page.get_by_text("Mark it").click()
    page.get_by_label("Label").fill("pii")
    page.get_by_role("button", name="Mark", exact=True).click()
    page.get_by_role("button", name="Lift").click()
    page.get_by_text("pii, lifted").first.wait_for()
    assert [mark.lifted_ms is None for mark in own.marks(history=True)] == [False]


@EVERYWHERE
def test_versions_and_what_differs_between_them(own: Store, serve: Serve, visit: Visit) -> None:
    for number, auc in ((2, 0.91), (3, 0.95)):
        own.record(
            Execution(type="Train", name="fit", custom_properties={"depth": number}),
            inputs={"d": "Dataset:raw"},
            outputs={
                "m": Artifact(
                    type="Model",
                    name="churn",
                    digest="sha256:" + str(number) * 64,
                    custom_properties={"auc": auc},
                )
            },
        )
    page = visit(serve(own), "#/node/Model:churn")
    versions = page.locator("section", has=page.get_by_role("heading", name="Versions"))
    versions.get_by_role("link", name="3 (this one)").wait_for()
    versions.get_by_text("sha256:222222222222222…").wait_for()
    page.get_by_text("sha256:" + "3" * 64).first.wait_for()
    changed = versions.get_by_role("row", name="auc")
    changed.wait_for()
    cells = changed.get_by_role("cell")
    assert cells.all_inner_texts() == ["auc", "0.91", "0.95"]
    versions.get_by_role("row", name="depth").get_by_text("3", exact=True).wait_for()
    versions.get_by_role("link", name="1", exact=True).click()
    page.locator(".sub", has_text="version 1").wait_for()
    page.get_by_role("heading", name="Versions").wait_for()
    assert page.get_by_text("What differs from the version before").count() == 0


@EVERYWHERE
def test_versions_of_what_has_only_a_uri(own: Store) -> None:
    for number, uri in ((1, "S3://lake/b.csv"), (2, "s3://lake/b.csv")):
        file = Artifact(type="Dataset", uri=uri, digest=f"sha256:{number:064}")
        own.record(Execution(type="Transform", name="copy"), outputs={"file": file})
    newest = read_node(own, "s3://lake/b.csv")
    assert [one["version"] for one in newest["versions"]] == [2, 1]
    assert newest["previous"] == newest["versions"][1]
    assert read_node(own, f"artifact:{newest['previous']['id']}")["previous"] is None


def test_columns_where_they_are_known(own: Store, serve: Serve, visit: Visit) -> None:
    def dataset(key: str, columns: str) -> Artifact:
        schema = {"columns": columns}
        return Artifact(type="Dataset", name=key, external_id=key, custom_properties=schema)

    def step(output: str, **sources: ColumnSource) -> Execution:
        known = ColumnMap({name: [source] for name, source in sources.items()})
        return Execution(
            type="Transform",
            name=output,
            custom_properties={property_for(output): known.to_struct()},
        )

    people = dataset("people", "email: string, age: integer")
    clean = dataset("clean", "hash: string, years: integer")
    own.record(
        step(
            "clean",
            hash=ColumnSource("people", "email", "DIRECT TRANSFORMATION", is_masked=True),
            years=ColumnSource("people", "age", "DIRECT IDENTITY"),
        ),
        inputs={"in": people},
        outputs={"out": clean},
    )
    own.record(
        step("report", mean=ColumnSource("clean", "years", "DIRECT AGGREGATION")),
        inputs={"in": "Dataset:clean"},
        outputs={"out": dataset("report", "mean: double")},
    )
    page = visit(serve(own), "#/node/Dataset:clean")
    page.get_by_role("link", name="years").click()
    page.get_by_text("1 column upstream").wait_for()
    page.get_by_text("1 column downstream").wait_for()
    assert page.locator(".columns a").count() == 3
    assert page.locator(".columns path").count() == 2
    page.get_by_role("link", name="report mean").click()
    page.get_by_text("2 columns upstream").wait_for()
    page.get_by_role("cell", name="direct identity").wait_for()
    follow(page, "#/columns/Dataset:clean?column=hash")
    page.get_by_role("heading", name="Behind a mask").wait_for()
    page.get_by_role("link", name="people email masked").wait_for()
    page.evaluate(script().read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nothing_goes_before_its_name_is_typed(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own), "#/impact/Model:churn")
    page.get_by_role("button", name="Plan it").click()
    apply = page.get_by_role("button", name="Delete it")
    assert apply.is_disabled()
    page.get_by_label("The name of what is deleted").fill("churm")
    assert apply.is_disabled()
    page.get_by_label("The name of what is deleted").fill("churn")
    apply.click()
    page.get_by_text("The receipt is").wait_for()
    assert own.artifact("Model:churn").state == "DELETED"
    follow(page, "#/impact/Dataset:raw")


def test_what_is_in_the_way_is_said(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own), "#/impact/Dataset:raw")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_text("Refused: 1 node in its way.").wait_for()
    assert page.get_by_role("button", name="Delete it").count() == 0


def test_queries_are_completed_explained_and_kept(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own), "#/query", refused=True)
    box = page.get_by_label("The query, in Cypher")
    box.fill("")
    box.press_sequentially("MATCH (m:Mod")
    page.get_by_role("option", name="Model label").wait_for()
    page.keyboard.press("Tab")
    box.press_sequentially(") RETURN m.au")
    page.get_by_role("option", name="auc property").wait_for()
    page.keyboard.press("Tab")
    assert box.input_value() == "MATCH (m:Model) RETURN m.auc"
    page.keyboard.press("Control+Enter")
    page.get_by_role("cell", name="0.9").wait_for()
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("NodeByLabelScan").wait_for()
    page.get_by_label("Keep as").fill("areas")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("Kept as areas.").wait_for()
    assert own.saved_query("areas") == "MATCH (m:Model) RETURN m.auc"
    box.fill("MATCH (d:Dataset)-->(t) RETURN d, t")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("link", name="As a graph (2)").click()
    page.locator(".canvas[data-drawn='2']").wait_for()
    page.get_by_text("2 nodes · 1 event").wait_for()
    follow(page, "#/query?cypher=CREATE+(n)")
    page.locator(".notice.bad").wait_for()


def test_what_is_recorded_meanwhile_comes(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own))
    page.get_by_text("churn").first.wait_for()
    # The page looks every few seconds, and knows a change only after its first look.
    with page.expect_response("**/api/v1/page/revision"):
        pass
    own.put(Artifact(type="Model", name="just-made"))
    page.get_by_text("just-made").first.wait_for()


def test_text_stays_text(own: Store, serve: Serve, visit: Visit) -> None:
    own.record(
        Execution(type="Train", name=HOSTILE, state="FAILED",
                  custom_properties={"error": HOSTILE, "lr": HOSTILE}),
        inputs={HOSTILE: Artifact(type="Dataset", name=HOSTILE, uri=f"javascript:{HOSTILE}",
                                  custom_properties={HOSTILE: HOSTILE})},
        outputs={HOSTILE: Artifact(type="Model", name=HOSTILE + "2", external_id=HOSTILE)},
        contexts=[Context(type="Pipeline", name=HOSTILE)],
    )  # fmt: skip
    own.mark(f"Dataset:{HOSTILE}", label=HOSTILE.replace("\x07", ""), reason=HOSTILE, who=HOSTILE)
    own.save_query(HOSTILE.replace("\x07", ""), f"RETURN '{HOSTILE}' AS `{HOSTILE}`")
    dataset = own.artifacts(type="Dataset")[-1].id
    run = own.executions(state="FAILED")[0].id
    model = own.artifacts(type="Model")[-1].id
    pipeline = own.contexts(type="Pipeline")[-1].id
    page = visit(serve(own))
    for path in [
        "#/", f"#/node/artifact:{dataset}", f"#/node/execution:{run}", f"#/node/context:{pipeline}",
        f"#/graph/artifact:{dataset}", f"#/model/artifact:{model}", f"#/failure/execution:{run}",
        "#/blame?type=Train", f"#/compare?first=artifact:2&second=artifact:{model}", "#/taint",
        f"#/impact/artifact:{dataset}", f"#/runs/context:{pipeline}", "#/list?kind=artifact",
        "#/query?cypher=MATCH+(n:Artifact)+RETURN+n,+n.name,+n.uri",
    ]:  # fmt: skip
        follow(page, path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(
            "document.querySelectorAll('main img, main script, [onerror], [onload], "
            "a[href^=\"javascript:\"]').length"
        ) == 0, path  # fmt: skip
    page.keyboard.press("/")
    page.keyboard.type("onerror")
    page.get_by_role("option").first.wait_for()
    assert page.locator("#search-found img").count() == 0


def test_a_token_is_asked_for(own: Store, serve: Serve, visit: Visit) -> None:
    page = visit(serve(own, token="a-long-enough-token-for-this"), refused=True, ready=False)
    page.get_by_role("textbox", name="Token").fill("a-long-enough-token-for-this")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("churn").first.wait_for()
    assert "token" not in page.url
