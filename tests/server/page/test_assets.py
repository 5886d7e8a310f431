"""The files of the page: what is sent, how much it is, and that nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from lineage.server.page.assets import read_assets
from tests.server.http.conftest import Caller

_WEIGHT = 1_000_000


@pytest.fixture(scope="session")
def anyone(demo_url: str) -> Caller:
    return Caller(demo_url)


def test_others_scripts_are_those_that_npm_has() -> None:
    assets = read_assets()
    listed = re.findall(
        r"^([0-9a-f]{64})  (\S+)$", assets["vendor/README.txt"].body.decode(), re.MULTILINE
    )
    scripts = {path for path in assets if path.startswith("vendor/") and path.endswith(".js")}
    assert {f"vendor/{name}" for _, name in listed} == scripts
    for digest, name in listed:
        assert hashlib.sha256(assets[f"vendor/{name}"].body).hexdigest() == digest
        licence = re.sub(r"-\d.*", ".LICENSE.txt", name)
        assert b"Permission is hereby granted" in assets[f"vendor/{licence}"].body


def test_the_whole_page_is_light() -> None:
    assert sum(len(asset.packed) for asset in read_assets().values()) < _WEIGHT


def test_nothing_names_another_host() -> None:
    for path, asset in read_assets().items():
        if not path.startswith("vendor/"):
            hosts = set(re.findall(rb"https?://[A-Za-z0-9.-]+", asset.body))
            assert hosts <= {b"http://www.w3.org"}, path


def test_nothing_is_made_into_markup() -> None:
    for path, asset in read_assets().items():
        if path.endswith(".js") and not path.startswith("vendor/"):
            sinks = rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\("
            assert not re.search(sinks, asset.body), path


def test_files_are_packed_and_told_apart_by_their_tags(anyone: Caller) -> None:
    plain = anyone("GET", "/static/page.css", headers={"Accept-Encoding": "identity"})
    assert plain.status == 200
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Content-Encoding" not in plain.headers
    asset = read_assets()["page.css"]
    assert plain.body == asset.body == gzip.decompress(asset.packed)
    packed = anyone("GET", "/static/page.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    again = anyone("GET", "/static/page.css", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["nothing.js", "../routes.py", "..%2froutes.py", "%2e%2e/assets.py", "/etc/passwd", "vendor"],
)
def test_no_other_file_is_sent(anyone: Caller, path: str) -> None:
    assert anyone("GET", f"/static/{path}").status == 404


def test_scripts_run_only_from_here(anyone: Caller) -> None:
    index = anyone("GET", "/")
    policy = index.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert not re.search(rb"<script(?![^>]*\bsrc=)", index.body)
    assert not re.search(rb"\son[a-z]+=", index.body)
