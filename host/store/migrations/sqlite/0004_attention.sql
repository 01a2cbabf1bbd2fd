-- What was rejected, failed or refused, and how it is repaired.

-- A whole request, kept once when an item of it cannot be planned without asking the plugin again. The body is NULL when
-- the log of its one item holds it, and when redact paths are in force: then nothing is kept but what the log keeps.
CREATE TABLE kept_requests (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    id                    BLOB NOT NULL,
    received_at_ms        INTEGER NOT NULL,
    method                TEXT NOT NULL,
    path                  TEXT NOT NULL,
    -- JSON arrays of `{name, value}`: what left the door.
    query                 TEXT NOT NULL,
    headers               TEXT NOT NULL,
    -- What is logged about its verification: of its first item, and of the others.
    verification          TEXT NOT NULL,
    verification_rest     TEXT NOT NULL,
    body                  BLOB,
    PRIMARY KEY (source_environment_id, id)
) STRICT;

-- One row for every item that was rejected or failed, written with its log. `open` ones need attention; a row stays
-- after that, because it says which request and which item of it the log entry came from.
CREATE TABLE attention (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    event_id              BLOB NOT NULL,
    open                  INTEGER NOT NULL,
    outcome               INTEGER NOT NULL,
    code                  TEXT NOT NULL,
    request_id            BLOB,
    -- Its place among the request's items, and how many there were.
    item                  INTEGER NOT NULL,
    items                 INTEGER NOT NULL,
    retries               INTEGER NOT NULL,
    -- When the server tries again by itself; NULL: it does not.
    due_at_ms             INTEGER,
    PRIMARY KEY (source_environment_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attention_by_cause ON attention (source_environment_id, outcome, code, event_id) WHERE open = 1;
CREATE INDEX attention_due ON attention (source_environment_id, due_at_ms) WHERE due_at_ms IS NOT NULL;

-- Which event was carried out again as which, and for which replay.
CREATE TABLE reruns (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    event_id              BLOB NOT NULL,
    rerun_of              BLOB NOT NULL,
    replay_id             BLOB,
    PRIMARY KEY (source_environment_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reruns_of ON reruns (source_environment_id, rerun_of, event_id);

-- Replays of many events. The id is a UUIDv7: only events with smaller ones are replayed. `position` is the last event
-- that was looked at, moved in the transaction that carries the event out again.
CREATE TABLE replays (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    id                    BLOB NOT NULL,
    -- 0 running, 1 finished, 2 cancelled.
    state                 INTEGER NOT NULL,
    filter                TEXT NOT NULL,
    rate_per_second       INTEGER NOT NULL,
    total                 INTEGER,
    position              BLOB NOT NULL,
    -- A JSON object: how many of which outcome.
    counts                TEXT NOT NULL,
    done                  INTEGER NOT NULL,
    failed                INTEGER NOT NULL,
    last_error            TEXT,
    started_at_ms         INTEGER NOT NULL,
    finished_at_ms        INTEGER,
    PRIMARY KEY (source_environment_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX replays_running ON replays (source_environment_id) WHERE state = 0;

-- When the newest that is known of a user was so: a replay of something older only fills gaps. NULL: `updated_at_ms`.
ALTER TABLE recipients ADD COLUMN as_of_ms INTEGER;

-- What a refused request is verified with again. A secret that was sent as it is is kept as a keyed hash only.
ALTER TABLE refused_requests ADD COLUMN method TEXT;
ALTER TABLE refused_requests ADD COLUMN path TEXT;
ALTER TABLE refused_requests ADD COLUMN query TEXT;
ALTER TABLE refused_requests ADD COLUMN credential_hash BLOB;

CREATE INDEX refused_requests_by_cause ON refused_requests (source_environment_id, cause, id);
