"""A real TFX run, as ML Metadata recorded it, on every backend."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Context, Kind, Store
from lineage.cli.commands import app
from lineage.errors import AlreadyExists, InvalidValue, StoreTooNew, StoreUnavailable
from lineage.formats.mlmd import import_mlmd
from lineage.formats.mlmd.connections import SqliteFile
from lineage.formats.mlmd.database import MlmdDatabase
from lineage.formats.mlmd.structs import decode_struct


@pytest.fixture
def tfx(data: Path) -> Path:
    return data / "mlmd" / "tfx_0_21.sqlite"


def test_a_real_run_is_imported_twice_without_a_duplicate(store: Store, tfx: Path) -> None:
    for _ in range(2):
        done = import_mlmd(tfx, store)
        counts = {"types": 22, "artifacts": 14, "executions": 10, "contexts": 21, "events": 31}
        assert done.to_dict() == counts
        assert asdict(store.counts()) == counts


def test_every_value_is_as_the_file_has_it(store: Store, tfx: Path) -> None:
    import_mlmd(tfx, store)
    file = sqlite3.connect(f"{tfx.as_uri()}?mode=ro&immutable=1", uri=True)
    for kind in Kind:
        table = kind.value.capitalize()
        for id, type_name in file.execute(
            f"SELECT n.id, t.name FROM {table} n JOIN Type t ON t.id = n.type_id"
        ):
            node = store.get(f"{kind}:{id}")
            assert node.type == type_name
            expected: dict[tuple[str, bool], object] = {}
            for name, custom, integer, double, text in file.execute(
                "SELECT name, is_custom_property, int_value, double_value, string_value "
                f"FROM {table}Property WHERE {kind}_id = ?",
                (id,),
            ):
                expected[name, bool(custom)] = next(
                    (v for v in (integer, double, text) if v is not None), None
                )
            found = {(n, False): v for n, v in node.properties.items()}
            found |= {(n, True): v for n, v in node.custom_properties.items()}
            assert found == {key: v for key, v in expected.items() if v is not None}
    for artifact, execution, time in file.execute(
        "SELECT artifact_id, execution_id, milliseconds_since_epoch FROM Event"
    ):
        times = [e.time_ms for e in store.events(artifact=artifact, execution=execution)]
        assert time in times


def test_what_the_pushed_model_was_trained_on(store: Store, tfx: Path) -> None:
    import_mlmd(tfx, store)
    [pushed] = store.artifacts(type="PushedModel")
    found = store.trained_on(pushed)
    assert [(row.dataset.uri or "").split("/", 3)[-1] for row in found] == [
        "CsvExampleGen/examples/1",
        "Transform/transformed_examples/5",
    ]
    assert [row.direct for row in found] == [False, True]
    # Asked of the model, or of what the pusher made of it.
    for model in (8, pushed):
        assert [d.execution.type for d in store.deployments(model)] == [
            "tfx.components.pusher.component.Pusher"
        ]


def test_answers_name_what_has_no_name_by_its_type(store: Store, url: str, tfx: Path) -> None:
    import_mlmd(tfx, store)

    def told(*words: str) -> str:
        return CliRunner().invoke(app, ["--store", url, *words]).output

    assert "Examples (artifact:2) -> Transform (execution:5) -> Examples (artifact:7)" in " ".join(
        word for word in told("why", "artifact:2", "artifact:7").split() if word[0] != "["
    )
    about = told("about", "artifact:14")
    assert about.startswith("PushedModel  (artifact:14)\n")
    assert "run_id" not in about
    assert "execution:10" in about.partition("Deployments")[2]
    assert "tfx.components" not in told("downstream", "artifact:1") + told("ls", "executions")


def test_what_came_of_the_raw_data(store: Store, tfx: Path) -> None:
    import_mlmd(tfx, store)
    [raw] = store.artifacts(type="ExternalArtifact")
    found = store.downstream(raw)
    assert found.complete
    # Everything in this run came of the one folder of raw data.
    assert len(found) == 14 + 10
    assert {n.id for n in found.of_type("Model")} == {8}
    assert {n.id for n in found.of_type("PushedModel")} == {14}


def test_the_file_is_only_read(tmp_path: Path, tfx: Path) -> None:
    copy = tmp_path / "mlmd.sqlite"
    copy.write_bytes(tfx.read_bytes())
    copy.chmod(0o400)
    with lineage.connect("memory://") as store:
        import_mlmd(copy, store)
    assert copy.read_bytes() == tfx.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["mlmd.sqlite"]


def test_nobodys_node_is_written_over(store: Store, tfx: Path) -> None:
    mine = store.put(Artifact(type="Dataset", name="mine"))
    assert mine.id == 1
    with pytest.raises(AlreadyExists, match="Dataset:mine"):
        import_mlmd(tfx, store)
    assert store.artifact(mine.id or 0) == mine


def test_new_nodes_do_not_take_imported_ids(store: Store, tfx: Path) -> None:
    import_mlmd(tfx, store)
    made = store.put(Artifact(type="Dataset", name="new"))
    assert made.id is not None
    assert made.id > 14
    assert (store.put(Context(type="Pipeline", name="p")).id or 0) > 21


@pytest.mark.parametrize(("version", "error"), [(3, StoreUnavailable), (11, StoreTooNew)])
def test_unknown_schemas_are_refused(
    tmp_path: Path, tfx: Path, version: int, error: type[Exception]
) -> None:
    copy = tmp_path / "mlmd.sqlite"
    copy.write_bytes(tfx.read_bytes())
    changed = sqlite3.connect(copy)
    changed.execute("UPDATE MLMDEnv SET schema_version = ?", (version,))
    changed.commit()
    changed.close()
    with lineage.connect("memory://") as store, pytest.raises(error, match=str(version)):
        import_mlmd(copy, store)


def test_edges_to_what_is_not_there_stay_behind(store: Store, tmp_path: Path, tfx: Path) -> None:
    """ML Metadata looks at none of them."""
    changed(
        tmp_path / "mlmd.sqlite",
        tfx,
        "DELETE FROM Artifact WHERE id = 5",
        "DELETE FROM Execution WHERE id = 5",
        "DELETE FROM Context WHERE id = 5",
        "CREATE TABLE ParentContext (context_id INT, parent_context_id INT)",
        "INSERT INTO ParentContext VALUES (1, 99), (99, 1), (2, 5), (2, 1)",
        "CREATE TABLE ParentType (type_id INT, parent_type_id INT)",
        "INSERT INTO ParentType VALUES (1, 99)",
        "INSERT INTO Attribution (context_id, artifact_id) VALUES (99, 1), (1, -1)",
    )
    for _ in range(2):
        import_mlmd(tmp_path / "mlmd.sqlite", store)
    assert [c.id for c in store.parents_of(2)] == [1]
    assert [c.id for c in store.contexts_of("artifact:1")] == [1, 2, 3]
    # Five of the 31 were of the artifact or the execution.
    assert store.counts().events == 26
    assert (len(store.artifacts()), len(store.executions()), len(store.contexts())) == (13, 9, 20)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE Event SET type = 8 WHERE id = 1", "the type of one of its events is 8"),
        ("UPDATE Artifact SET type_id = 999 WHERE id = 1", "type or state of .* artifacts is 999"),
        ("UPDATE TypeProperty SET data_type = 0", "a property of one of its types holds is 0"),
        ("UPDATE Type SET type_kind = 7", "what one of its types is of is 7"),
        ("UPDATE ArtifactProperty SET string_value = 'mlmd-struct::!!'", "not a struct"),
    ],
)
def test_what_nobody_knows_is_named(tmp_path: Path, tfx: Path, statement: str, said: str) -> None:
    changed(tmp_path / "mlmd.sqlite", tfx, statement)
    with lineage.connect("memory://") as store, pytest.raises(InvalidValue, match=said):
        import_mlmd(tmp_path / "mlmd.sqlite", store)


@pytest.mark.parametrize(
    ("table", "column"),
    [("Artifact", "uri"), ("Event", "type"), ("ArtifactProperty", "string_value")],
)
def test_a_column_that_is_missing_is_not_read_as_empty(
    tmp_path: Path, tfx: Path, table: str, column: str
) -> None:
    changed(tmp_path / "mlmd.sqlite", tfx, f"ALTER TABLE {table} DROP COLUMN {column}")
    with lineage.connect("memory://") as store:
        with pytest.raises(StoreUnavailable, match=f"the table {table} has no column {column}"):
            import_mlmd(tmp_path / "mlmd.sqlite", store)
        assert store.counts().artifacts == 0


def changed(copy: Path, original: Path, *statements: str) -> None:
    """A copy of a database, with something odd in it."""
    copy.write_bytes(original.read_bytes())
    with closing(sqlite3.connect(copy)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def test_a_database_that_is_written_to_is_read_as_it_is(tmp_path: Path, tfx: Path) -> None:
    """Pages that another process has changed meanwhile are not mixed with those from before."""
    copy = tmp_path / "mlmd.sqlite"
    copy.write_bytes(tfx.read_bytes())
    source = SqliteFile(copy)
    assert source.rows("SELECT count(*) FROM Artifact") == [(14,)]
    with closing(sqlite3.connect(copy)) as file:
        file.execute("DELETE FROM Artifact")
        file.commit()
    assert source.rows("SELECT count(*) FROM Artifact") == [(0,)]
    source.close()


def test_a_type_that_comes_while_a_database_is_read(tmp_path: Path, tfx: Path) -> None:
    copy = tmp_path / "mlmd.sqlite"
    copy.write_bytes(tfx.read_bytes())
    source = MlmdDatabase(copy)
    before = source.metadata()
    with closing(sqlite3.connect(copy)) as file:
        file.execute(
            "INSERT INTO Type (id, name, type_kind, input_type) VALUES (900, 'New', 0, '{}')"
        )
        file.commit()
    assert source.metadata() == before
    assert "New" in [type.name for type in source.types()]
    assert source.metadata() != before
    source.close()


_NEWEST_COLUMNS = (
    "ALTER TABLE Type ADD COLUMN version VARCHAR(255)",
    "ALTER TABLE Type ADD COLUMN description TEXT",
    "ALTER TABLE Type ADD COLUMN external_id VARCHAR(255)",
    "ALTER TABLE Artifact ADD COLUMN state INT",
    "ALTER TABLE Artifact ADD COLUMN name VARCHAR(255)",
    "ALTER TABLE Artifact ADD COLUMN external_id VARCHAR(255)",
    "ALTER TABLE Artifact ADD COLUMN create_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE Artifact ADD COLUMN last_update_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE Execution ADD COLUMN last_known_state INT",
    "ALTER TABLE Execution ADD COLUMN name VARCHAR(255)",
    "ALTER TABLE Execution ADD COLUMN external_id VARCHAR(255)",
    "ALTER TABLE Execution ADD COLUMN create_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE Execution ADD COLUMN last_update_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE Context ADD COLUMN external_id VARCHAR(255)",
    "ALTER TABLE Context ADD COLUMN create_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE Context ADD COLUMN last_update_time_since_epoch INT NOT NULL DEFAULT 0",
    "ALTER TABLE ArtifactProperty ADD COLUMN byte_value BLOB",
    "ALTER TABLE ArtifactProperty ADD COLUMN proto_value BLOB",
    "ALTER TABLE ArtifactProperty ADD COLUMN bool_value BOOLEAN",
    "CREATE TABLE ParentType (type_id INT, parent_type_id INT)",
    "CREATE TABLE ParentContext (context_id INT, parent_context_id INT)",
    "UPDATE MLMDEnv SET schema_version = 10",
)
# google.protobuf.Struct {"a": 1.5, "b": [true, null, "x"], "c": {}} on the wire.
_STRUCT = bytes.fromhex(
    "0a0e0a016112091100000000000 0f83f".replace(" ", "")
    + "0a140a0162120f320d0a0220010a0208000a031a0178"
    + "0a070a016312022a00"
)


def test_what_the_newest_schema_added(store: Store, tmp_path: Path, tfx: Path) -> None:
    copy = tmp_path / "mlmd.sqlite"
    copy.write_bytes(tfx.read_bytes())
    file = sqlite3.connect(copy)
    for statement in _NEWEST_COLUMNS:
        file.execute(statement)
    file.execute(
        "UPDATE Artifact SET name = 'taxi', state = 2, external_id = 'x1', "
        "create_time_since_epoch = 1000, last_update_time_since_epoch = 2000 WHERE id = 8"
    )
    file.execute("UPDATE Artifact SET name = '' WHERE id = 7")
    file.execute("UPDATE Execution SET last_known_state = 4 WHERE id = 6")
    text = "mlmd-struct::" + base64.b64encode(_STRUCT).decode()
    for name, column, value in (
        ("s", "string_value", text),
        ("flag", "bool_value", 1),
        ("any", "proto_value", base64.b64encode(b"\x0a\x01x").decode()),
    ):
        file.execute(
            f"INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, {column}) "
            "VALUES (8, ?, 1, ?)",
            (name, value),
        )
    [model_type] = file.execute("SELECT id FROM Type WHERE name = 'Model'").fetchone()
    file.execute("INSERT INTO Type (id, name, type_kind) VALUES (900, 'mlmd.Model', 1)")
    file.execute("INSERT INTO ParentType VALUES (?, 900)", (model_type,))
    file.execute("INSERT INTO ParentContext VALUES (2, 1)")
    file.commit()
    file.close()
    import_mlmd(copy, store)
    model = store.artifact("Model:taxi")
    assert (model.id, model.external_id, model.state) == (8, "x1", "LIVE")
    assert (model.created_ms, model.updated_ms) == (1000, 2000)
    assert model.custom_properties["s"] == {"a": 1.5, "b": [True, None, "x"], "c": {}}
    assert model.custom_properties["flag"] is True
    assert model.custom_properties["any"] == b"\x0a\x01x"
    assert store.artifact(7).name is None
    assert store.execution(6).state == "FAILED"
    assert store.get_type(Kind.ARTIFACT, "Model").base == "MODEL"
    assert [c.id for c in store.parents_of(2)] == [1]


def test_a_struct_from_the_wire() -> None:
    text = "mlmd-struct::" + base64.b64encode(_STRUCT).decode()
    assert decode_struct(text) == {"a": 1.5, "b": [True, None, "x"], "c": {}}
