"""What a filter may name is what the records have."""

from __future__ import annotations

import pytest

from lineage.filters.fields import FIELDS
from lineage.model import Kind
from lineage.model.fields import OWN_FIELDS


@pytest.mark.parametrize("kind", Kind)
def test_a_filter_names_the_own_fields_of_each_kind(kind: Kind) -> None:
    named = {field.field for field in FIELDS[kind].values()}
    assert named == {*OWN_FIELDS[kind]} - {"type_version"}


@pytest.mark.parametrize("kind", Kind)
def test_ml_metadata_s_names_mean_the_same_fields(kind: Kind) -> None:
    assert FIELDS[kind]["create_time_since_epoch"] == FIELDS[kind]["created"]
    assert FIELDS[kind]["last_update_time_since_epoch"] == FIELDS[kind]["updated"]
