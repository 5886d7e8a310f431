"""Results of commands that are used again: `lineage exec --cache`.

A command is known by its program, arguments, working directory and environment; all that it turned
out to depend on is kept with its result and compared before that is used: the files that it read
or looked at, those that it looked for in vain, the names in the folders that it listed, and what is
installed beside the interpreters that it ran. Only a trace sees all that; a run of which anything
may lack is computed each time.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage.model import ExecutionState
from lineage.recording.capture.capture import Observed
from lineage.recording.capture.exclusions import Selection
from lineage.recording.content import ContentCache
from lineage.recording.identity import ArtifactDraft, digest_of
from lineage.recording.memo import (
    NOTHING,
    CacheKey,
    Claim,
    Hit,
    Memo,
    memo_folder,
    path_of,
)
from lineage.recording.redaction import is_secret_name, redact_arguments
from lineage.recording.run_draft import RunDraft
from lineage.recording.sink import Sink
from lineage.recording.trace import digest_place, digest_variable
from lineage.store import Store

# What differs from terminal to terminal and from run to run.
_VOLATILE = (
    "_", "COLUMNS", "DBUS_", "DISPLAY", "HIST", "LINES", "LINEAGE_", "LS_COLORS", "OLDPWD", "PS1",
    "PROMPT_COMMAND", "PWD", "SHLVL", "SSH_", "TERM", "TMUX", "WINDOWID", "XDG_", "PYTEST_",
    "COVERAGE", "INVOCATION_ID", "JOURNAL_STREAM", "STY", "VTE_",
)  # fmt: skip
_ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class CommandCache:
    """The results of commands in one store.

    Attributes
    ----------
    memo
        The results of steps and commands.
    key
        What the command is known by before it runs.
    """

    memo: Memo
    key: CacheKey

    @classmethod
    def open(cls, sink: Sink, key: CacheKey) -> CommandCache:
        """Return the cache in a sink's store. Raises StoreError where it can't be reached."""
        store: Store = sink.store
        return cls(Memo(store, memo_folder(store.url), sink.cache), key)

    def prepare(self, draft: RunDraft) -> Hit | None:
        """Return a result that may be used, or have the draft claim to compute it.

        Where another process computes the same at this moment, it is waited for.
        """
        draft.properties["step_name"] = self.key.step
        draft.properties["cache_key"] = self.key.digest
        draft.properties["cache_parts"] = self.key.to_property()
        found = self.memo.find(self.key, draft.type, draft.name)
        if isinstance(found, Claim):
            draft.key = found.key
            if found.refused:
                draft.properties["cache_refused"] = list(found.refused)
            return None
        draft.state = ExecutionState.CACHED
        draft.properties["cached_from"] = found.execution.external_id
        for event, artifact in found.outputs:
            draft.outputs[event.path] = ArtifactDraft(
                artifact.type, artifact.uri, digest_of(artifact), id=artifact.id
            )
        assert found.execution.id is not None
        store = self.memo.store
        for event in store.events(execution=found.execution.id):
            if event.path not in draft.outputs or event.type.flow != "OUTPUT":
                artifact = store.artifact(event.artifact_id)
                draft.inputs[event.path] = ArtifactDraft(
                    artifact.type, artifact.uri, digest_of(artifact), id=artifact.id
                )
        return found

    def keep(self, draft: RunDraft, observed: Observed, selection: Selection) -> bool:
        """Note what the result of a run depends on; return whether it may be used again."""
        if draft.state is not ExecutionState.COMPLETE or observed.report.may_lack:
            return False
        reads: dict[str, str] = {}
        for found in draft.inputs.values():
            if found.uri is None or found.digest is None:
                return False
            reads[path_of(found.uri)] = found.digest
        if any(found.digest is None for found in draft.outputs.values()):
            return False
        writes = {path_of(found.uri) for found in draft.outputs.values() if found.uri is not None}
        writes |= set(observed.footprint.internal)
        reads |= _looked_at(observed, selection, writes, self.memo.cache)
        reads |= dict.fromkeys(observed.footprint.absent, _ABSENT)
        draft.properties["cache_reads"] = reads
        draft.properties["cache_writes"] = sorted(writes)
        draft.properties["cache_return"] = NOTHING
        return True


def build_command_key(
    step: str | None,
    command: Sequence[str],
    program: str,
    folder: str,
    settings: Mapping[str, Iterable[str]],
    environment: Mapping[str, str],
    cache: ContentCache,
) -> CacheKey:
    """Return what a command is known by before it runs.

    Parameters
    ----------
    step
        The name of the step; the command line where None.
    command
        The command line.
    program
        The file that is run.
    folder
        The working directory.
    settings
        What decides which files are captured.
    environment
        Its environment variables: all count but those of a terminal or session, and credentials.
    """
    shown = redact_arguments(command)
    parts = {"program": digest_place(program, cache), "working directory": folder}
    parts |= {f"argument {at}": _digest(text) for at, text in enumerate(shown[1:], 1)}
    parts |= {name: _digest("\0".join(values)) for name, values in settings.items()}
    for name in environment:
        if not name.startswith(_VOLATILE) and not is_secret_name(name):
            parts[f"variable {name}"] = digest_variable(name)
    return CacheKey(step or " ".join(shown), parts)


def _looked_at(
    observed: Observed, selection: Selection, writes: set[str], cache: ContentCache | None
) -> dict[str, str]:
    """Return what a run depends on besides the content of what it read."""
    found: dict[str, str] = {}
    for path in observed.looked_at:
        place = selection.locate(path)
        if place is None or place in writes:
            continue
        if os.path.isfile(place):
            found[place] = digest_place(place, cache)
        elif not os.path.lexists(place):
            found[place] = _ABSENT
    for folder in observed.listed:
        real = os.path.realpath(folder)
        if selection.has_folder(real) and os.path.isdir(real):
            found[real] = digest_place(real, without=writes)
    for prefix in observed.prefixes:
        for packages in glob.glob(f"{glob.escape(prefix)}/lib*/python*/*-packages"):
            found[packages] = digest_place(packages)
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
