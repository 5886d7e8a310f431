"""What execution types take and give, as ML Metadata's users have written it down.

Lineage does not interpret it, and keeps it beside the types, so that it comes back as it was: one
note, a JSON object by the type's name and version, each with `input_type` and `output_type` as
the JSON of the wire's ArtifactStructType.
"""

from __future__ import annotations

import json

from lineage.ports.reader import Reader

# Under one of the prefixes that a copy of a store takes along.
SIGNATURES_KEY = "mlmd/signatures"
FIELDS = ("input_type", "output_type")

Signatures = dict[str, dict[str, str]]


def read(reader: Reader) -> Signatures:
    """By label, what each execution type that has any takes and gives."""
    return parse(reader.metadata(SIGNATURES_KEY))


def parse(text: str | None) -> Signatures:
    """Return what the metadata says."""
    found: Signatures = json.loads(text) if text else {}
    return found


def unparse(signatures: Signatures) -> str:
    """Return what the metadata says then."""
    return json.dumps(signatures, sort_keys=True)
