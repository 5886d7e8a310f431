"""A node's own fields are those of its record."""

from __future__ import annotations

from dataclasses import fields

import pytest

from lineage.model import NODE_CLASSES, Kind
from lineage.model.fields import ALL_GIVEN_FIELDS, GIVEN_FIELDS, OWN_FIELDS, TIME_FIELDS
from lineage.ports.batch import NodeWrite
from lineage.ports.filters import Filter


@pytest.mark.parametrize("kind", Kind)
def test_no_field_of_a_record_is_left_out(kind: Kind) -> None:
    named = {TIME_FIELDS.get(name, name) for name in OWN_FIELDS[kind]}
    assert named | {"properties", "custom_properties"} == {*NODE_CLASSES[kind].model_fields}


def test_contexts_have_the_least() -> None:
    assert GIVEN_FIELDS[Kind.CONTEXT] == ("name", "external_id")
    assert {*GIVEN_FIELDS[Kind.EXECUTION]} < {*GIVEN_FIELDS[Kind.ARTIFACT]}


@pytest.mark.parametrize("part", [NodeWrite, Filter])
def test_a_write_and_a_filter_have_each(part: type[NodeWrite] | type[Filter]) -> None:
    assert {*ALL_GIVEN_FIELDS} <= {field.name for field in fields(part)}
