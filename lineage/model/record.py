"""The base of everything that is recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import repeat
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticUndefined

from lineage.errors import InvalidValue

_set = object.__setattr__
_exhaust = deque[None](maxlen=0).extend


class Record(BaseModel):
    """An immutable record. A field with a wrong value raises `InvalidValue`, which names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, protected_namespaces=())

    def __init__(self, /, **fields: Any) -> None:
        try:
            # What pydantic's own __init__ does, and a call less for each record.
            self.__pydantic_validator__.validate_python(fields, self_instance=self)
        except ValidationError as error:
            raise invalid_value(type(self).__name__, error) from None

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What makes it another than an empty one: what is as if left out says nothing."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            default = (
                PydanticUndefined
                if name is None
                else fields[name].get_default(call_default_factory=True, validated_data={})
            )
            if value != default:
                yield name, value

    if not TYPE_CHECKING:
        # Type checkers know from the configuration that a record is frozen.

        def __setattr__(self, name: str, value: object) -> None:
            raise _frozen(self, name)

        def __delattr__(self, name: str) -> None:
            raise _frozen(self, name)

    @classmethod
    def trusted(cls, fields: dict[str, Any]) -> Self:
        """One from fields that are known to be right and complete, such as a store's own rows.

        Validation is most of the cost of reading many nodes; `fields` must hold every field.
        """
        record = cls.__new__(cls)
        _set(record, "__dict__", fields)
        # One set for all: records don't change, and a set of its own is half of a record's size.
        _set(record, "__pydantic_fields_set__", _every_field(cls))
        _set(record, "__pydantic_extra__", None)
        _set(record, "__pydantic_private__", None)
        return record

    @classmethod
    def trusted_all(cls, many: Sequence[dict[str, Any]]) -> list[Self]:
        """As `trusted` for each, in loops that don't leave C: a large answer is mostly this."""
        records = list(map(cls.__new__, repeat(cls, len(many))))
        _exhaust(map(_set, records, repeat("__dict__"), many))
        _exhaust(map(_set, records, repeat("__pydantic_fields_set__"), repeat(_every_field(cls))))
        _exhaust(map(_set, records, repeat("__pydantic_extra__"), repeat(None)))
        _exhaust(map(_set, records, repeat("__pydantic_private__"), repeat(None)))
        return records

    @classmethod
    def parse(cls, data: object) -> Self:
        """Build one from JSON-like data. Raises InvalidValue naming field and value."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise invalid_value(cls.__name__, error) from None


@cache
def _every_field(record: type[Record]) -> set[str]:
    return set(record.model_fields)


def invalid_value(name: str, error: ValidationError) -> InvalidValue:
    """The first thing that pydantic found wrong, as an error of ours."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(step) for step in first["loc"]) or "value"
    shown = repr(first["input"])
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return InvalidValue(f"{name}.{field}: {first['msg']} (got {shown}){_remedy(first)}")


def _remedy(wrong: Any) -> str:
    """What to do about what pydantic found wrong, where that is not plain from what it says."""
    if wrong["type"] == "missing":
        return "; give it"
    if wrong["type"] == "extra_forbidden":
        return "; check its spelling, and give properties of your own in custom_properties"
    if wrong["type"] == "string_type" and isinstance(wrong["input"], PathLike):
        return "; give str(path), or path.absolute().as_uri()"
    return ""


def _frozen(record: Record, name: str) -> InvalidValue:
    return InvalidValue(
        f"{type(record).__name__}.{name} can't be set, as records don't change; make a changed "
        f"copy: record.model_copy(update={{{name!r}: ...}}), and store.update() it"
    )
