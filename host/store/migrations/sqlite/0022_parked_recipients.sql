-- The key under which a run is delivered; NULL for runs of earlier versions.
ALTER TABLE workflow_runs ADD COLUMN key BLOB;

-- Triggers that wait for recipients who are not identified yet, with what the runs need.
CREATE TABLE parked_triggers (
    environment_id        INTEGER NOT NULL REFERENCES environments (id),
    event_id              BLOB NOT NULL,
    -- The mapping; zeros if an API call triggered.
    mapping               BLOB NOT NULL,
    -- The source environment in whose log the event is. No foreign key: a wait outlives its source, by a day at most.
    source_environment_id INTEGER NOT NULL,
    -- The number of its rows in parked_recipients.
    recipients            INTEGER NOT NULL,
    canceled              INTEGER NOT NULL DEFAULT 0,
    workflow              TEXT NOT NULL,
    actor                 TEXT,
    tenant                TEXT,
    cancellation_key      TEXT,
    data                  TEXT NOT NULL,
    PRIMARY KEY (environment_id, event_id, mapping)
) STRICT;

CREATE INDEX parked_triggers_by_key ON parked_triggers (environment_id, workflow, cancellation_key)
    WHERE cancellation_key IS NOT NULL;

-- The recipients that the triggers wait for, and those whose wait has ended until a background job has logged the end.
CREATE TABLE parked_recipients (
    seq            INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    collection     TEXT NOT NULL,
    id             TEXT NOT NULL,
    event_id       BLOB NOT NULL,
    mapping        BLOB NOT NULL,
    -- 0 waiting, 1 identified and the run is still to be created, 2 released, 3 dropped, 4 canceled.
    state          INTEGER NOT NULL,
    -- By the store's time, in milliseconds since 1970; 0 if the wait has ended.
    expires_at_ms  INTEGER NOT NULL,
    -- The run of a released recipient.
    run_id         BLOB,
    trigger_data   TEXT,
    UNIQUE (environment_id, collection, id, event_id, mapping)
) STRICT;

CREATE INDEX parked_recipients_by_end ON parked_recipients (expires_at_ms);
