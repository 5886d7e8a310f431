"""How types evolve, and how names of types are resolved.

Properties may be added, never changed; the same type put again changes nothing (MLMD's rule for
PutTypes with can_add_fields). A property is dropped from a type only where that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from lineage.errors import AlreadyExists, InvalidValue, TypeConflict, UnknownType
from lineage.model import Kind, Type
from lineage.model.type_catalog import list_plain, well_known
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.rules.suggestions import find_nearest, forms_of
from lineage.rules.values import MAX_NAME_BYTES, MAX_VALUE_BYTES, validate_id, validate_text

Key = tuple[Kind, str, str | None]


def validate_type(type: Type) -> Type:
    """The type, or InvalidValue naming what is wrong in it."""
    validate_text(type.name, "type.name", MAX_NAME_BYTES)
    if ":" in type.name:
        raise InvalidValue(
            f"type.name {type.name!r} contains ':', which separates type and name in references"
        )
    for field in ("version", "external_id"):
        value = getattr(type, field)
        if value is not None:
            validate_text(value, f"type.{field}", MAX_NAME_BYTES)
    if type.description is not None:
        validate_text(type.description, "type.description", MAX_VALUE_BYTES, may_be_empty=True)
    if type.id is not None:
        validate_id(type.id, "type.id")
    for name in type.properties:
        validate_text(name, f"the name of {type.label}.properties[{name!r}]", MAX_NAME_BYTES)
    if type.base is not None and type.base.kind is not type.kind:
        raise InvalidValue(
            f"type {type.label!r} is of kind {type.kind}, but its base {type.base} is for "
            f"{type.base.kind}s"
        )
    return type


def evolve(old: Type, new: Type, *, dropping: Iterable[str] = (), extending: bool = False) -> Type:
    """What `old` becomes when `new` is put over it, or TypeConflict.

    `dropping` names the properties that go where `new` leaves them out. Others left out are
    refused, or stay where `new` only extends `old` (MLMD's can_omit_fields).
    """
    drop = set(dropping)
    for name, kind in new.properties.items():
        if name in old.properties and old.properties[name] is not kind:
            raise TypeConflict(
                f"type {old.label!r}: property {name!r} is {old.properties[name]} and can't become "
                f"{kind}; put a new version of the type, or name the property differently"
            )
    missing = [n for n in old.properties if n not in new.properties and n not in drop]
    if missing and not extending:
        raise TypeConflict(
            f"type {old.label!r} has the propert{'y' if len(missing) == 1 else 'ies'} "
            f"{', '.join(map(repr, missing))}, which the new definition leaves out; add "
            "what is missing, put it with extend=True to keep it, or name it in drop=[...]"
        )
    if old.base is not None and new.base is not None and new.base is not old.base:
        raise TypeConflict(
            f"type {old.label!r} has the base {old.base}, which can't become {new.base}"
        )
    kept = {n: k for n, k in old.properties.items() if n not in drop or n in new.properties}
    return old.model_copy(
        update={
            "properties": {**kept, **new.properties},
            "base": old.base or new.base,
            "description": new.description if new.description is not None else old.description,
            "external_id": new.external_id or old.external_id,
        }
    )


class TypeTable:
    """The types that a store has, remembered between transactions.

    What a transaction adds is only kept when it has committed: `session` gives a view for one
    transaction, `keep` takes it over. Types never change what they had, so an old memory is right
    about what it knows and is refreshed for what it doesn't. A dropped property is the exception:
    to look for one would cost every write of every process a round trip.
    """

    def __init__(self) -> None:
        self._known: dict[Key, Type] = {}

    def session(self, reader: Reader) -> TypeSession:
        """A view for one transaction."""
        return TypeSession(dict(self._known), reader)

    def keep(self, session: TypeSession) -> None:
        """Take over what a committed transaction knew."""
        self._known = session.known


class TypeSession:
    """The types as one transaction sees them."""

    def __init__(self, known: dict[Key, Type], reader: Reader) -> None:
        self.known = known
        self._reader = reader
        self._fresh = False
        self._locked = False

    def find(self, kind: Kind, name: str, version: str | None = None) -> Type | None:
        """The type of that name; without a version the unversioned one, else the newest."""
        found = self._lookup(kind, name, version)
        if found is None and not self._fresh:
            self.refresh()
            found = self._lookup(kind, name, version)
        return found

    def exact(self, kind: Kind, name: str, version: str | None) -> Type | None:
        """The type of exactly that version; None is the unversioned one."""
        found = self.known.get((kind, name, version))
        if found is None and not self._fresh:
            self.refresh()
            found = self.known.get((kind, name, version))
        return found

    def by_id(self, kind: Kind, id: int) -> Type | None:
        """The type with that id."""
        found = next((t for t in self.known.values() if t.id == id), None)
        if found is None and not self._fresh:
            self.refresh()
            found = next((t for t in self.known.values() if t.id == id), None)
        return found if found is not None and found.kind is kind else None

    def meant(self, kind: Kind, name: str, version: str | None = None) -> list[Type]:
        """The types whose nodes `name` may mean: without a version, all versions."""
        if version is not None:
            found = self.find(kind, name, version)
            return [] if found is None else [found]
        if not self._fresh:
            self.refresh()
        return [t for t in self.known.values() if t.kind is kind and t.name == name]

    def get(self, kind: Kind, name: str, version: str | None = None) -> Type:
        """The same; a well-known type is put on first use. Raises UnknownType."""
        found = self.known.get((kind, name, version)) or self.find(kind, name, version)
        if found is not None:
            return found
        known = well_known(kind, name) if version is None else None
        if known is not None and isinstance(self._reader, Writer):
            return self.put(known)
        there = [t for t in self.known.values() if t.kind is kind]
        others = sorted(t.label for t in there)
        writes = isinstance(self._reader, Writer)
        plain = list_plain(kind)
        near = find_nearest(
            name, forms_of(there) | ({word: word for word in plain} if writes else {})
        )
        meant = f"; did you mean {near!r}?" if near not in (None, name) else ""
        listed = ", ".join(map(repr, others[:20])) or "none yet"
        declare = (
            f"; built in are {', '.join(plain)} …, see `lineage types --all`; declare another "
            "with put_type, or under `types` of a step"
        )
        raise UnknownType(
            f"no {kind} type {name!r}{f' of version {version!r}' if version else ''}{meant} "
            f"(there are: {listed}){declare if writes else ''}"
        )

    def with_properties(self, type: Type, names: Set[str]) -> Type:
        """The type, read again where it doesn't declare one of these names."""
        if self._fresh or names <= type.properties.keys():
            return type
        self.refresh()
        return self.known.get((type.kind, type.name, type.version), type)

    def put(self, type: Type, *, dropping: Iterable[str] = (), extending: bool = False) -> Type:
        """Insert or evolve a type; see `evolved`.

        Raises AlreadyExists for an id or external id that another type has, of whatever kind.
        """

        def over(old: Type) -> Type:
            return evolve(old, type, dropping=dropping, extending=extending)

        type = validate_type(type)
        key = (type.kind, type.name, type.version)
        old = self.known.get(key)
        if old is not None and over(old) == old:
            return old
        writer = self._reader
        assert isinstance(writer, Writer)
        if not self._locked:
            # Two who add a property each must not overwrite one another. Once they are locked,
            # nobody else changes them.
            writer.lock_types()
            self._locked = True
            self._fresh = False
            self.refresh()
        old = self.known.get(key)
        new = type if old is None else over(old)
        if old is None and type.id is not None:
            # The backend would overwrite the type of that id, and with it what its nodes are.
            for other in self.known.values():
                if other.id == type.id:
                    raise AlreadyExists(
                        f"type.id {type.id} belongs to the {other.kind} type {other.label!r}; "
                        f"leave the id of {type.label!r} out"
                    )
        if new != old:
            self._check_external_id(new, key)
            new = self.known[key] = writer.put_type(new)
        return new

    def _check_external_id(self, type: Type, key: Key) -> None:
        for taken, other in self.known.items() if type.external_id else ():
            if taken != key and other.external_id == type.external_id:
                raise AlreadyExists(
                    f"type.external_id {type.external_id!a} belongs to the {other.kind} type "
                    f"{other.label!r}; choose another"
                )

    def refresh(self) -> None:
        """Read the types again, once a transaction."""
        if not self._fresh:
            self.known = {(t.kind, t.name, t.version): t for t in self._reader.types()}
            self._fresh = True

    def _lookup(self, kind: Kind, name: str, version: str | None) -> Type | None:
        exact = self.known.get((kind, name, version))
        if exact is not None or version is not None:
            return exact
        of_name = [t for t in self.known.values() if t.kind is kind and t.name == name]
        return max(of_name, key=lambda t: t.id or 0, default=None)
