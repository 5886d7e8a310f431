"""Policies as TOML files.

name = "privacy"           # "default" where it is left out

[stops]                    # a label, and the types of steps whose output is clean of it
pii = ["Anonymize"]

[forbids]                  # a context, and the labels that it may not contain
prod = ["license:nc", "pii"]

[[retention]]              # what `lineage gc` may propose, and what it may not
type = "MODEL"             # a type or base type; all artifacts where it is left out
keep_last = 5              # of each series; with keep_days, the others expire
keep_days = 30
keep_in = ["Project:audit"]
keep_labelled = ["hold"]

[[series]]                 # names that are versions of one thing
type = "Model"             # a type or base type; all where it is left out
pattern = "churn-{version}"    # the number's place; * stands for any text, and parts series
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from lineage.errors import InvalidValue, NotFound
from lineage.model import Policy, Record, Series
from lineage.rules.policies import validate_policy

_BARE = re.compile("[A-Za-z0-9_-]+")


def policy_from_toml(file: Path) -> Policy:
    """The policy in a file. Raises NotFound, or InvalidValue naming what is wrong."""
    try:
        with file.open("rb") as opened:
            found = tomllib.load(opened)
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from None
    except RecursionError:
        raise InvalidValue(f"{file} is nested too deeply to be read") from None
    except ValueError as error:
        raise InvalidValue(f"{file} is not TOML: {error}") from None
    unknown = sorted(found.keys() - {"name", "stops", "forbids", "retention", "series"})
    if unknown:
        raise InvalidValue(
            f"{file}: {unknown[0]!r} means nothing here; a policy has name, [stops], "
            "[forbids], [[retention]] and [[series]]"
        )
    try:
        return validate_policy(Policy.parse(found))
    except InvalidValue as error:
        raise InvalidValue(f"{file}: {error}") from None


def policy_to_toml(policy: Policy) -> str:
    """The text of a file from which the same policy is read."""
    lines = [f"name = {_text(policy.name)}"]
    for section in ("stops", "forbids"):
        lists: Mapping[str, Sequence[str]] = getattr(policy, section)
        if lists:
            lines += ["", f"[{section}]"]
            lines += [f"{_key(k)} = [{', '.join(map(_text, v))}]" for k, v in lists.items()]
    for section, rules in (("retention", policy.retention), ("series", policy.series)):
        for rule in rules:
            lines += ["", *_table(section, rule)]
    return "\n".join(lines) + "\n"


def series_to_toml(series: Series) -> str:
    """Return a declaration as a policy file has it."""
    return "\n".join(_table("series", series)) + "\n"


def _table(section: str, rule: Record) -> list[str]:
    fields = rule.model_dump(exclude_defaults=True).items()
    return [f"[[{section}]]", *(f"{field} = {_value(value)}" for field, value in fields)]


def _key(name: str) -> str:
    """A TOML key: bare where it can be."""
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    """A TOML basic string, which JSON's is but for what JSON leaves as it is: DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
