"""ML Metadata's databases in and out, seen by its own library."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Artifact, EventType, Kind, Store, Type
from lineage.errors import AlreadyExists
from lineage.formats.mlmd import import_mlmd
from lineage.formats.mlmd.exporter import export_mlmd
from tests.mlmd_drop_in.conftest import Beside
from tools.mariadb import MariaDb

CLIENT = Path(__file__).parent / "client"


def by_library(wheel: Path, script: str, *arguments: str) -> str:
    done = subprocess.run(
        [wheel, CLIENT / script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(wheel: Path, database: Path) -> Any:
    """All that the library finds in a file."""
    return json.loads(by_library(wheel, "read_all.py", str(database)))


def there_and_back(store: Store, wheel: Path, original: Path, folder: Path) -> None:
    """Import a file, export it again, and compare what the library reads from both."""
    import_mlmd(original, store)
    export_mlmd(store, folder / "exported.db")
    assert read(wheel, folder / "exported.db") == read(wheel, original)


def test_a_real_run_there_and_back(store: Store, wheel: Path, data: Path, tmp_path: Path) -> None:
    original = tmp_path / "original.db"
    # The library brings it to its newest schema.
    shutil.copyfile(data / "mlmd" / "tfx_0_21.sqlite", original)
    there_and_back(store, wheel, original, tmp_path)


def test_one_of_everything_there_and_back(store: Store, wheel: Path, tmp_path: Path) -> None:
    original = tmp_path / "original.db"
    by_library(wheel, "fill.py", "sqlite", str(original))
    there_and_back(store, wheel, original, tmp_path)
    assert store.get_type(Kind.ARTIFACT, "Net").base == "MODEL"
    url = b"type.googleapis.com/some.Message"
    kept = b"\n" + bytes([len(url)]) + url + b"\x12\x06\x08\x01\xff\x00'\\"
    assert store.artifact("Net@2:churn").properties["p"] == kept


@pytest.mark.backends("memory")
@pytest.mark.parametrize("schema", range(4, 10))
def test_every_older_schema_there_and_back(
    store: Store, wheel: Path, tmp_path: Path, schema: int
) -> None:
    """Old files say as much as the library finds in them when it has brought them up to date."""
    original = tmp_path / "original.db"
    by_library(wheel, "fill.py", "sqlite", str(original))
    with closing(sqlite3.connect(original)) as file:
        # For these there was no column, and a property without a value can't be read.
        file.execute("DELETE FROM ArtifactProperty WHERE bool_value OR proto_value IS NOT NULL")
        file.commit()
    by_library(wheel, "downgrade.py", str(original), str(schema))
    there_and_back(store, wheel, original, tmp_path)


def test_there_and_back_in_the_librarys_own_environment(either: Beside, tmp_path: Path) -> None:
    original, exported = str(tmp_path / "original.db"), str(tmp_path / "exported.db")
    lineage = ("-m", "lineage.cli", "--store", f"sqlite:///{tmp_path}/lineage.db")
    either.by_script("fill.py", "sqlite", original)
    either.run(*lineage, "import", "mlmd", original)
    either.run(*lineage, "export", "mlmd", exported)
    first, second = (json.loads(either.by_script("read_all.py", f)) for f in (original, exported))
    assert first == second
    assert len(first["nodes"][0]) == 2


@pytest.mark.backends("sqlite")
def test_a_mysql_server(store: Store, wheel: Path, tmp_path: Path) -> None:
    """The same comes of a server as of a file, but for the times."""
    by_library(wheel, "fill.py", "sqlite", str(tmp_path / "file.db"))
    with MariaDb() as server, lineage.connect("memory://") as other:
        by_library(wheel, "fill.py", "mysql", str(server.port), "mlmd")
        for _ in range(2):
            import_mlmd(f"mysql://root@127.0.0.1:{server.port}/mlmd", store)
        import_mlmd(tmp_path / "file.db", other)
        assert said(store) == said(other)


def said(store: Store) -> Any:
    """What a store says, but for times."""
    times = {"created_ms", "updated_ms", "time_ms", "recorded_ms"}
    with store.backend.read() as reader:
        contexts = [c.id for c in store.contexts() if c.id is not None]
        return (
            sorted(reader.types(), key=lambda t: t.id or 0),
            [n.model_dump(exclude=times) for kind in Kind for n in store.find(kind)],
            [e.model_dump(exclude=times) for e in reader.events()],
            [reader.members_of(contexts, kind) for kind in (Kind.ARTIFACT, Kind.EXECUTION)],
            reader.parents_of(contexts),
            reader.metadata("mlmd/signatures"),
        )


@pytest.mark.backends("memory")
def test_what_only_lineage_has(store: Store, wheel: Path, tmp_path: Path) -> None:
    """What ML Metadata can't say is left out and counted; its library reads the rest."""
    store.put_type(Type(kind=Kind.ARTIFACT, name="Odd", properties={"b": "bytes", "l": "struct"}))
    odd = Artifact(
        type="Odd",
        properties={"b": b"no message", "l": [1, 2]},
        custom_properties={"nan": float("nan"), "infinite": float("-inf"), "exact": 1 / 3},
    )
    step = store.record(
        lineage.Execution(type="Train"), outputs={"a": odd, "b": Artifact(type="Model", name="m")}
    )
    store.put_events(
        [
            lineage.Event(
                artifact_id=step.output("a"),
                execution_id=step.execution,
                type=EventType.OUTPUT,
                path=("again",),
            )
        ]
    )
    done = export_mlmd(store, tmp_path / "a.db")
    assert (done.events_left_out, done.values_left_out) == (1, 1)
    assert "left out: 1 events under a second path and 1 values that are NaN" in str(done)
    found = read(wheel, tmp_path / "a.db")
    [text] = [node for node in found["nodes"][0] if 'type: "Odd"' in node]
    assert 'type_url: "type.googleapis.com/google.protobuf.BytesValue"' in text
    assert 'value: "\\n\\nno message"' in text
    assert 'key: "list"' in text
    assert "double_value: -inf" in text
    assert "nan" not in text
    [model] = [type for type in found["types"][0] if 'name: "Model"' in type]
    assert "base_type: MODEL" in model


@pytest.mark.backends("memory")
def test_a_file_that_is_there_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("mine")
    with pytest.raises(AlreadyExists, match=r"a\.db"):
        export_mlmd(store, tmp_path / "a.db")
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]
    assert (tmp_path / "a.db").read_text() == "mine"
