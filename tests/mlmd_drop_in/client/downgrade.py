"""Bring a SQLite file to an older schema, by the ml-metadata library: downgrade.py PATH VERSION."""

from __future__ import annotations

import sys

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE
metadata_store.downgrade_schema(config, int(sys.argv[2]))
