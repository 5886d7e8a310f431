"""A real browser before a real server, over the demo's data and over a graph of 20,000 nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import lineage
from lineage import Store, demo
from lineage.model import Policy
from lineage.server.addresses import Address
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer
from tests.server.page.nightly import record_nights

# A bound for a browser that hangs, not for a machine that is busy with other things.
PATIENCE_MS = 60_000
Visit = Callable[..., Page]
Serve = Callable[..., str]


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serve a store; returns the URL of the page."""
    with ExitStack() as running:

        def start(store: Store, **settings: Any) -> str:
            server = HttpServer(store, Address("localhost", 0), Settings(**settings))
            return running.enter_context(server).url

        yield start


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The demo's record, before anything was cleaned up, with a mark and a policy."""
    folder = tmp_path_factory.mktemp("demo")
    with lineage.connect(f"sqlite:///{folder}/lineage.db") as store:
        demo.run(store, work=folder, tainted=False)
        taint(store)
        yield store


def taint(store: Store) -> None:
    store.put_policy(Policy(name="privacy", stops={"withdrawn": ("Aggregate",)}))
    store.mark("Dataset:cancer/raw", label="withdrawn", reason="three patients withdrew", who="ann")


@pytest.fixture(scope="session")
def demo_url(serve: Serve, demo_store: Store) -> str:
    return serve(demo_store)


@pytest.fixture(scope="session")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A pipeline that ran 1,200 times on one data set: 19,600 nodes."""
    folder = tmp_path_factory.mktemp("large")
    with lineage.connect(f"sqlite:///{folder}/lineage.db") as store:
        record_nights(store, 1_200)
        yield store


@pytest.fixture(scope="session")
def large_url(serve: Serve, large_store: Store) -> str:
    return serve(large_store)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open the page somewhere; in the end nothing was said, and no other host was asked."""
    said: list[str] = []
    foreign: list[str] = []
    opened = []

    def go(
        url: str, path: str = "", *, refused: bool = False, ready: bool = True, **how: Any
    ) -> Page:
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **how})
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console",
            # The browser itself says so where the server refuses something, as it may be meant to.
            lambda message: (
                None
                if refused and message.text.startswith("Failed to load resource")
                else said.append(f"{message.type}: {message.text}")
            ),
        )
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((f"{url}/", "data:", "blob:"))
                else foreign.append(request.url)
            ),
        )
        opened.append(page)
        page.goto(f"{url}/{path}")
        if ready:
            settle(page)
        return page

    yield go
    for page in opened:
        page.close()
    assert said == []
    assert foreign == []


def settle(page: Page) -> None:
    """Wait until the view is there."""
    page.wait_for_selector("main:not([aria-busy]) > *:not(.loading)")
    if "#/graph" in page.url:
        page.wait_for_selector(".canvas[data-drawn]")


def follow(page: Page, path: str) -> None:
    """Go to another address of the same page."""
    page.evaluate("document.getElementById('main').replaceChildren()")
    page.evaluate("path => { location.hash = path; }", path)
    settle(page)


def save(page: Page, tmp_path: Path, button: str) -> bytes:
    """What a button saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    target = tmp_path / "saved"
    download.value.save_as(target)
    return target.read_bytes()
