-- Plugins that were put into the running server, and which of them a source has.

-- One row for every version that was added. The greater id is the later one.
CREATE TABLE plugin_versions (
    id             INTEGER PRIMARY KEY,
    key            TEXT NOT NULL,
    version        TEXT NOT NULL,
    -- `sha256:` and the hexadecimal digest of `wasm`.
    digest         TEXT NOT NULL UNIQUE,
    wasm           BLOB NOT NULL,
    inserted_at_ms INTEGER NOT NULL,
    UNIQUE (key, version)
) STRICT;

-- NULL: what the server comes with by the source's key. Else the digest of a version, or 'latest'.
ALTER TABLE source_environments ADD COLUMN plugin TEXT;
