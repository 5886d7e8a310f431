"""A model's bill of materials: CycloneDX 1.6 ML-BOM (https://cyclonedx.org/capabilities/mlbom/).

The model is the described component, with its hyperparameters as properties and what was measured
of it in its model card. Components are the datasets and models upstream of it (other artifacts are
files), and the libraries that its training recorded. Each depends on what the steps that wrote it
read. The same store gives the same document: serial number and time are those of the model.

Written by ourselves, since cyclonedx-python-lib 11 has no model cards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import lineage
from lineage.model import Artifact, BaseType, Execution
from lineage.model.nodes import to_datetime
from lineage.questions.content import digest_of
from lineage.questions.materials import Materials
from lineage.questions.node_json import to_json_value
from lineage.questions.run_facets import Part, leaves_of
from lineage.session.snapshot import Ref
from lineage.store import Store

_HASHES = {"sha256": ("SHA-256", 64), "sha512": ("SHA-512", 128), "sha1": ("SHA-1", 40),
           "md5": ("MD5", 32)}  # fmt: skip
_ESCAPED = re.compile("(%[0-9A-Fa-f]{2})")
_PLAIN = ":/?@!$&'()*+,;=~"
_HEX = re.compile(r"[a-fA-F0-9]+")


def cyclonedx(store: Store, model: Ref) -> str:
    """The bill of materials of a model, as JSON. Raises NotFound."""
    return json.dumps(bill_of_materials(store, model), ensure_ascii=False, indent=1) + "\n"


def bill_of_materials(store: Store, model: Ref) -> dict[str, Any]:
    """The bill of materials of a model."""
    made_of = store.materials(model)
    found = made_of.model
    libraries = _libraries(made_of.trainings)
    datasets = [a for a in made_of.artifacts if made_of.bases[a.id or 0] is BaseType.DATASET]
    described = _component(found, BaseType.MODEL)
    described["modelCard"] = {
        "modelParameters": {"datasets": [{"ref": _ref(a)} for a in datasets]},
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {"type": m.name, "value": str(to_json_value(m.value))} for m in made_of.metrics
            ]
        },
    }
    described["properties"] = [
        *_tell(made_of.trainings),
        *described.get("properties", []),
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{store.url}#{_ref(found)}')}",
        "version": 1,
        "metadata": {
            "timestamp": (
                to_datetime(found.updated_ms) or datetime.fromtimestamp(0, UTC)
            ).isoformat(),
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "lineage-engine",
                        "version": lineage.__version__,
                    }
                ]
            },
            "component": described,
        },
        "components": [
            *(_component(a, made_of.bases[a.id or 0]) for a in made_of.artifacts),
            *libraries,
        ],
        "dependencies": _dependencies(made_of, [str(row["bom-ref"]) for row in libraries]),
    }


def _component(artifact: Artifact, base: BaseType | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": _TYPES.get(base, "file") if base else "file",
        "bom-ref": _ref(artifact),
        "name": artifact.name or artifact.label,
    }
    digest = digest_of(artifact)
    algorithm = _HASHES.get(digest[0]) if digest else None
    if digest and algorithm and len(digest[1]) == algorithm[1] and _HEX.fullmatch(digest[1]):
        shown["hashes"] = [{"alg": algorithm[0], "content": digest[1]}]
    if artifact.uri and shown["type"] != "data":
        shown["externalReferences"] = [{"type": "distribution", "url": _url(artifact.uri)}]
    if shown["type"] == "data":
        data: dict[str, Any] = {"type": "dataset", "name": shown["name"]}
        if artifact.uri:
            data["contents"] = {"url": _url(artifact.uri)}
        shown["data"] = [data]
    shown["properties"] = [{"name": "lineage:type", "value": artifact.type}]
    return shown


_TYPES = {BaseType.DATASET: "data", BaseType.MODEL: "machine-learning-model"}


def _tell(trainings: Sequence[Execution]) -> list[dict[str, str]]:
    """The hyperparameters and the code of a training."""
    names = {Part.PARAMETER: "lineage:hyperparameter", Part.CODE: "lineage:code"}
    told = {
        (f"{names[leaf.part]}:{leaf.name}", _as_text(leaf.value)): None
        for training in trainings
        for leaf in leaves_of(training)
        if leaf.part in names
    }
    return [{"name": name, "value": value} for name, value in told]


def _libraries(trainings: Sequence[Execution]) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str], None] = {
        (leaf.name, str(leaf.value)): None
        for training in trainings
        for leaf in leaves_of(training)
        if leaf.part is Part.LIBRARY
    }
    return [_library(name, version) for name, version in sorted(seen)]


def _library(name: str, version: str) -> dict[str, Any]:
    if name == "python":
        return {
            "type": "platform",
            "bom-ref": f"platform:python@{version}",
            "name": name,
            "version": version,
        }
    return {
        "type": "library",
        "bom-ref": f"library:{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}",
    }


def _dependencies(made_of: Materials, libraries: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "ref": f"artifact:{id}",
            "dependsOn": [
                *(f"artifact:{other}" for other in read),
                *(libraries if id == made_of.model.id else ()),
            ],
        }
        for id, read in made_of.read.items()
    ]
    return rows + [{"ref": library, "dependsOn": []} for library in libraries]


def _ref(artifact: Artifact) -> str:
    return f"artifact:{artifact.id}"


def _url(uri: str) -> str:
    """As an IRI reference; what can't stand in one is escaped, what is escaped already stays."""
    pieces = _ESCAPED.split(uri)
    return "".join(p if _ESCAPED.fullmatch(p) else quote(p, safe=_PLAIN) for p in pieces)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(to_json_value(value), ensure_ascii=False)
