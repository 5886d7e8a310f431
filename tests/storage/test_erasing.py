"""What was deleted is not found in the store's files either."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Execution, Store
from lineage.rules.digests import SKETCHES

DIGEST = f"sha256:{'ab' * 32}"


def contents(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def forget(store: Store, ref: str, *, by_content: bool = True) -> None:
    store.mark(ref, label="pii")
    store.apply(store.plan_forget(ref, label="pii", by_content=by_content))


@pytest.mark.parametrize("purge", [False, True])
def test_what_is_forgotten_is_gone_from_the_file(tmp_path: Path, purge: bool) -> None:
    with lineage.connect(f"sqlite:///{tmp_path}/s.db") as store:
        for n in range(40):
            made = store.record(
                Execution(type="Train", custom_properties={"of": f"secret-parameter-{n}"}),
                inputs={"d": Artifact(type="Dataset", name=f"d{n}", uri=f"/secret-place/{n}")},
                outputs={
                    "m": Artifact(
                        type="Model",
                        name=f"m{n}",
                        custom_properties={"who": f"secret-person-{n}" * 30, "json": {"a": [n]}},
                    )
                },
            )
            # A value that was replaced before is in pages that were left behind.
            model = store.artifacts(name=f"m{n}")[0]
            store.update(
                model.model_copy(
                    update={"custom_properties": {"who": f"secret-person-{n}-again" * 40}}
                )
            )
            assert made.execution
        assert contents(tmp_path).count(b"secret-") > 80
        for n in range(40):
            store.mark(f"Dataset:d{n}", label="pii")
            plan = store.plan_forget(f"Dataset:d{n}", label="pii", purge=purge)
            store.apply(plan)
        # While the store is open: its log is among the files.
        assert contents(tmp_path).count(b"secret-") == 0
    assert contents(tmp_path).count(b"secret-") == 0


@given(sizes=st.lists(st.integers(1, 6_000), min_size=1, max_size=25), data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_sizes_are(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("store")
    with lineage.connect(f"sqlite:///{folder}/s.db") as store:
        for n, size in enumerate(sizes):
            value = (f"<secret {n}>" * (size // 8 + 1))[:size].rjust(12, "x") + f"<secret {n}>"
            store.put(Artifact(type="Dataset", name=f"d{n}", custom_properties={"v": value}))
        going = data.draw(st.sets(st.integers(0, len(sizes) - 1), min_size=1))
        for n in sorted(going):
            forget(store, f"Dataset:d{n}")
        there = contents(folder)
        for n in range(len(sizes)):
            assert (f"<secret {n}>".encode() in there) == (n not in going)


def test_a_sketch_goes_with_the_last_table_of_its_content(store: Store) -> None:
    """A sketch holds hashes of rows: whose rows they were can be tried."""
    for name in ("one", "other"):
        store.put(Artifact(type="Dataset", name=name, digest=DIGEST))
    store.mirror(metadata=[(SKETCHES + DIGEST, "rows")])
    forget(store, "Dataset:one", by_content=False)
    assert store.metadata(SKETCHES + DIGEST) == "rows"
    forget(store, "Dataset:other")
    assert store.metadata(SKETCHES + DIGEST) is None
