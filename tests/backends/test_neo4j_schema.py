"""A new Neo4j database is made ready, an older one is brought forward."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import neo4j
import pytest

import lineage
from lineage import Artifact, Execution, Policy, Type
from lineage.backends.neo4j.schema import SCHEMA
from tests.neo4j_for_tests import driver


def as_in_schema_2(session: neo4j.Session) -> None:
    session.run("DROP CONSTRAINT lineage_policy_version").consume()
    session.run(
        "CREATE CONSTRAINT lineage_policy_name FOR (n:LineagePolicy) REQUIRE n.name IS UNIQUE"
    ).consume()
    session.run("MATCH (s:LineageStore) SET s.schema = 2").consume()


def opened_at_once(url: str, by: int) -> list[str]:
    """The schema that each of several finds who open a store at once."""
    start = Barrier(by)

    def opened() -> str:
        start.wait()
        with lineage.connect(url) as store:
            return store.backend.describe()["schema"]

    with ThreadPoolExecutor(by) as pool:
        asked = [pool.submit(opened) for _ in range(by)]
        return [answer.result() for answer in asked]


def test_policies_of_an_older_database_begin_when_they_were_recorded(neo4j_url: str) -> None:
    lineage.connect(neo4j_url).close()
    said = {"stops": {"pii": ["Anonymize"]}, "forbids": {'"recorded_ms": 7': ["b"]}}
    with driver(neo4j_url) as bare, bare.session() as session:
        as_in_schema_2(session)
        for name, recorded in (("known", 1234), ("never", None)):
            text = json.dumps({**said, "retention": [], "recorded_ms": recorded})
            session.run(
                "CREATE (:LineagePolicy {name: $name, content: $text})", name=name, text=text
            ).consume()
    with lineage.connect(neo4j_url) as store:
        assert store.backend.describe()["schema"] == str(SCHEMA)
        known, never = store.policies()
        assert (known.name, known.recorded_ms, known.ended_ms) == ("known", 1234, None)
        assert known.stops == {"pii": ("Anonymize",)}
        assert known.forbids == {'"recorded_ms": 7': ("b",)}
        assert (never.name, never.recorded_ms) == ("never", 0)
        put = store.put_policy(Policy(name="known"))
        assert [p.ended_ms for p in store.policies(history=True)] == [put.recorded_ms, None, None]
    with driver(neo4j_url) as bare, bare.session() as session:
        with pytest.raises(Exception, match="already exists"):
            session.run("MATCH (p:LineagePolicy) CREATE (q:LineagePolicy) SET q = p").consume()
        session.run("MATCH (s:LineageStore) SET s.schema = $n", n=SCHEMA).consume()


def test_several_open_a_new_database_at_once(neo4j_url: str) -> None:
    for _ in range(3):
        with driver(neo4j_url) as bare, bare.session() as session:
            session.run("MATCH (s:LineageStore) DELETE s").consume()
            for kind, listed in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
                named = f"SHOW {listed} YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
                for [name] in list(session.run(named)):
                    session.run(f"DROP {kind} `{name}`").consume()
        assert opened_at_once(neo4j_url, 6) == [str(SCHEMA)] * 6


def test_several_open_an_older_database_at_once(neo4j_url: str) -> None:
    lineage.connect(neo4j_url).close()
    for turn in range(3):
        with driver(neo4j_url) as bare, bare.session() as session:
            as_in_schema_2(session)
            session.run(
                "CREATE (:LineagePolicy {name: $name, content: '{}'})", name=f"p{turn}"
            ).consume()
        assert opened_at_once(neo4j_url, 6) == [str(SCHEMA)] * 6
        with driver(neo4j_url) as bare, bare.session() as session:
            shown = session.run("SHOW CONSTRAINTS YIELD name WHERE name CONTAINS 'policy'")
            assert [name for [name] in shown] == ["lineage_policy_version"]
            undated = session.run("MATCH (p:LineagePolicy) WHERE p.recorded IS NULL RETURN p")
            assert list(undated) == []


def test_what_was_recorded_before_versions_is_version_1(neo4j_url: str) -> None:
    """And properties that people called version or digest are what they were."""
    with lineage.connect(neo4j_url) as store:
        raw = Artifact(type="Dataset", name="raw", custom_properties={"a": 1})
        store.record(Execution(type="Train", name="fit"), inputs=[raw])
        store.put_type(Type(kind="artifact", name="Own", properties={"version": "string"}))  # type: ignore[arg-type]
        store.put(
            Artifact(
                type="Own",
                name="own",
                properties={"version": "theirs"},
                custom_properties={"digest": [1]},
            )
        )
    with driver(neo4j_url) as bare, bare.session() as session:
        for statement in (
            "DROP CONSTRAINT lineage_artifact_version",
            "DROP CONSTRAINT lineage_execution_version",
            "MATCH (n:Artifact|Execution) REMOVE n.version",
            "MATCH (n:Own) SET n.version = n.property_version, n.digest = n.custom_digest, "
            "n._custom = ['digest'], n._struct = ['digest'] "
            "REMOVE n.property_version, n.custom_digest",
            "MATCH (n:Dataset) SET n.version = 'mine', n._custom = n._custom + 'version'",
            "CREATE CONSTRAINT lineage_artifact_name FOR (n:Artifact) "
            "REQUIRE (n.type_id, n.name) IS UNIQUE",
            "MATCH (s:LineageStore) SET s.schema = 3 REMOVE s.own_keys",
        ):
            session.run(statement).consume()
    for _ in range(2):
        with lineage.connect(neo4j_url) as store:
            assert [(a.version, a.digest, a.properties, a.custom_properties) for a in
                    store.artifacts()] == [
                (1, None, {}, {"a": 1, "version": "mine"}),
                (1, None, {"version": "theirs"}, {"digest": [1]}),
            ]  # fmt: skip
            assert [x.version for x in store.executions()] == [1]
        # A migration that was interrupted is made again.
        with driver(neo4j_url) as bare, bare.session() as session:
            session.run("MATCH (s:LineageStore) SET s.schema = 3").consume()
    with lineage.connect(neo4j_url) as store:
        run = store.record(
            Execution(type="Train", name="fit"), outputs=[Artifact(type="Dataset", name="raw")]
        )
        assert store.artifact(run.output()).version == 2
        assert store.execution(run.execution).version == 2
