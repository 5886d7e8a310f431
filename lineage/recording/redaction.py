"""Credentials taken out of what is recorded: arguments, urls, variables and messages.

Two things tell a credential: the name that it stands under (`--api-key`, `DB_PASSWORD`, `?sig=`),
and its own form (an access key of a cloud, a signed token, the password in a url). What looks like
one is replaced whole; a value that is kept is kept as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from os.path import basename
from urllib.parse import unquote, urlsplit

REDACTED = "[redacted]"

# Words that a name is made of: `dbPassword`, `db-password` and `DB_PASSWORD` are [db, password].
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    {
        "accountkey", "apikey", "auth", "authorization", "bearer", "cookie", "credential",
        "credentials", "creds", "jwt", "oauth", "pass", "passcode", "passphrase", "passwd",
        "password", "passwords", "pat", "pgpassword", "privatekey", "pwd", "sas", "secret",
        "secretkey", "secrets", "sig", "signature", "token", "accesskey", "sessionkey", "pw",
        "userpass", "userpwd", "accesstoken", "authtoken", "pin", "otp",
    }
)  # fmt: skip
# `key` says nothing alone (`--key user_id`), but much beside one of these.
_KEY_OF = frozenset(
    {
        "access", "account", "api", "app", "aws", "client", "crypto", "decryption", "deploy",
        "encryption", "gcp", "license", "master", "private", "rsa", "sas", "secret", "service",
        "session", "shared", "signing", "ssh", "storage", "subscription", "wandb", "hmac", "write",
        "admin", "azure", "openai",
    }
)  # fmt: skip
# Tokens of a text, not of a login.
_TEXT_TOKEN = frozenset(
    {"bos", "cls", "eos", "id", "ids", "image", "index", "mask", "max", "min", "num", "pad", "sep",
     "special", "count", "length", "limit", "type", "unk", "size", "per", "dim", "embedding",
     "budget", "level", "dropout"}
)  # fmt: skip
# A pass through data or a compiler's, not a password.
_NOT_A_PASSWORD = frozenset({"band", "bypass", "count", "first", "forward", "high", "low", "max",
                             "num", "second", "single", "through", "two", "multi"})  # fmt: skip

_SHAPES = re.compile(
    r"""
    -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----.*?(?:-----END[ A-Z]*PRIVATE[ ]KEY-----|\Z)
    | (?<![A-Za-z0-9])(?:
        (?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}
        | (?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}
        | github_pat_[A-Za-z0-9_]{30,}
        | glpat-[A-Za-z0-9_-]{20,}
        | xox[abeoprs]-[A-Za-z0-9-]{10,}
        | hf_[A-Za-z0-9]{30,}
        | sk-[A-Za-z0-9_-]{20,}
        | [sr]k_(?:live|test)_[A-Za-z0-9]{16,}
        | AIza[A-Za-z0-9_-]{35}
        | ya29\.[A-Za-z0-9_-]{20,}
        | dapi[0-9a-f]{32}
        | npm_[A-Za-z0-9]{36}
        | pypi-[A-Za-z0-9_-]{40,}
        | SG\.[A-Za-z0-9_-]{16,200}\.[A-Za-z0-9_-]{16,}
        | eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
      )
    """,
    re.VERBOSE | re.DOTALL,
)
# The scheme is kept, so that it can be seen that there was a login.
_LOGIN = re.compile(r"\b(bearer|basic|digest|token|apikey|negotiate)([ +]+)([^\s'\",;]{6,})", re.I)
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>`]+")
# `name=value`, `name: value`, `"name": "value"`: settings, connection strings, JSON.
_SETTING = re.compile(r"(?<![\w.\-])([\w.\-]+)[\"']?\s*(?:=>|:=|=|:(?!//))\s*")
_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_BARE = re.compile(r"""[^\s,;&'"{}()\[\]]+""")
# Headers, which have several words or pairs.
_HEADER = re.compile(r"\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*[:=]\s*)[^\n'\"]+", re.I)
# Programs whose `-p` is a password, and those whose `-u` is a user with one.
_SHORT_PASSWORD = frozenset(
    {"mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "ldapsearch"}
)
_SHORT_USER = frozenset({"curl", "wget", "http", "https"})
# A url in a query of a url in a query: deeper ones go whole.
_DEPTH = 3
# Flags without a value, whatever comes next.
_SWITCH = re.compile(r"--?(?:no|use|with|without|skip|disable|enable|ask|prompt)-")


def is_secret_name(name: str) -> bool:
    """Return whether what stands under a name is likely to be a credential.

    >>> [is_secret_name(n) for n in ("--api-key", "dbPassword", "max_tokens", "key", "author")]
    [True, True, False, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    for at, word in enumerate(words):
        around = {*words[:at], *words[at + 1 :]}
        if word == "token" and around & _TEXT_TOKEN:
            continue
        if word == "pass" and around & _NOT_A_PASSWORD:
            continue
        if word in _SECRET_WORDS:
            return True
        if word in ("key", "keys") and around & _KEY_OF:
            return True
    return False


def redact_arguments(arguments: Sequence[str]) -> list[str]:
    """Return a command line without its credentials, one text for each argument.

    >>> redact_arguments(["train.py", "--api-key", "abc", "--db=postgres://u:pw@host/db"])
    ['train.py', '--api-key', '[redacted]', '--db=postgres://u:[redacted]@host/db']
    """
    program = basename(arguments[0]) if arguments else ""
    shown: list[str] = []
    awaited = False
    for at, argument in enumerate(arguments):
        if awaited and not (argument.startswith("--") and len(argument) > 2):
            shown.append(REDACTED)
            awaited = False
            continue
        awaited = False
        short = _redact_short(program, argument) if at else None
        if short is not None:
            shown.append(short)
        elif argument.startswith("-") and not any(c in argument for c in "= \t\n"):
            shown.append(redact_text(argument))
            awaited = _takes_secret(program, argument)
        else:
            shown.append(redact_text(argument))
    return shown


def redact_environment(
    environment: Mapping[str, str], names: Iterable[str] | None = None
) -> dict[str, str]:
    """Return variables without credentials, all or those of the given names that are set."""
    wanted = environment if names is None else [name for name in names if name in environment]
    return {name: redact_value(name, environment[name]) for name in wanted}


def redact_value(name: str, value: str) -> str:
    """Return what may be kept of the value under a name.

    >>> redact_value("DB_PASSWORD", "hunter2"), redact_value("HOME", "/root")
    ('[redacted]', '/root')
    """
    if value and is_secret_name(name):
        return REDACTED
    return redact_text(value)


def redact_url(url: str) -> str:
    """Return a url without password, signature and token.

    The user stays; a user without a password goes, as tokens are given so.

    >>> redact_url("s3://bucket/key?X-Amz-Signature=abc&versionId=7")
    's3://bucket/key?X-Amz-Signature=[redacted]&versionId=7'
    """
    return _redact_url(url, _DEPTH)


def _redact_url(url: str, depth: int) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    # A password that nobody encoded may hold anything but white space, an @ too.
    ends = [at for at in (rest.find(c) for c in "/?#") if at >= 0]
    authority = rest[: min(ends)] if ends else rest
    late = rest.rfind("@")
    if late >= len(authority) and ":" in authority and not _is_host_port(authority):
        authority = rest[: late + len(rest[late:].partition("/")[0])]
    tail = rest[len(authority) :]
    login, at, host = authority.rpartition("@")
    if at:
        user, colon, _ = login.partition(":")
        # A token is given as the user too, alone or with any password.
        kept = user if _is_plain_user(user) else REDACTED
        kept = f"{kept}:{REDACTED}" if colon else kept
        authority = f"{kept}@{host}"
    path, question, query = tail.partition("?")
    query, hash_, fragment = query.partition("#")
    if not question:
        path, hash_, fragment = tail.partition("#")
    text = f"{scheme}://{authority}{_SHAPES.sub(REDACTED, path)}"
    if question:
        text += f"?{_redact_query(query, depth)}"
    if hash_:
        text += f"#{_redact_query(fragment, depth)}"
    return text


def redact_text(text: str) -> str:
    """Return a text, such as a message or a traceback, without what looks like a credential.

    >>> redact_text("can't log in: password=hunter2 at https://u:pw@host/")
    "can't log in: password=[redacted] at https://u:[redacted]@host/"
    """
    return _redact_text(text, _DEPTH)


def _redact_text(text: str, depth: int) -> str:
    text = _SHAPES.sub(REDACTED, text)
    text = _URL.sub(lambda found: _redact_url(found[0], depth), text)
    text = _HEADER.sub(rf"\1\2{REDACTED}", text)
    text = _LOGIN.sub(_redact_login, text)
    return _redact_settings(text)


def _redact_short(program: str, argument: str) -> str | None:
    if program in _SHORT_PASSWORD and re.match(r"-[pw][^-]", argument):
        return argument[:2] + REDACTED
    if program in _SHORT_USER and re.match(r"-u[^-].*:", argument):
        return "-u" + REDACTED
    return None


def _takes_secret(program: str, option: str) -> bool:
    if option == "-u" and program in _SHORT_USER:
        return True
    if option in ("-p", "-w") and program in _SHORT_PASSWORD:
        return program in ("sshpass", "ldapsearch")
    return is_secret_name(option) and not _SWITCH.match(option)


def _is_host_port(authority: str) -> bool:
    try:
        urlsplit(f"x://{authority}").port  # noqa: B018
    except ValueError:
        return False
    return True


def _is_plain_user(user: str) -> bool:
    return len(user) <= 16 and not any(c.isdigit() for c in user)


def _redact_query(query: str, depth: int) -> str:
    return "&".join(_redact_pair(pair, depth) for pair in query.split("&"))


def _redact_pair(pair: str, depth: int) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return _SHAPES.sub(REDACTED, pair)
    bare = unquote(name)
    if value and (is_secret_name(bare) or bare.lower() in ("key", "code")):
        return f"{name}={REDACTED}"
    if not depth:
        return f"{name}={REDACTED}" if "://" in unquote(value) else pair
    inner = _redact_text(unquote(value), depth - 1)
    return pair if inner == unquote(value) else f"{name}={inner}"


def _redact_login(found: re.Match[str]) -> str:
    # `token limit`, `basic training`: words of a sentence.
    value = found[3]
    if value.isalpha() and value.islower() and found[1].lower() != "bearer":
        return found[0]
    if value == REDACTED:
        return found[0]
    return f"{found[1]}{found[2]}{REDACTED}"


def _redact_settings(text: str) -> str:
    parts: list[str] = []
    done = at = 0
    while found := _SETTING.search(text, at):
        # The value of one that is no secret may hold the name of one that is.
        at = found.end()
        if not is_secret_name(found[1]):
            continue
        value = _QUOTED.match(text, at) or _BARE.match(text, at)
        if value is None or value[0] in ("''", '""'):
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        parts += [text[done:at], quote, REDACTED, quote]
        done = at = value.end()
    return "".join([*parts, text[done:]])
