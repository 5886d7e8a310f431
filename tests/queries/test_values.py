"""The values of an answer are the same on every backend: labels, times, what there is to see."""

from __future__ import annotations

import datetime
import json
from zoneinfo import ZoneInfo

import pytest

from lineage import Artifact, Execution, Store
from lineage.opencypher.errors import CypherArgumentError
from lineage.opencypher.values.temporal.types import Date, DateTime, Duration, LocalDateTime

_TIMES = {
    "date('2020-02-03')": "2020-02-03",
    "localtime('04:05:06.5')": "04:05:06.5",
    "time('04:05:06.123456789+01:30')": "04:05:06.123456789+01:30",
    "localdatetime('2020-02-03T04:05')": "2020-02-03T04:05:00",
    "datetime('2020-02-03T04:05:06Z')": "2020-02-03T04:05:06Z",
    "datetime('2020-07-03T04:05:06[Europe/Berlin]')": "2020-07-03T04:05:06+02:00[Europe/Berlin]",
    "datetime('2020-10-25T02:30:00+01:00[Europe/Berlin]')": (
        "2020-10-25T02:30:00+01:00[Europe/Berlin]"
    ),
    "duration('P14M3DT70S')": "P1Y2M3DT1M10S",
    "duration({seconds: -1.5})": "PT-1.5S",
}


def test_times_are_typed_in_python_and_one_text_in_json(store: Store) -> None:
    result = store.query(
        f"RETURN {', '.join(_TIMES)}, [date('2020-02-03')], {{a: duration('P1D')}}"
    )
    [row] = result.rows
    assert [str(value) for value in row[:-2]] == list(_TIMES.values())
    assert (row[0], row[-2]) == (Date(row[0].days), [row[0]])
    [shown] = json.loads(result.to_json())["rows"]
    assert shown == [*_TIMES.values(), ["2020-02-03"], {"a": "P1D"}]
    assert next(iter(result.to_csv().splitlines()[1:])).startswith("2020-02-03,04:05:06.5,")
    assert isinstance(row[5], DateTime)
    assert isinstance(row[3], LocalDateTime)
    assert isinstance(row[7], Duration)


def test_times_become_pythons(store: Store) -> None:
    [row] = store.query(f"RETURN {', '.join(_TIMES)}").rows
    berlin = ZoneInfo("Europe/Berlin")
    east = datetime.timezone(datetime.timedelta(hours=1, minutes=30))
    assert [value.to_native() for value in row[:7]] == [
        datetime.date(2020, 2, 3),
        datetime.time(4, 5, 6, 500_000),
        datetime.time(4, 5, 6, 123_456, tzinfo=east),
        datetime.datetime(2020, 2, 3, 4, 5),
        datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
        datetime.datetime(2020, 7, 3, 4, 5, 6, tzinfo=berlin),
        datetime.datetime(2020, 10, 25, 2, 30, tzinfo=berlin, fold=1),
    ]
    assert row[6].to_native().utcoffset() == datetime.timedelta(hours=1)
    assert row[8].to_native() == datetime.timedelta(seconds=-1.5)
    with pytest.raises(CypherArgumentError, match="months"):
        row[7].to_native()


@pytest.mark.backends("memory", "sqlite")
def test_what_python_has_no_date_for_says_so(store: Store) -> None:
    [row] = store.query("RETURN date('+12020-02-03') AS d, date('-0001-01-01') AS e").rows
    for value in row:
        with pytest.raises(CypherArgumentError, match="year"):
            value.to_native()


def test_labels_are_the_kind_and_then_the_type(store: Store) -> None:
    store.record(
        Execution(type="Train", name="t"),
        inputs={"d": Artifact(type="Dataset", name="d")},
        outputs={"m": Artifact(type="Model", name="m")},
    )
    rows = store.query("MATCH (n) WHERE n.name IN ['d', 't', 'm'] RETURN labels(n) AS l").rows
    assert sorted(row[0] for row in rows) == [
        ["Artifact", "Dataset"],
        ["Artifact", "Model"],
        ["Execution", "Train"],
    ]


def test_a_bare_node_is_one_of_the_graph(store: Store) -> None:
    """What the store keeps for itself is no part of it."""
    store.put(Artifact(type="Dataset", name="raw"))
    store.save_query("mine", "MATCH (n) RETURN n")
    everything = "MATCH (n) RETURN DISTINCT labels(n)[0] AS label ORDER BY label"
    assert [row[0] for row in store.query(everything).rows] == ["Artifact", "BaseType", "Type"]
    counted = store.query("MATCH (n) RETURN count(*) AS n").value()
    one_by_one = sum(
        store.query(f"MATCH (n:{label}) RETURN count(n) AS n").value()
        for label in ("Artifact", "BaseType", "Type")
    )
    assert counted == one_by_one
    assert store.query("MATCH (n:!Artifact&!Type&!BaseType) RETURN n").rows == []
    assert store.query("OPTIONAL MATCH (n) WHERE n.value IS NOT NULL RETURN n").rows == [(None,)]
    assert store.query("RETURN COUNT { (n) WHERE n.key IS NOT NULL } AS n").value() == 0
