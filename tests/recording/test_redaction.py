"""Credentials never come through; what is none comes through as it was."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.recording.redaction import (
    REDACTED,
    is_secret_name,
    redact_arguments,
    redact_environment,
    redact_text,
    redact_url,
)

_ALPHABET = string.ascii_letters + string.digits
# With digits and both cases, as generated credentials have; the rest of each text has none.
secrets = st.text(_ALPHABET, min_size=12, max_size=40).map(lambda text: f"Zq9{text}")
names = st.sampled_from(
    [
        "password", "db_password", "DB-PASSWORD", "dbPassword", "api_key", "apiKey", "apikey",
        "X-API-Key", "OPENAI_API_KEY", "token", "HF_TOKEN", "auth-token", "accessToken", "secret",
        "client_secret", "AWS_SECRET_ACCESS_KEY", "private_key", "privateKey", "credentials",
        "passphrase", "WANDB_API_KEY", "storage_account_key", "AccountKey", "PGPASSWORD",
        "signature", "session_key", "smtp.passwd", "model.auth.token", "ssh-key",
    ]
)  # fmt: skip

PLACES: dict[str, Callable[[str, str], list[str]]] = {
    "an option and its value": lambda name, secret: ["train", f"--{name}", secret],
    "an option with its value": lambda name, secret: ["train", f"--{name}={secret}"],
    "a value that looks like a flag": lambda name, secret: ["train", f"--{name}", f"-{secret}"],
    "a setting": lambda name, secret: ["env", f"{name}={secret}", "train"],
    "a nested setting": lambda name, secret: ["train", f"+db.{name}={secret}"],
    "JSON": lambda name, secret: ["train", f'--config={{"{name}": "{secret}", "lr": 0.1}}'],
    "YAML": lambda name, secret: ["sh", "-c", f"echo '{name}: {secret}'"],
    "a shell's words": lambda name, secret: ["sh", "-c", f"{name}='{secret}' train --lr 3"],
    "a query": lambda name, secret: ["get", f"https://host/p?x=1&{name}={secret}&y=2"],
    "a fragment": lambda name, secret: ["get", f"https://host/p#{name}={secret}"],
    "a connection string": lambda name, secret: ["x", f"host=db;user=u;{name}={secret};port=1"],
    "a password in a url": lambda name, secret: ["x", f"postgresql://user:{secret}@host:5432/db"],
    "a password with an @": lambda name, secret: ["x", f"postgres://user:{secret}@{secret}@host/d"],
    "a password with a slash": lambda name, secret: ["x", f"mysql://u:{secret}/{secret}@host/d"],
    "a token as a user": lambda name, secret: ["clone", f"https://{secret}@host/repository"],
    "a token and a word": lambda name, secret: ["clone", f"https://{secret}:x-oauth-basic@host/r"],
    "an option's url": lambda name, secret: ["x", f"--db=redis://:{secret}@host/0"],
    "a header": lambda name, secret: ["curl", "-H", f"Authorization: Bearer {secret}"],
    "another header": lambda name, secret: ["curl", "-H", f"Authorization: {secret}"],
    "a cookie": lambda name, secret: ["curl", "-H", f"Cookie: a={secret}; b={secret}"],
    "curl's user": lambda name, secret: ["curl", "-u", f"me:{secret}", "https://host"],
    "curl's user at once": lambda name, secret: ["curl", f"-ume:{secret}", "https://host"],
    "mysql's password": lambda name, secret: ["/usr/bin/mysql", f"-p{secret}", "db"],
    "a sentence": lambda name, secret: ["echo", f"can't log in: {name}={secret} was refused"],
    "an encoded query": lambda name, secret: ["x", f"https://h/?next=https%3A%2F%2Fu%3A{secret}%40h"],
}  # fmt: skip

SHAPES = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789",
    "glpat-abcDEF123456ghiJKL789",
    "xoxb-123456789012-abcdefghij",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "sk_live_abcdefghijklmnop0123",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "dapi0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA",
]

HARMLESS = [
    ["python", "train.py", "--max-tokens", "512", "--lr=0.1", "--seed", "7"],
    ["python", "-m", "tokenize", "--tokenizer", "bert-base", "--pad_token=[PAD]"],
    ["python", "train.py", "--key", "user_id", "--keys=a,b", "--primary-key", "id"],
    ["python", "x.py", "--author=ann", "--monkey", "3", "--keyboard", "--compass=4"],
    ["python", "x.py", "--num-tokens=9", "--eos-token-id", "2", "--second-pass=3"],
    ["dbt", "run", "--select", "tag:nightly", "--vars", '{"day": "2024-01-01"}'],
    ["spark-submit", "s3://bucket/a.py", "hdfs://namenode:8020/data", "C:\\data\\x.csv"],
    ["git", "show", "9f3c1a2b4d5e6f708192a3b4c5d6e7f8091a2b3c"],
    ["mysql", "-u", "root", "--port=3306"],
    ["sed", "s/a:b/c=d/", "a=b"],
    ["curl", "https://user@host/path?page=2&q=a%20b#part"],
]


@pytest.mark.parametrize("place", PLACES)
@given(name=names, secret=secrets)
def test_no_credential_comes_through(place: str, name: str, secret: str) -> None:
    arguments = PLACES[place](name, secret)
    shown = redact_arguments(arguments)
    assert len(shown) == len(arguments)
    assert secret not in " ".join(shown)
    assert REDACTED in " ".join(shown)


@pytest.mark.parametrize("secret", SHAPES)
def test_a_credential_is_known_by_its_form(secret: str) -> None:
    for text in (secret, f"x {secret} y", f"--value={secret}", f"KeyError: '{secret}'"):
        assert secret not in redact_text(text)
        assert REDACTED in redact_arguments(["x", text])[1]
    assert redact_environment({"MODEL": secret})["MODEL"] == REDACTED


@pytest.mark.parametrize("arguments", HARMLESS, ids=" ".join)
def test_what_is_no_credential_is_kept(arguments: list[str]) -> None:
    assert redact_arguments(arguments) == arguments


@given(names, secrets)
def test_variables(name: str, secret: str) -> None:
    shown = redact_environment({name: secret, "HOME": "/root", "URL": f"ftp://u:{secret}@h/x"})
    assert shown == {name: REDACTED, "HOME": "/root", "URL": f"ftp://u:{REDACTED}@h/x"}
    assert redact_environment({name: secret, "A": "b"}, ["A", "MISSING"]) == {"A": "b"}


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@given(names, secrets)
def test_what_is_redacted_stays_so(name: str, secret: str) -> None:
    for place in PLACES.values():
        once = redact_arguments(place(name, secret))
        assert redact_arguments(once) == once


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    ["a=", "a: ", "://", '"a', "a@", "a", "a-", "eyJ-", "a='", 'a="', "x://?a=", "token ", "?&=#",
     "-----BEGIN ", "x://a:b@", "Cookie=", "password=", "%3A%2F%2F"],
)  # fmt: skip
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic rule would take hours."""
    redact_text(piece * (1_000_000 // len(piece)))


def test_a_url_keeps_what_identifies_it() -> None:
    url = "https://acc.blob.core.windows.net/c/x.csv?sv=2022&se=2025-01-01&sig=abc%2Bdef%3D"
    assert redact_url(url) == url.replace("abc%2Bdef%3D", REDACTED)
    assert redact_url("s3://bucket/a@b/c.csv") == "s3://bucket/a@b/c.csv"
    assert redact_url("not a url") == "not a url"
    assert not is_secret_name("")
