"""What only the SQLite backend has: a file, processes that share it, schemas that follow on."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import lineage
from lineage.backends import open_backend
from lineage.backends.sqlite import connections, schema
from lineage.backends.sqlite.backend import SqliteBackend
from lineage.backends.sqlite.filter_compiler import Compiler
from lineage.errors import (
    AlreadyExists,
    InvalidValue,
    NotFound,
    StoreError,
    StoreTooNew,
    StoreUnavailable,
)
from lineage.filters.tree import (
    Attribute,
    Comparison,
    Constant,
    Expression,
    In,
    Like,
    Predicate,
    Wildcard,
)
from lineage.model import Artifact, EventType, Execution, Kind
from lineage.ports.backend import Backend
from lineage.ports.batch import Batch, EventWrite
from lineage.ports.filters import Filter
from tests.backends.batches import NOW, Types, apply, reference

A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lineage.db"


@pytest.fixture
def backend(path: Path) -> Iterator[SqliteBackend]:
    opened = SqliteBackend(path, synchronous="normal")
    yield opened
    opened.close()


def opened(path: Path, **options: bool) -> Backend:
    return open_backend(f"sqlite:///{path}", **options)


class TestUrl:
    def test_three_slashes_are_relative(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        backend = open_backend("sqlite:///some/where/x.db")
        assert (tmp_path / "some/where/x.db").is_file()
        assert backend.url == "sqlite:///some/where/x.db"
        # A later change of directory does not move the store.
        monkeypatch.chdir("/")
        Types(backend)
        assert backend.describe()["location"] == str(tmp_path / "some/where/x.db")
        backend.close()

    @pytest.mark.parametrize("name", ["a b.db", "a#b.db", "a?b.db", "100%.db", "ä.db", "a%20b"])
    def test_the_url_opens_the_same_file(self, tmp_path: Path, name: str) -> None:
        first = SqliteBackend(tmp_path / name, synchronous="normal")
        first.write(lambda tx: tx.set_metadata("k", "v"))
        second = open_backend(first.url, create=False)
        with second.read() as reader:
            assert reader.metadata("k") == "v"
        assert second.describe()["synchronous"] == "normal"
        assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".db-wal")[0] == name
        first.close()
        second.close()

    @pytest.mark.parametrize(
        "wrong",
        ["sqlite://", "sqlite:///", "sqlite://host/x.db", "sqlite:///x.db?mode=ro",
         "sqlite:///x.db?synchronous=off", "sqlite:///x%00.db"],
    )  # fmt: skip
    def test_a_wrong_url_is_refused(
        self, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InvalidValue):
            open_backend(wrong)
        assert list(tmp_path.iterdir()) == []

    def test_without_create_a_missing_file_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="there is no store"):
            opened(tmp_path / "no" / "x.db", create=False)
        assert list(tmp_path.iterdir()) == []


class TestFilesThatWontDo:
    def test_another_programs_database_is_left_as_it_is(self, path: Path) -> None:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE theirs (x)")
        other.commit()
        other.close()
        before = path.read_bytes()
        with pytest.raises(StoreUnavailable, match="not a lineage store"):
            opened(path)
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def test_a_file_that_is_no_database(self, path: Path) -> None:
        path.write_bytes(b"name,size\n" * 1000)
        with pytest.raises(StoreUnavailable, match="name another file"):
            opened(path)
        assert path.read_bytes() == b"name,size\n" * 1000

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable):
            opened(tmp_path)

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreUnavailable):
            opened(tmp_path / "file" / "x.db")

    def test_a_newer_schema(self, path: Path, backend: SqliteBackend) -> None:
        backend.close()
        raw = sqlite3.connect(path)
        raw.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
        raw.close()
        with pytest.raises(StoreTooNew, match="install a newer"):
            opened(path)

    def test_a_damaged_file(self, path: Path, backend: SqliteBackend) -> None:
        types = Types(backend)
        apply(backend, *(types.write(A, name=f"n{i}", uri="u" * 100) for i in range(2000)))
        backend.close()
        content = bytearray(path.read_bytes())
        content[8192:] = os.urandom(len(content) - 8192)
        path.write_bytes(content)
        with pytest.raises(StoreUnavailable, match="restore it from a backup"):
            opened(path)

    def test_a_damaged_page(self, path: Path, backend: SqliteBackend) -> None:
        types = Types(backend)
        apply(backend, *(types.write(A, name=f"n{i}", uri="u" * 100) for i in range(2000)))
        backend.close()
        content = bytearray(path.read_bytes())
        half = len(content) // 2 // 4096 * 4096
        content[half:] = os.urandom(len(content) - half)
        path.write_bytes(content)
        damaged = opened(path)
        with (
            pytest.raises(StoreUnavailable, match="restore it from a backup"),
            damaged.read() as reader,
        ):
            reader.find(A, Filter())
        damaged.close()

    def test_a_full_disk(self, path: Path, backend: SqliteBackend) -> None:
        types = Types(backend)

        def fill(tx: object) -> None:
            tx._connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
            nodes = [types.write(A, name=f"n{i}", uri="u" * 1000) for i in range(1000)]
            tx.apply(Batch(nodes=nodes))  # type: ignore[attr-defined]

        with pytest.raises(StoreUnavailable, match="disk is full"):
            backend.write(fill)
        with backend.read() as reader:
            assert reader.counts().artifacts == 0

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        # Permissions don't stop root, but a file where a folder should be stops everybody.
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreUnavailable, match=r"x\.db"):
            opened(tmp_path / "file" / "x.db")


class TestSchema:
    def test_an_older_file_is_brought_forward(
        self, path: Path, backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backend.write(lambda tx: tx.set_metadata("k", "v"))
        backend.close()
        step = "ALTER TABLE note ADD COLUMN kept INTEGER; UPDATE note SET kept = 1"
        monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, step))
        monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
        before = path.read_bytes()
        reading = opened(path)
        with reading.read() as reader:
            assert reader.metadata("k") == "v"
        assert reading.describe()["schema"] == str(schema.SCHEMA - 1)
        assert path.read_bytes() == before
        # Who reads goes on after somebody else has written.
        for _ in range(2):
            writing = opened(path)
            writing.write(lambda tx: None)
            writing.close()
        with reading.read() as reader:
            assert reader.metadata("k") == "v"
        assert reading.describe()["schema"] == str(schema.SCHEMA)
        reading.close()
        raw = sqlite3.connect(path)
        assert raw.execute("SELECT key, value, kept FROM note").fetchall() == [("k", "v", 1)]
        assert raw.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA,)
        raw.close()

    def test_policies_of_an_older_file_begin_when_they_were_recorded(self, path: Path) -> None:
        raw = sqlite3.connect(path)
        for statement in ";".join(schema.STEPS[:2]).split(";"):
            raw.execute(statement)
        said = {"stops": {"pii": ["Anonymize"]}, "forbids": {'"recorded_ms": 7': ["b"]}}
        contents = [
            (name, json.dumps({**said, "retention": [], "recorded_ms": recorded}))
            for name, recorded in (("known", 1234), ("never", None))
        ]
        raw.executemany("INSERT INTO policy VALUES (?, ?)", contents)
        raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        raw.execute("PRAGMA user_version = 2")
        raw.commit()
        raw.close()
        backend = opened(path)
        with backend.read() as reader:
            known, never = reader.policies()
        backend.close()
        assert (known.name, known.recorded_ms, known.ended_ms) == ("known", 1234, None)
        assert known.stops == {"pii": ("Anonymize",)}
        assert known.forbids == {'"recorded_ms": 7': ("b",)}
        assert (never.name, never.recorded_ms, never.ended_ms) == ("never", 0, None)

    def test_a_step_that_fails_leaves_the_file_as_it_was(
        self, path: Path, backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backend.write(lambda tx: tx.set_metadata("k", "v"))
        backend.close()
        with monkeypatch.context() as patch:
            patch.setattr(schema, "STEPS", (*schema.STEPS, "DROP TABLE event; nonsense"))
            patch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
            with pytest.raises(StoreError):
                opened(path)
        again = opened(path)
        with again.read() as reader:
            assert (reader.metadata("k"), reader.counts().events) == ("v", 0)
        again.close()

    @pytest.mark.parametrize("older", range(1, schema.SCHEMA))
    def test_a_file_of_each_schema(self, path: Path, backend: SqliteBackend, older: int) -> None:
        """Names stay; what was recorded before there were versions is version 1."""
        backend.close()
        path.unlink()
        raw = sqlite3.connect(path)
        raw.executescript("".join(schema.STEPS[:older]))
        said = json.dumps({"version": "mine", "sha256": "a" * 64})
        for kind in Kind:
            raw.execute(
                "INSERT INTO type (kind, name, properties) VALUES (?, ?, '{}')", (kind, f"T{kind}")
            )
            [(type_id,)] = raw.execute("SELECT max(id) FROM type")
            for name in ("one", "two", None):
                raw.execute(
                    f"INSERT INTO {kind} (type_id, name, uri, created, updated, custom_properties) "
                    "VALUES (?, ?, ?, 1, 1, ?)",
                    (type_id, name, "s3://b/" if kind is A else None, said),
                )
        raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        raw.execute(f"PRAGMA user_version = {older}")
        raw.commit()
        raw.close()
        before = path.read_bytes()
        with lineage.connect(f"sqlite:///{path}") as store:
            assert store.artifact("Tartifact:one").digest is None
            assert store.counts().artifacts == 3
        assert path.read_bytes() == before
        with lineage.connect(f"sqlite:///{path}") as store:
            assert store.upgrade() == 3
            assert store.artifact("Tartifact:one").digest == f"sha256:{'a' * 64}"
            assert store.artifact("Tartifact:one").updated_ms == 1
            for kind in Kind:
                found = store.find(kind)
                assert [n.name for n in found] == ["one", "two", None]
                assert {n.get("version") for n in found} == {"mine"}
                if kind is not Kind.CONTEXT:
                    assert [n.version for n in found] == [1, 1, 1]  # type: ignore[union-attr]
            with pytest.raises(AlreadyExists, match="one"):
                store.put(Artifact(type="Tartifact", name="one"))
            run = store.record(
                Execution(type="Texecution"), outputs=[Artifact(type="Tartifact", name="one")]
            )
            assert store.events(execution=run.execution)[0].artifact_id == 1
            run = store.record(
                Execution(type="Texecution"), outputs=[Artifact(type="Tartifact", name="one")]
            )
            assert store.artifact("Tartifact:one@2").id == run.output()

    @pytest.mark.parametrize("kind", [Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT])
    @pytest.mark.parametrize(
        "wanted",
        [
            Comparison("=", Attribute("name"), Constant("x")),
            In(Attribute("name"), ("x", "y")),
            Like(Attribute("name"), ("x", Wildcard.ANY)),
        ],
    )
    def test_a_name_is_found_by_an_index(
        self, path: Path, backend: SqliteBackend, kind: Kind, wanted: Expression
    ) -> None:
        compiler = Compiler(kind)
        [condition] = compiler.predicate(Predicate(kind, wanted))
        raw = sqlite3.connect(path)
        plan = raw.execute(
            f"EXPLAIN QUERY PLAN SELECT n.uri FROM {kind} n WHERE {condition}", compiler.values
        ).fetchall()
        raw.close()
        assert any(re.search(rf"SEARCH n USING INDEX {kind}_\w+ .*name[=>]", r[3]) for r in plan)

    @pytest.mark.parametrize("kind", list(Kind))
    def test_the_nodes_of_a_type_are_found_by_its_index(
        self, path: Path, backend: SqliteBackend, kind: Kind
    ) -> None:
        """Which has them in the order of their ids, so that a page ends where it is full."""
        raw = sqlite3.connect(path)
        plan = raw.execute(
            f"EXPLAIN QUERY PLAN SELECT n.uri FROM {kind} n WHERE n.type_id IN "
            "(SELECT value FROM json_each('[1]')) ORDER BY n.id LIMIT 5"
        ).fetchall()
        raw.close()
        assert any(f"SEARCH n USING INDEX {kind}_by_type (type_id=?)" in row[3] for row in plan)

    def test_traversals_read_only_indexes(self, path: Path, backend: SqliteBackend) -> None:
        raw = sqlite3.connect(path)
        for source, target in (("artifact_id", "execution_id"), ("execution_id", "artifact_id")):
            plan = raw.execute(
                f"EXPLAIN QUERY PLAN SELECT e.{target} FROM json_each('[1]') j CROSS JOIN event e "
                f"ON e.{source} = j.value AND e.flow = 1 AND e.recorded <= 5"
            ).fetchall()
            assert "SEARCH e USING" in plan[-1][-1]
            assert "COVERING INDEX" in plan[-1][-1] or "PRIMARY KEY" in plan[-1][-1]
        raw.close()

    def test_plain_values_can_be_asked_for_in_sql(self, path: Path, backend: SqliteBackend) -> None:
        types = Types(backend)
        properties = {"accuracy": 0.93, "n": 2**53 + 1, "ok": True, "s": 'a "b"'}
        apply(backend, types.write(A, properties=properties))
        raw = sqlite3.connect(path)
        names = ", ".join(f"json_extract(properties, '$.{name}')" for name in properties)
        assert raw.execute(f"SELECT {names} FROM artifact").fetchone() == tuple(properties.values())
        raw.close()


class TestTransactions:
    def test_a_reader_keeps_what_it_saw_first(self, backend: SqliteBackend) -> None:
        types = Types(backend)
        with backend.read() as reader:
            # Even what it has not asked for yet, and from the same thread.
            apply(backend, types.write(A))
            assert reader.counts().artifacts == 0
            with backend.read() as fresh:
                assert fresh.counts().artifacts == 1
        with backend.read() as reader:
            assert reader.counts().artifacts == 1

    def test_the_callers_own_errors_stay_theirs(self, backend: SqliteBackend) -> None:
        with pytest.raises(FileNotFoundError), backend.read():
            Path("/no/such/file").read_text()

        def work(tx: object) -> None:
            raise PermissionError("the caller's")

        with pytest.raises(PermissionError, match="the caller's"):
            backend.write(work)

    def test_threads_that_end_leave_no_connections(self, backend: SqliteBackend) -> None:
        def use() -> None:
            with backend.read() as reader:
                reader.counts()

        for _ in range(50):
            thread = threading.Thread(target=use)
            thread.start()
            thread.join()
        assert len(backend._connections._idle) == 1
        with ThreadPoolExecutor(40) as pool:
            barrier = threading.Barrier(40)

            def together(_: int) -> None:
                with backend.read() as reader:
                    barrier.wait(300)
                    reader.counts()

            list(pool.map(together, range(40)))
        assert len(backend._connections._idle) == connections._KEPT

    def test_closed_is_closed(self, backend: SqliteBackend) -> None:
        backend.close()
        with pytest.raises(StoreError, match="closed"), backend.read():
            pass
        with pytest.raises(StoreError, match="closed"):
            backend.write(lambda tx: None)

    def test_a_file_that_is_taken_away_is_named(self, path: Path, backend: SqliteBackend) -> None:
        for file in path.parent.iterdir():
            file.unlink()
        with pytest.raises(StoreUnavailable, match="moved or deleted"):
            backend.write(lambda tx: tx.set_metadata("k", "v"))

    def test_a_file_that_is_put_back_from_a_backup_is_read(
        self, path: Path, backend: SqliteBackend
    ) -> None:
        other = SqliteBackend(path.with_name("backup.db"), synchronous="normal")
        other.write(lambda tx: tx.set_metadata("from", "backup"))
        other.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink()
        path.with_name("backup.db").replace(path)
        with backend.read() as reader:
            assert reader.metadata("from") == "backup"

    def test_an_unknown_type_is_an_error_of_ours(self, backend: SqliteBackend) -> None:
        types = Types(backend)
        write = types.write(A)
        write.type = types.of[A].model_copy(update={"id": 999})
        with pytest.raises(StoreError):
            apply(backend, write)

    def test_the_one_refused_among_thousands_is_named(self, backend: SqliteBackend) -> None:
        types = Types(backend)
        apply(backend, types.write(A, name="n700"))
        with pytest.raises(AlreadyExists, match="'n700'"):
            apply(backend, *(types.write(A, name=f"n{i}") for i in range(1000)))


_WRITER = """
import sys
from lineage.backends import open_backend
from lineage.ports.batch import WriteMode
from lineage.model import Kind
from tests.backends.batches import Types, apply
url, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
backend = open_backend(url)
types = Types(backend)
print("ready", flush=True)
sys.stdin.readline()
for i in range(times):
    apply(
        backend,
        types.write(
            Kind.CONTEXT, WriteMode.MERGE, "name", name="shared", custom_properties={name: i}
        ),
        types.write(Kind.ARTIFACT, name=f"{name}-{i}"),
    )
"""


def _started(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


class TestProcesses:
    def test_threads_and_processes_write_without_an_error(self, path: Path) -> None:
        """All open the new file at once, then 4 processes and 8 threads write, and none fails."""
        url, times = f"sqlite:///{path}", 40
        processes = [_started(_WRITER, url, f"p{n}", times) for n in range(4)]
        assert [_line(p) for p in processes] == ["ready"] * 4
        backend = open_backend(url)
        types = Types(backend)

        def write(thread: int) -> None:
            for i in range(times):
                apply(backend, types.write(A, name=f"t{thread}-{i}"))
                with backend.read() as reader:
                    assert reader.find(A, Filter(name=f"t{thread}-{i}"))

        with ThreadPoolExecutor(8) as pool:
            threads = [pool.submit(write, n) for n in range(8)]
            for process in processes:
                process.communicate("go\n", timeout=500)
            for thread in threads:
                thread.result()
        assert [p.returncode for p in processes] == [0] * 4
        with backend.read() as reader:
            assert reader.counts().artifacts == 12 * times
            [shared] = reader.find(C, Filter(name="shared"))
            assert shared.custom_properties == {f"p{n}": times - 1 for n in range(4)}
            assert len(reader.types()) == 3
        backend.close()

    def test_a_killed_process_leaves_whole_transactions(self, path: Path) -> None:
        """Killed in the middle: each execution has both its events, or isn't there."""
        script = """
import sys
from lineage.backends import open_backend
from lineage.ports.batch import Batch, EventWrite
from lineage.model import Artifact, EventType, Execution, Kind
from tests.backends.batches import NOW, Types
backend = open_backend(sys.argv[1])
types = Types(backend)
while True:
    batch = Batch(nodes=[types.write(Kind.EXECUTION), *[types.write(Kind.ARTIFACT)] * 2])
    batch.events = [EventWrite(n, 0, EventType.OUTPUT, (n,), NOW, NOW) for n in (1, 2)]
    print(backend.write(lambda tx: tx.apply(batch))[0], flush=True)
"""
        url = f"sqlite:///{path}"
        for _ in range(20 if os.environ.get("LINEAGE_LONG") else 4):
            process = _started(script, url)
            acknowledged = [_line(process)]
            threading.Timer(0.05, process.send_signal, (signal.SIGKILL,)).start()
            assert process.stdout is not None
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
            process.wait(300)
            backend = open_backend(url, create=False)
            with backend.read() as reader:
                executions = {e.id for e in reader.find(E, Filter())}
                events = [e.execution_id for e in reader.events()]
            assert {int(id) for id in acknowledged} <= executions
            assert sorted(events) == sorted([*executions, *executions])
            backend.close()
        raw = sqlite3.connect(path)
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()

    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
    def test_a_fork_between_the_writes_of_other_threads(self, backend: SqliteBackend) -> None:
        types = Types(backend)
        done = threading.Event()

        def write_on() -> None:
            while not done.is_set():
                apply(backend, types.write(A))

        writers = [threading.Thread(target=write_on) for _ in range(3)]
        for writer in writers:
            writer.start()
        try:
            for n in range(5):
                child = os.fork()
                if child == 0:
                    # One that waits for a lock that nobody holds is ended, and fails.
                    signal.alarm(100)
                    status = 1
                    try:
                        apply(backend, types.write(A, name=f"child{n}"))
                        status = 0
                    finally:
                        os._exit(status)
                assert os.waitpid(child, 0)[1] == 0
        finally:
            done.set()
            for writer in writers:
                writer.join()
        with backend.read() as reader:
            assert len(reader.find(A, Filter(name="child4"))) == 1

    def test_children_of_a_fork_write_on_and_outlive_the_parents_connection(
        self, path: Path, backend: SqliteBackend
    ) -> None:
        types = Types(backend)
        apply(backend, types.write(A, name="before"))
        hold, release = os.pipe()
        children = []
        for n in range(3):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    apply(backend, types.write(A, name=f"child{n}"))
                    os.read(hold, 1)
                    apply(backend, types.write(A, name=f"late{n}"))
                    status = 0
                finally:
                    os._exit(status)
            children.append(child)
        apply(backend, types.write(A, name="parent"))
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with backend.read() as reader:
                if reader.counts().artifacts == 5:
                    break
            time.sleep(0.01)
        # The last to close a file takes its log away: the children must count as having it open.
        backend.close()
        third = subprocess.run(
            [sys.executable, "-c",
             "import sys; from lineage.backends import open_backend;"
             "b = open_backend(sys.argv[1]);"
             "b.write(lambda tx: tx.set_metadata('k', 'v')); b.close()",
             f"sqlite:///{path}"],
            check=False,
        )  # fmt: skip
        assert third.returncode == 0
        os.write(release, b"xxx")
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        again = opened(path)
        with again.read() as reader:
            names = {n.name for n in reader.find(A, Filter())}
            assert reader.metadata("k") == "v"
        again.close()
        assert names == {"before", "parent", *(f"{k}{n}" for k in ("child", "late") for n in "012")}
        raw = sqlite3.connect(path)
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


def test_a_deep_chain_and_a_wide_ladder_are_quick(backend: SqliteBackend) -> None:
    """2^60 paths through the ladder; 10,000 hops along the chain."""
    types = Types(backend)
    layers, links = 60, 5000
    batch = Batch(nodes=[types.write(A) for _ in range(2 * layers + 2)])
    for layer in range(layers):
        for side in (0, 1):
            batch.nodes.append(types.write(E))
            execution = len(batch.nodes) - 1
            batch.events += [
                EventWrite(2 * layer + n, execution, EventType.INPUT, (n,), NOW, NOW)
                for n in (0, 1)
            ]
            batch.events.append(
                EventWrite(2 * layer + 2 + side, execution, EventType.OUTPUT, (), NOW, NOW)
            )
    ladder = backend.write(lambda tx: tx.apply(batch))
    chain = Batch(nodes=[reference(A, ladder[0])])
    for _ in range(links):
        n = len(chain.nodes)
        chain.nodes += [types.write(E), types.write(A)]
        chain.events += [
            EventWrite(n - 1, n, EventType.INPUT, (), NOW, NOW),
            EventWrite(n + 1, n, EventType.OUTPUT, (), NOW, NOW),
        ]
    ids = backend.write(lambda tx: tx.apply(chain))
    # The work of this thread alone, however busy the machine.
    began = time.thread_time()
    with backend.read() as reader:
        levels = reader.closure(A, [ladder[1]], "downstream")  # type: ignore[arg-type]
        assert sum(len(ids) for _, ids in levels) == 1 + 4 * layers
        levels = reader.closure(A, [ids[0]], "downstream")  # type: ignore[arg-type]
        assert len(levels) == 1 + 2 * links
    # A bound that only a wrong algorithm misses.
    assert time.thread_time() - began < 20
