"""Requests with something odd in one place: a field cleared, empty, twice, or out of its range.

What is known to differ (docs/mlmd.md) isn't made: names and external ids that are empty, proto
values without a type_url, custom properties without a value or of a declared one's name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from lineage.server.mlmd import messages as m

_TEXTS = (
    "a", "n1", "x7", "T", "it's", 'q"q', "back\\s", "naïve", "\N{PARTY POPPER}", "a.b", "`t`",
    "é" * 200, " ", "\n", "%",
)  # fmt: skip
_PATHS = (
    "", "id", "type", "name", "type_id", "nothing", "properties.", "custom_properties.none",
    "create_time_since_epoch", "last_update_time_since_epoch", "system_metadata", "artifacts",
    "events", "parent_contexts", "artifacts.id", "properties.i.int_value", "uri.", "STATE",
)  # fmt: skip
_NUMBERS = (0, -5, 1, 2, 987_654, 2**31 - 2)
_BEYOND = 99
# Where an empty text is none here, and is not there.
_NEVER_EMPTY = ("name", "external_id", "type_url")
# Ids of types: the low ones are the system types there, and others here.
_OF_TYPES = ("type_id", "type_ids")
# What has to say the same on both sides for anything to compare.
_KEPT = ("filter_query", "next_page_token")


def changed(random: random.Random, asked: Any) -> Any:
    """A copy with one odd place."""
    made = type(asked)()
    made.CopyFrom(asked)
    place = random.choice(list(_messages(made)))
    kept = _KEPT
    if place.DESCRIPTOR.name == "Event" and asked.DESCRIPTOR.name != "PutEventsRequest":
        # There, an event to a node that isn't there is written.
        kept = (*_KEPT, "artifact_id", "execution_id")
    fields = [field for field in place.DESCRIPTOR.fields if field.name not in kept]
    if fields:
        _change(random, place, random.choice(fields))
    return asked if any(_meant(place) for place in _messages(made)) else made


def _messages(message: Any) -> Iterator[Any]:
    """A message and those in it, but for the values of properties."""
    if message.DESCRIPTOR.name == "Value":
        return
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key in sorted(value):
                    yield from _messages(value[key])
        else:
            for one in value if field.is_repeated else [value]:
                yield from _messages(one)


def _change(random: random.Random, place: Any, field: Any) -> None:
    if random.random() < 0.25:
        if field.name not in _NEVER_EMPTY or field.name == "name":
            place.ClearField(field.name)
    elif field.message_type is not None and field.message_type.GetOptions().map_entry:
        _change_map(random, place, field)
    elif field.is_repeated:
        _change_list(random, place, field)
    elif field.message_type is not None:
        if field.message_type.name == "Any":
            getattr(place, field.name).type_url = "some/thing"
        else:
            getattr(place, field.name).SetInParent()
    elif field.enum_type is not None:
        _change_enum(random, place, field)
    else:
        value = _scalar(random, field)
        if value is not None:
            setattr(place, field.name, value)


def _change_map(random: random.Random, place: Any, field: Any) -> None:
    entries = getattr(place, field.name)
    key = random.choice(_TEXTS)
    of = field.message_type.fields_by_name["value"]
    if of.enum_type is not None:
        entries[key] = random.randrange(1, 7)
    elif of.message_type.name == "Value":
        entries[key].CopyFrom(_value(random))


def _change_list(random: random.Random, place: Any, field: Any) -> None:
    entries = getattr(place, field.name)
    if entries and random.random() < 0.7:
        one = random.choice(entries)
        if field.message_type is not None:
            entries.add().CopyFrom(one)
        else:
            entries.append(one)
    elif field.message_type is not None:
        entries.add()
    else:
        value = _scalar(random, field)
        if value is not None:
            entries.append(value)


def _change_enum(random: random.Random, place: Any, field: Any) -> None:
    number = random.choice((*field.enum_type.values_by_number, _BEYOND))
    if number != _BEYOND:
        setattr(place, field.name, number)
        return
    # One that isn't known is as if it were not there.
    place.ClearField(field.name)
    place.MergeFromString(bytes([field.number << 3, number]))


def _scalar(random: random.Random, field: Any) -> Any:
    if field.type == field.TYPE_BOOL:
        return random.random() < 0.5
    if field.type == field.TYPE_STRING:
        if field.name == "paths":
            return random.choice(_PATHS)
        return random.choice(_TEXTS if field.name in _NEVER_EMPTY else ("", *_TEXTS))
    if field.type in (field.TYPE_INT32, field.TYPE_INT64):
        return random.choice(_NUMBERS[4:] if field.name in _OF_TYPES else _NUMBERS)
    return None


def _value(random: random.Random) -> Any:
    value = m.Value()
    match random.randrange(6):
        case 0:
            value.int_value = random.choice(_NUMBERS)
        case 1:
            value.double_value = random.choice((0.0, 1e300, 123456.0))
        case 2:
            value.string_value = random.choice(("", *_TEXTS))
        case 3:
            value.struct_value["é"] = [None, [], {}, {"a": [1]}, "", 0.0]
        case 4:
            value.struct_value.SetInParent()
        case _:
            value.proto_value.type_url = "x"
    return value


def _meant(place: Any) -> bool:
    """Whether what is there differs on purpose."""
    if "custom_properties" not in place.DESCRIPTOR.fields_by_name:
        return False
    custom = place.custom_properties
    return bool(set(custom) & set(place.properties)) or any(
        custom[name].WhichOneof("value") is None for name in custom
    )
