"""Pages in the tests' browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

# A bound for a browser that hangs, not for a machine that is busy with other things.
PATIENCE_MS = 300_000


def new_page(browser: Browser, **how: Any) -> Page:
    """A page that is opened so; whatever is waited for in it may take long."""
    opened = browser.new_page(**how)
    opened.set_default_timeout(PATIENCE_MS)
    return opened
