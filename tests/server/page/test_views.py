"""Every view of the page: what it says, that nobody is shut out, that it fits a phone."""

from __future__ import annotations

import os

import pytest

from lineage import Store
from lineage.connection import connect
from lineage.formats.store_copy import copy_store
from tests.server.page.conftest import Serve, Visit, follow
from tools.axe import script

LONG = bool(os.environ.get("LINEAGE_LONG"))
# Each view with something that it says about the demo.
VIEWS = {
    "#/": ["three patients withdrew", "6 models", "cancer/train/linear-sparse", "digits"],
    "#/node/Model:cancer%2Flogistic": ["Not clean of withdrawn", "logistic.pickle", "used"],
    "#/node/Train:cancer%2Ftrain%2Flinear-sparse": ["ValueError", "TransformGraph"],
    "#/node/PipelineRun:cancer-1": ["cancer/ingest"],
    "#/graph/Dataset:cancer%2Fraw": ["40 nodes", "complete", "35 nodes tainted"],
    "#/model/Model:cancer%2Flogistic": ["deployed to cancer-classifier", "max_iter", "0.9766"],
    "#/failure/Train:cancer%2Ftrain%2Flinear-sparse": ["penalty", "l1", "l2"],
    "#/blame?type=Train": ["penalty", "1.00"],
    "#/compare?first=Model:cancer/logistic&second=Model:cancer/forest": ["max_depth", "worse"],
    "#/taint?label=withdrawn": ["35 nodes", "Aggregate stops it"],
    "#/rebuild?label=withdrawn": ["19 dirty", "anew, by step 1", "nothing clean was there"],
    "#/impact/Dataset:cancer%2Fraw": ["121 kB", "deployed to cancer-classifier"],
    "#/runs": ["digits", "cancer"],
    "#/runs/Pipeline:cancer": ["1 with a failure", "Preprocess"],
    "#/metrics": ["accuracy", "0.988889"],
    "#/metrics/Pipeline:cancer?metric=f1": ["f1, more is better"],
    "#/list?kind=artifact&match=type%3DMetrics%20accuracy%3E0.97": ["digits/svc-metrics"],
    "#/query?cypher=MATCH+(m:Model)+RETURN+m,+m.algorithm+AS+how": ["11 rows", "complete", "how"],
}


# Each address by itself takes a minute in all; the tests of every theme go through them too.
_ALONE = VIEWS if LONG else ["#/", "#/graph/Dataset:cancer%2Fraw", "#/blame?type=Train"]


@pytest.mark.parametrize("path", _ALONE)
def test_view(visit: Visit, demo_url: str, path: str) -> None:
    page = visit(demo_url, path)
    for text in VIEWS[path]:
        page.get_by_text(text).first.wait_for(state="attached")
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_shut_out(visit: Visit, demo_url: str, theme: str) -> None:
    page = visit(demo_url, color_scheme=theme)
    faults = {}
    for path in VIEWS:
        follow(page, path)
        for text in VIEWS[path]:
            page.get_by_text(text).first.wait_for(state="attached")
        page.evaluate(script().read_text("utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (fault["id"], [node["html"][:200] for node in fault["nodes"][:3]])
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        if serious:
            faults[path] = serious
    assert faults == {}


def test_it_fits_a_phone(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, viewport={"width": 390, "height": 844})
    for path in VIEWS:
        follow(page, path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


def test_what_is_not_there_is_said(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, refused=True)
    said = {
        "#/nonsense": "there is no view",
        "#/metrics/Pipeline:nonsense": "nonsense",
        "#/%E0%A4%A": "there is no view",
    }
    for path, text in said.items():
        page.evaluate("path => { location.hash = path; }", path)
        page.locator(".notice", has_text=text).wait_for()


@pytest.mark.skipif(not LONG, reason="every view again: with LINEAGE_LONG")
@pytest.mark.backends("neo4j")
def test_every_view_on_neo4j(visit: Visit, serve: Serve, demo_store: Store, url: str) -> None:
    with connect(url) as other:
        copy_store(demo_store, other)
        page = visit(serve(other))
        for path, texts in VIEWS.items():
            follow(page, path)
            for text in texts:
                page.get_by_text(text).first.wait_for(state="attached")
