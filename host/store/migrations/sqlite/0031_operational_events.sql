-- Operational events: what the server tells its operator about itself. The newest thousand.
CREATE TABLE operational_events (
    -- UUIDv7; later events have greater ones.
    id             BLOB PRIMARY KEY,
    event_type     TEXT NOT NULL,
    -- NULL if it is about the whole server.
    environment_id INTEGER REFERENCES environments (id),
    subject        TEXT NOT NULL,
    -- By the database's clock.
    raised_at_ms   INTEGER NOT NULL,
    -- A JSON object. It never changes: a webhook-id stands for one body.
    data           TEXT NOT NULL,
    -- How often the same was noticed again while it was too soon for another event.
    repeats        INTEGER NOT NULL DEFAULT 0,
    -- The events that were dropped unsent to make room for this one.
    dropped        INTEGER NOT NULL DEFAULT 0,
    -- 0 pending, 1 delivered, 2 dead, 3 unsent (there is no webhook).
    status         INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- The time of the next attempt, by the database's clock; NULL if there is none.
    due_at_ms      INTEGER,
    last_error     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX operational_events_by_subject ON operational_events (event_type, subject, id);
CREATE INDEX operational_events_due ON operational_events (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- What lasts and was told, so that it is told once: over restarts too.
CREATE TABLE operational_conditions (
    id             INTEGER PRIMARY KEY,
    event_type     TEXT NOT NULL,
    environment_id INTEGER REFERENCES environments (id),
    subject        TEXT NOT NULL,
    since_ms       INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX operational_conditions_by_subject
    ON operational_conditions (event_type, subject, ifnull(environment_id, 0));

-- The hours of the last four weeks in which events of a type came, of at most a hundred types of a source environment: their
-- rhythm tells whether some are missing.
CREATE TABLE event_type_hours (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    event_type            TEXT NOT NULL,
    -- The newest hour, in hours since 1970, and a bit for each hour before it.
    newest_hour           INTEGER NOT NULL,
    hours                 BLOB NOT NULL,
    PRIMARY KEY (source_environment_id, event_type)
) STRICT, WITHOUT ROWID;

-- The hours in which a server was there to see. One row.
CREATE TABLE watched_hours (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    newest_hour INTEGER NOT NULL,
    hours       BLOB NOT NULL
) STRICT;
