"""What a step was told and what it ran in: its properties, each by the part that it plays.

A struct is taken apart into its leaves, named by their way in (`optimizer.lr`); the parts of one
that is called `environment` or `env` go without that word. By name, whatever the case, a leaf is

- **code**: a version of what ran, such as `git_commit`, `code_version`, `container_image`, and what
  TFX says of its modules; also every name whose first word is `git` or `code`;
- **library**: what is in the environment (also `tfx_version` and the like), but for
- **machine**: what ran it: `host`, `platform`, `instance_type`, and in an environment also `os`,
  `cpu`, `gpu`, `cuda` …;
- **symptom**: how it ended and how long it took (`error`, `exit_code`, `duration`): a cause of
  nothing;
- **identity**: which run it was (`run_id`, `pipeline_root`): different in every run; also what a
  recorded run keeps for its cache (`cache_key`, …);
- **parameter**: everything else.

Values are the same where they are equal; an int equals the float of that number, but true is not 1,
and one NaN is the same as another.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from lineage.model import Execution
from lineage.questions.node_json import to_json_value


class Part(StrEnum):
    """The part that a property plays in a run."""

    CODE = "code"
    LIBRARY = "library"
    MACHINE = "machine"
    PARAMETER = "parameter"
    SYMPTOM = "symptom"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a run, under its dotted name."""

    part: Part
    name: str
    value: Any


_ENVIRONMENT = ("environment", "env")
# What imports keep of where a run came from: tags, places, the times of facets.
_KEPT_BY_IMPORTS = ("mlflow", "openlineage")
_TFX_ENVIRONMENT = frozenset({"tfx_version", "tfx_py_version", "tfx_runner"})
_NAMES = {
    Part.CODE: """
        commit commit_sha commit_hash code_version source_version source_hash script_version
        revision git_commit git_sha git_branch git_dirty git_ref git_url git_remote git_tag
        module_file module_path checksum_md5 entrypoint entry_point image container_image
        docker_image image_digest run_fn trainer_fn preprocessing_fn component_version
        pipeline_version""",
    Part.MACHINE: """
        host user hostname host_name machine machine_type instance instance_type node_name worker
        worker_name platform gpu_type zone region cluster""",
    Part.SYMPTOM: """
        error errors error_message error_type exception traceback stack_trace stderr stdout message
        exit_code exit_status return_code returncode status
        cpu_s peak_memory_bytes closed_reason closed_by closed_ms
        duration duration_s duration_ms duration_seconds elapsed elapsed_s elapsed_ms
        start_time end_time started started_at finished finished_at ended_at""",
    Part.IDENTITY: """
        run_id run_name run_uuid uuid job_id task_id trial_id attempt component_id
        component_run_id current_component_id pipeline_name pipeline_root state
        step_name parent_run lease_until command pid cache_key cache_parts cache_reads cached_from
        inputs_assumed working_directory capture may_lack""",
}
_PARTS = {name: part for part, names in _NAMES.items() for name in names.split()}
_IN_ENVIRONMENT = """
    os os_version system release kernel arch architecture cpu cpus cpu_count cpu_model cores gpu
    gpus gpu_count gpu_name gpu_driver driver driver_version cuda cuda_version cudnn memory ram
    libc processor"""
_MACHINE_IN_ENVIRONMENT = frozenset(_IN_ENVIRONMENT.split())
_WORDS = re.compile(r"[^a-z0-9]+")


def leaves_of(execution: Execution) -> Iterator[Leaf]:
    """All values of a run, declared properties first."""
    for properties in (execution.properties, execution.custom_properties):
        for name, value in properties.items():
            yield from leaves_of_value(name, value)


def part_of(name: str) -> Part:
    """The part that a property of this name plays, outside of an environment."""
    return _part(name)


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings with their dotted names; anything else is its own leaf."""
    # A stack, because structs may be nested deeper than Python calls.
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, found = waiting.pop()
        if isinstance(found, Mapping) and found:
            inside = sorted(found.items(), key=lambda item: str(item[0]), reverse=True)
            waiting += [(f"{name}.{key}" if name else str(key), item) for key, item in inside]
        else:
            yield name, found


def comparable(value: Any) -> Hashable:
    """What is equal for two values exactly where they are the same."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool or value is None:
        return (kind.__name__, value)
    if kind is float and math.isnan(value):
        return ("number", "nan")
    if kind is int or kind is float:
        return ("number", value)
    return ("json", json.dumps(to_json_value(value), sort_keys=True, ensure_ascii=False))


def leaves_of_value(name: str, value: Any) -> Iterator[Leaf]:
    """The values of a run that one property of it holds."""
    first, _, rest = name.partition(".")
    if first.lower() in _ENVIRONMENT and (rest or isinstance(value, Mapping)):
        for inner, leaf in leaves(value):
            inside = ".".join(filter(None, (rest, inner)))
            if inside:
                yield Leaf(_part_in_environment(inside), inside, leaf)
    elif isinstance(value, Mapping):
        for inner, leaf in leaves(value):
            dotted = f"{name}.{inner}" if inner else name
            yield Leaf(_part(dotted), dotted, leaf)
    else:
        yield Leaf(_part(name), name, value)


# There are far fewer names than values.
@lru_cache(maxsize=10_000)
def _part(name: str) -> Part:
    lowered = name.lower()
    if _PARTS.get(lowered.partition(".")[0]) is Part.IDENTITY or lowered.startswith("cache_"):
        return Part.IDENTITY
    found = _PARTS.get(lowered) or _inside(lowered)
    if found is not None:
        return found
    if lowered in _TFX_ENVIRONMENT:
        return Part.LIBRARY
    first, *rest = _WORDS.split(lowered)
    if first in _KEPT_BY_IMPORTS:
        return Part.IDENTITY
    return Part.CODE if rest and first in ("git", "code") else Part.PARAMETER


@lru_cache(maxsize=10_000)
def _part_in_environment(name: str) -> Part:
    lowered = name.lower()
    if lowered.rpartition(".")[2] in _MACHINE_IN_ENVIRONMENT:
        return Part.MACHINE
    found = _PARTS.get(lowered)
    if found in (Part.CODE, Part.MACHINE):
        return found
    return _inside(lowered) or Part.LIBRARY


def _inside(name: str) -> Part | None:
    """What the last word of a dotted name says; how a run ended stands at the top, if anywhere."""
    found = _PARTS.get(name.rpartition(".")[2])
    return found if found in (Part.CODE, Part.MACHINE) else None
