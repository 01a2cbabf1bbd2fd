-- The servers that share the database: in a file, the one that has it open.
CREATE TABLE nodes (
    id              BLOB    PRIMARY KEY,
    name            TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    started_at_ms   INTEGER NOT NULL,
    -- How far the database's clock was ahead of the server's.
    clock_behind_ms INTEGER NOT NULL,
    -- By the database's clock.
    seen_at_ms      INTEGER NOT NULL,
    leased_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
