-- Variables of an environment. A secret one has its value sealed, a public one in clear.
CREATE TABLE variables (
    id             INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    key            TEXT NOT NULL,
    type           TEXT NOT NULL CHECK (type IN ('public', 'secret')),
    value          TEXT,
    sealed         BLOB,
    -- The length of the value in bytes.
    bytes          INTEGER NOT NULL,
    description    TEXT,
    version        INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    UNIQUE (environment_id, key),
    CHECK (value IS NULL OR type = 'public')
) STRICT;
