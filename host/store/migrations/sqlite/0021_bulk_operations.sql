-- Bulk operations of the recipients API. A job works them off in chunks; each chunk moves `processed` in its own
-- transaction.
CREATE TABLE bulk_operations (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    id             BLOB NOT NULL,
    -- The operation that is carried out for each item, for example 'users.identify'.
    operation      TEXT NOT NULL,
    -- The collection of objects.
    collection     TEXT,
    -- A JSON array of {id, body, error}, where the error is the reason why the item cannot be carried out; NULL once the
    -- operation has ended.
    items          TEXT,
    total          INTEGER NOT NULL,
    processed      INTEGER NOT NULL DEFAULT 0,
    succeeded      INTEGER NOT NULL DEFAULT 0,
    -- A JSON array of {id, collection, message}.
    errors         TEXT NOT NULL DEFAULT '[]',
    inserted_at_ms INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    started_at_ms  INTEGER,
    completed_at_ms INTEGER,
    failed_at_ms   INTEGER,
    PRIMARY KEY (environment_id, id)
) STRICT;

CREATE INDEX bulk_operations_open ON bulk_operations (environment_id, id) WHERE items IS NOT NULL;
