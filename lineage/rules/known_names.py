"""What a question may name. What nobody ever recorded is refused, and not answered by nothing.

- A **label** is known where a mark has it, a lifted or ended one too, or a policy names it (what it
  stops, forbids or keeps), in a former version too.
- A **type** is known where the store has it, and where it is a base type or a well-known one
  (`lineage.model.type_catalog`), of which there may be nothing yet.
- A **metric** is known where it was measured of anything that the question compares.
- A **property** is known where a type declares it, or a node of the kind has it as a custom one.
- A **place** of deployment is known where a step ever deployed to it, or where it is a pattern that
  such a place fits.
- A **policy** is known while it is in force, a **node** and a **context** while they are there.

What was recorded after the time that a question is asked `as_of` is known: then the answer is
what held at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from lineage.errors import NotFound, UnknownType
from lineage.filters.tree import Has, Predicate, contexts_of, properties_of, types_of
from lineage.model import BaseType, Context, Kind, Retention, Type
from lineage.model.type_catalog import well_known
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.rules.policies import is_named_by
from lineage.rules.suggestions import find_nearest, forms_of
from lineage.rules.values import format_value

# So many known names are listed beside an unknown one.
_LISTED = 20
# Names that are in nodes alone are proposed from so many of the newest.
_PROPOSED = 1_000


def describe_unknown(said: str, name: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return the message about an unknown name, with the nearest and the other known ones.

    Parameters
    ----------
    said : str
        What is said of the name, which follows it.
    name : str
        The unknown name.
    known : iterable of str, or mapping
        The known names; a mapping has each by every form that people may write.
    """
    forms = known if isinstance(known, Mapping) else {one: one for one in known}
    near = find_nearest(name, forms)
    meant = "" if near is None else f"; did you mean {format_value(near)}?"
    there = sorted(set(forms.values()))
    listed = ", ".join(map(format_value, there[:_LISTED])) or "none yet"
    more = ", …" if len(there) > _LISTED else ""
    return f"{said} {format_value(name)}{meant} (there are: {listed}{more})"


def check_labels(reader: Reader, labels: Iterable[str]) -> None:
    """Raise NotFound for a label that no mark has and no policy names."""
    unknown = list(dict.fromkeys(labels))
    if not unknown:
        return
    named = _labels_of_policies(reader)
    for label in unknown:
        if label not in named and not reader.marks(labels=[label]):
            known = named | {mark.label for mark in reader.marks()}
            raise NotFound(
                describe_unknown("no mark has, and no policy names, the label", label, known)
            )


def _labels_of_policies(reader: Reader) -> set[str]:
    found: set[str] = set()
    for policy in reader.policies():
        found.update(policy.stops)
        found.update(label for labels in policy.forbids.values() for label in labels)
        found.update(label for rule in policy.retention for label in rule.keep_labelled)
    return found


def check_rules(reader: Reader, rules: Sequence[Retention]) -> None:
    """Raise NotFound where a rule names an unknown label or context, UnknownType for a type.

    A rule that protects what it names by a misspelt name would protect nothing.
    """
    check_labels(reader, (label for rule in rules for label in rule.keep_labelled))
    types = reader.types()
    for rule in rules:
        if rule.type is not None and not is_known_type(types, rule.type, (Kind.ARTIFACT,)):
            raise build_unknown_type(types, rule.type, (Kind.ARTIFACT,))
    patterns = [pattern for rule in rules for pattern in rule.keep_in]
    if not patterns:
        return
    contexts = [c for c in reader.find(Kind.CONTEXT, Filter()) if isinstance(c, Context)]
    for pattern in patterns:
        if not any(is_named_by(context, pattern) for context in contexts):
            known = [context.label for context in contexts]
            raise NotFound(describe_unknown("there is no context", pattern, known))


def is_known_type(types: Iterable[Type], name: str, kinds: Sequence[Kind]) -> bool:
    """Whether a name is that of a type of one of these kinds: `Train`, `Train@2`, `TRAIN`."""
    if name in set(BaseType):
        return BaseType(name).kind in kinds
    return any(well_known(kind, name) for kind in kinds) or any(
        type.kind in kinds and name in (type.name, type.label) for type in types
    )


def build_unknown_type(types: Iterable[Type], name: str, kinds: Sequence[Kind]) -> UnknownType:
    """Return the error about a type that is known to nobody, or is of another kind."""
    there = list(types)
    kind = " or ".join(kinds)
    for other in Kind:
        if other not in kinds and is_known_type(there, name, (other,)):
            return UnknownType(f"{name} is a type of {other}s, not of {kind}s")
    bases = {base.value: base.value for base in BaseType if base.kind in kinds}
    forms = {**bases, **forms_of(type for type in there if type.kind in kinds)}
    return UnknownType(describe_unknown(f"there is no {kind} type", name, forms))


def check_known_metric(metric: str, measured: Iterable[Mapping[str, object]], of: str) -> None:
    """Raise NotFound for a metric that was measured of nothing that is compared."""
    known: set[str] = set()
    for names in measured:
        if metric in names:
            return
        known |= names.keys()
    raise NotFound(describe_unknown(f"nothing was measured of {of} under", metric, known))


def check_filter(reader: Reader, predicate: Predicate) -> None:
    """Raise UnknownType or NotFound for a type, property or context of a filter that is unknown.

    To look for a property costs as much as the filter: it is for filters that found nothing.
    """
    types = reader.types()
    for kind, name in types_of(predicate):
        if not is_known_type(types, name, (kind,)):
            raise build_unknown_type(types, name, (kind,))
    for names, called in contexts_of(predicate):
        found = [c for name in names for c in reader.find(Kind.CONTEXT, Filter(name=name))]
        # `Team:red` may be a name as it stands.
        whole = names[0] if len(names) > 1 else None
        if not any(not called or c.name == whole or c.type in called for c in found):
            newest = reader.find(Kind.CONTEXT, Filter(newest_first=True, limit=_PROPOSED))
            known = {str(node.name): node.label for node in newest if node.name is not None}
            raise NotFound(describe_unknown("there is no context", names[0], known))
    asked: dict[str, set[bool]] = {}
    for name, custom in sorted(properties_of(predicate.condition)):
        asked.setdefault(name, set()).add(custom)
    for name, forms in asked.items():
        # The short form of a filter means either.
        if not any(_has_property(reader, types, predicate.kind, name, custom) for custom in forms):
            known_names = _property_names(reader, types, predicate.kind, forms)
            which = "custom property" if forms == {True} else "property"
            raise NotFound(
                describe_unknown(f"no {predicate.kind} has the {which}", name, known_names)
            )


def check_place(place: str, known: Iterable[str]) -> None:
    """Raise NotFound for a place, or a pattern of places, that no deployment went to."""
    there = set(known)
    # What fits everything names nothing.
    if place.strip("*") and not any(is_at_place(one, place) for one in there):
        raise NotFound(describe_unknown("nothing was ever deployed to", place, there))


def is_at_place(place: str, wanted: str) -> bool:
    """Whether a place is the wanted one, or one that the wanted pattern fits."""
    return place == wanted or fnmatchcase(place, wanted)


def _has_property(
    reader: Reader, types: Iterable[Type], kind: Kind, name: str, custom: bool
) -> bool:
    if not custom and any(type.kind is kind and name in type.properties for type in types):
        return True
    return bool(reader.find(kind, Filter(where=Predicate(kind, Has(name, custom)), limit=1)))


def _property_names(
    reader: Reader, types: Iterable[Type], kind: Kind, forms: set[bool]
) -> set[str]:
    """Return what may be meant: of the custom properties, those of the newest nodes."""
    found = {name for type in types if type.kind is kind for name in type.properties}
    if forms == {True}:
        found = set()
    if True in forms:
        newest = reader.find(kind, Filter(newest_first=True, limit=_PROPOSED))
        found |= {name for node in newest for name in node.custom_properties}
    return found
