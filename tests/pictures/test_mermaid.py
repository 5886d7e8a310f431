"""Mermaid draws each text that is made for it, in a real browser: the labels are those put in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page

from lineage import Artifact, Execution, Kind, Store, Type
from lineage.pictures.drawing import Drawing, draw
from lineage.pictures.mermaid import mermaid
from tests.conformance.test_questions_tracing import ladder
from tests.pictures.pages import new_page
from tools.mermaid import script

pytestmark = pytest.mark.backends("memory")
# As Mermaid is set up where nobody sets it up.
_DRAW = """async ([text, options]) => {
    mermaid.initialize({startOnLoad: false, ...options});
    const {svg} = await mermaid.render('drawn', text);
    document.body.innerHTML = svg;
    const shown = element => element.innerText.split('\\n').map(line => line.trim()).join('\\n');
    const labels = (all, one) => Object.fromEntries([...document.querySelectorAll(all)].map(
        element => [element.id, shown(element.querySelector(one))]));
    return {
        nodes: labels('.node', '.nodeLabel'),
        edges: [...document.querySelectorAll('.edgeLabel .edgeLabel')].map(shown),
        arrows: document.querySelectorAll('.edgePaths path').length,
        foreign: [...document.body.querySelectorAll('img, script, a, iframe, object')]
            .map(element => element.outerHTML),
    };
}"""
NAMES = [
    'say "hi"', "it's `code`", "[a] (b) {c} <d> |e|", "]] }} )) --> x", "end", "graph TD", "a & b",
    "&amp; &lt;b&gt; &#35; #quot; #35;", "<b>bold</b>", "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>", "😀 ünï 日本", "%% no comment", "1. first", "- item", "# heading",
    "**bold** _it_ ~~x~~ __y__", "`**x**`", "a\\nb \\ c", "tab\tline\nbreak", "$$x^2$$", "a;b;c",
    "click x call y()", "style a fill:#f00", "classDef x", "subgraph s", "@{shape: x}", ":::asked",
    "fa:fa-car", "x" * 200, "http://a.b/c?d=e&f=g#h", "www.a.b", "* star", "+ plus", "> quote",
    "[link](http://x)", "![image](x)", "---", "\x01\x00", "   spaced   out   ", "10) ten", "{{x}}",
    "#9829;", "&hearts;", "~~~", "%%{init: {}}%%", "<br/>", "a<br>b", "\u202eright", "\u200b",
]  # fmt: skip


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = new_page(browser)
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: said.append(dialog.message))
    opened.on("request", lambda request: asked.append(request.url))
    opened.set_content("<!doctype html><body></body>")
    opened.add_script_tag(content=script().read_text("utf-8"))
    yield opened
    opened.close()
    assert said == []
    assert asked == []


def shown(text: str) -> str:
    """What a person sees of a label: no control characters, and spaces run together."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def drawn_by_mermaid(page: Page, text: str, **options: object) -> dict[str, object]:
    found: dict[str, object] = page.evaluate(_DRAW, [text, options])
    nodes = found["nodes"]
    assert isinstance(nodes, dict)
    # Mermaid puts its own around our keys: drawn-flowchart-artifact1-0.
    found["nodes"] = {
        id.partition("flowchart-")[2].rpartition("-")[0]: shown(label)
        for id, label in nodes.items()
    }
    return found


def labels(drawing: Drawing) -> dict[str, str]:
    return {box.key: shown(box.caption) for box in drawing.boxes}


def test_labels_are_what_was_put_in(page: Page, store: Store) -> None:
    for place, name in enumerate(NAMES):
        name = name.replace("\x00", "")
        # A colon separates type and name.
        odd = name.replace(":", ";").strip() or "T"
        for kind, type in ((Kind.EXECUTION, "Judge"), (Kind.ARTIFACT, odd)):
            store.put_type(Type(kind=kind, name=type))
        store.record(
            Execution(type="Train", name=f"{name} {place}"),
            inputs={name or "x": Artifact(type="Dataset", name=f"{name}{place}")},
            outputs={"model": Artifact(type="Model", name=f"{place}")},
        )
        store.record(
            Execution(type="Judge", name=f"{place}"),
            inputs={name or "x": f"Model:{place}"},
            outputs=[Artifact(type=odd, name=name)],
        )
    nodes = [*store.artifacts(), *store.executions()]
    events = [event for step in store.executions() for event in store.events(execution=step.id)]
    drawing = draw(nodes, events, nodes[:1])
    found = drawn_by_mermaid(page, mermaid(drawing))
    assert found["nodes"] == labels(drawing)
    assert found["arrows"] == len(drawing.arrows)
    assert found["foreign"] == []
    edges = found["edges"]
    assert isinstance(edges, list)
    expected = sorted(filter(None, (shown(arrow.label) for arrow in drawing.arrows)))
    assert sorted(map(shown, edges)) == expected


def test_a_large_graph(page: Page, store: Store) -> None:
    """300 nodes and 450 arrows; Mermaid draws up to 500 by itself."""
    _, last = ladder(store, 75)
    answer = store.upstream(*last)
    found = drawn_by_mermaid(page, answer.to_mermaid())
    assert found["nodes"] == labels(answer.drawing())
    assert found["arrows"] == len(answer.drawing().arrows)


def test_a_larger_graph_says_what_it_needs(page: Page, store: Store) -> None:
    _, last = ladder(store, 100)
    answer = store.upstream(*last)
    text = answer.to_mermaid()
    assert "maxEdges 596 and" in text.splitlines()[0]
    found = drawn_by_mermaid(page, text, maxEdges=600)
    assert found["nodes"] == labels(answer.drawing())
    assert len(answer) == 400
    with pytest.raises(Error, match="Edge limit exceeded"):
        drawn_by_mermaid(page, text)


def test_a_rebuild_plan(page: Page, store: Store) -> None:
    before: Artifact | str = Artifact(type="Dataset", name=NAMES[0])
    for place, name in enumerate(NAMES):
        made = store.record(
            Execution(type="Train", name=name.replace("\x00", "")),
            inputs={"data": before},
            outputs={"model": Artifact(type="Model", name=f"{name}{place}".replace("\x00", ""))},
        )
        [model] = made.outputs.values()
        before = f"artifact:{model}"
    store.mark("artifact:1", label="bad")
    plan = store.plan_rebuild(label="bad")
    found = drawn_by_mermaid(page, plan.to_mermaid())
    names = {f"artifact{a.id}": a.label for a in store.artifacts()}
    names |= {f"execution{e.id}": e.label for e in store.executions()}
    nodes = found["nodes"]
    assert isinstance(nodes, dict)
    assert nodes.keys() == names.keys()
    wrong = {key: label for key, label in nodes.items() if not label.startswith(shown(names[key]))}
    assert wrong == {}
    assert sum("run again: " in label for label in nodes.values()) == len(NAMES)
    assert found["foreign"] == []
