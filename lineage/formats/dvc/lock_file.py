"""The files of DVC: `dvc.lock`, `*.dvc`, and what `dvc.yaml` says of outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from lineage.errors import InvalidValue, Unsupported

# In this order: the first that an output has is its digest. Without `hash: md5` an md5 is DVC 2's,
# which counted line ends of texts as one.
_DIGESTS = ("md5", "etag", "checksum", "version_id")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder in one version: where it is, and the digest that DVC has of it."""

    path: str
    algorithm: str | None = None
    digest: str | None = None
    size: int | None = None
    files: int | None = None

    @property
    def is_external(self) -> bool:
        """Whether it lies outside of the repository, by a url or an absolute path."""
        return "://" in self.path or self.path.startswith("/")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as it was run last, or what a `.dvc` file says of where its output came from."""

    name: str
    command: str | None
    dependencies: tuple[Place, ...]
    outputs: tuple[Place, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells one run of a stage from another: all that the lock says of it."""
        told = [
            self.command,
            [(p.path, p.digest) for p in self.dependencies],
            [(p.path, p.digest) for p in self.outputs],
            self.parameters,
        ]
        return sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def read_lock(content: bytes, path: PurePosixPath) -> list[Stage]:
    """Return the stages of a `dvc.lock`, of schema 1 or 2.

    Raises
    ------
    InvalidValue
        Where it is none, naming the stage and field.
    """
    document = parse_yaml(content, str(path))
    stages = document.get("stages") if "schema" in document else document
    if stages is None:
        return []
    found: list[Stage] = []
    for name, stage in _mapping(stages, f"{path}: stages").items():
        where = f"{path}: stage {name!r}"
        told = _mapping(stage, where)
        found.append(
            Stage(
                str(name),
                _command(told.get("cmd")),
                tuple(_places(told.get("deps"), path.parent, f"{where}.deps")),
                tuple(_places(told.get("outs"), path.parent, f"{where}.outs")),
                dict(_parameters(told.get("params"), f"{where}.params")),
            )
        )
    return found


def read_tracked(content: bytes, path: PurePosixPath) -> Stage:
    """Return what a `.dvc` file tracks, and where it was imported from."""
    document = parse_yaml(content, str(path))
    folder = path.parent / str(document.get("wdir") or ".")
    sources = document.get("deps")
    dependencies = tuple(_places(sources, folder, f"{path}.deps"))
    repository = [_from_repository(each) for each in sources or () if isinstance(each, Mapping)]
    dependencies += tuple(place for place in repository if place is not None)
    dependencies = tuple(
        place for place in dependencies if place.digest is not None or place.is_external
    )
    outputs = tuple(_places(document.get("outs"), folder, f"{path}.outs"))
    return Stage(path.name, _command(document.get("cmd")), dependencies, outputs)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the `dvc.yaml` files say of outputs: models, data sets, and files of metrics."""

    types: Mapping[str, str]
    metrics: frozenset[str]


def read_declared(contents: Mapping[PurePosixPath, list[bytes]]) -> Declared:
    """Return what any version of the `dvc.yaml` files says; what can't be read says nothing."""
    types: dict[str, str] = {}
    metrics: set[str] = set()
    for path, versions in contents.items():
        for content in versions:
            try:
                document = parse_yaml(content, str(path))
            except InvalidValue:
                continue
            for each in _values(document.get("artifacts")):
                kind = {"model": "Model", "dataset": "Dataset"}.get(str(each.get("type")))
                if kind and isinstance(each.get("path"), str):
                    types[_join(path.parent, each["path"])] = kind
            for stage in _values(document.get("stages")):
                metrics.update(_join(path.parent, name) for name in _names(stage.get("metrics")))
    return Declared(types, frozenset(metrics))


def parse_yaml(content: bytes, name: str) -> Mapping[str, Any]:
    """Return a YAML file that is a mapping. Raises InvalidValue."""
    try:
        import yaml
    except ImportError:
        raise Unsupported(
            "importing from DVC needs PyYAML: pip install 'lineage-engine[dvc]'"
        ) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(content, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InvalidValue(f"{name} is no YAML: {reason}") from None
    return _mapping({} if document is None else document, name)


def _places(given: Any, folder: PurePosixPath, where: str) -> Iterator[Place]:
    if given is None:
        return
    if not isinstance(given, list):
        raise InvalidValue(f"{where} is a list, not {given!r}")
    for at, each in enumerate(given):
        told = _mapping(each, f"{where}[{at}]")
        path = told.get("path")
        if not isinstance(path, str) or not path:
            raise InvalidValue(f"{where}[{at}].path is a text, not {path!r}")
        if "repo" in told:
            continue
        algorithm, digest = _digest(told)
        yield Place(
            _join(folder, path), algorithm, digest, _int(told.get("size")), _int(told.get("nfiles"))
        )


def _digest(told: Mapping[str, Any]) -> tuple[str | None, str | None]:
    for name in _DIGESTS:
        found = told.get(name)
        if found is None:
            continue
        text = str(found)
        if name != "md5":
            return name, text
        if text.endswith(".dir"):
            return "dvc-dir", text
        return ("md5" if told.get("hash") == "md5" else "dvc-md5"), text
    return None, None


def _from_repository(told: Mapping[str, Any]) -> Place | None:
    """Return the file of another repository that `dvc import` took."""
    repository = told.get("repo")
    if not isinstance(repository, Mapping) or not isinstance(repository.get("url"), str):
        return None
    commit = repository.get("rev_lock")
    url = f"{repository['url']}#{told.get('path')}"
    return Place(url if "://" in url else f"git://{url}", "git", str(commit) if commit else None)


def _join(folder: PurePosixPath, path: str) -> str:
    if "://" in path or path.startswith("/"):
        return path
    return normpath(str(folder / path))


def _parameters(given: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the parameters, those of another file than `params.yaml` with its name."""
    if given is None:
        return
    for file, values in _mapping(given, where).items():
        for name, value in _mapping(values or {}, f"{where}.{file}").items():
            yield (str(name) if file == "params.yaml" else f"{file}:{name}"), value


def _command(given: Any) -> str | None:
    if given is None:
        return None
    return "\n".join(map(str, given)) if isinstance(given, list) else str(given)


def _names(given: Any) -> Iterator[str]:
    """Yield the paths of a list that has texts, or mappings from path to options."""
    for each in given if isinstance(given, list) else ():
        yield from [each] if isinstance(each, str) else map(str, each or ())


def _values(given: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(given, Mapping):
        yield from (each for each in given.values() if isinstance(each, Mapping))


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidValue(f"{where} is a mapping, not {str(given)[:60]!r}")
    return given


def _int(given: Any) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) else None
