-- An index over event logs that a background job writes, so that the event path does not pay for it. The job takes the
-- logs of a source environment in segments, oldest first. What follows the last segment is scanned by a search.

CREATE TABLE log_segments (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    -- The ids of its first and its last event. Segments do not overlap.
    last_id               BLOB NOT NULL,
    first_id              BLOB NOT NULL,
    segment               INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (source_environment_id, last_id)
) STRICT, WITHOUT ROWID;

-- Rows of a segment are written in order, at the end of the table: no page is written twice.
CREATE TABLE log_search (
    segment INTEGER NOT NULL,
    -- 32 bits of a keyed hash of an attribute and its value. A hit is compared with the row.
    hash    INTEGER NOT NULL,
    -- The first 8 bytes of the event's id; empty: many events of the segment have the value, and the segment is scanned.
    event   BLOB NOT NULL,
    PRIMARY KEY (segment, hash, event)
) STRICT, WITHOUT ROWID;
