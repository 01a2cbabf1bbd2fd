-- Targets: the workflow engines and receivers that runs of an environment are delivered to.
CREATE TABLE targets (
    -- Never given again: deliveries name it.
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    key            TEXT NOT NULL,
    kind           TEXT NOT NULL,
    -- A JSON object without secrets.
    settings       TEXT NOT NULL,
    -- A JSON object: how the target takes runs.
    routing        TEXT NOT NULL,
    -- The secrets, a sealed JSON object; NULL if there are none.
    secrets        BLOB,
    -- 0 running, 1 paused, 2 disabled. Deliveries are written in every state, and sent in the first one only.
    state          INTEGER NOT NULL,
    state_reason   TEXT,
    -- By the database's clock.
    state_since_ms INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    -- A deleted target stays, without settings and secrets: its deliveries name it.
    deleted_at_ms  INTEGER
) STRICT;

CREATE UNIQUE INDEX targets_by_key ON targets (environment_id, key) WHERE deleted_at_ms IS NULL;

-- Deliveries: one for each target and each chunk of a run's recipients, written in the transaction that adds these.
CREATE TABLE deliveries (
    -- Never given again: together with owner and epoch it is the fence of whoever works on the delivery.
    seq                 INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id      INTEGER NOT NULL REFERENCES environments (id),
    -- UUIDv7. The later parts of a body that was split follow the id of the first one.
    id                  BLOB NOT NULL,
    target_id           INTEGER NOT NULL,
    run_id              BLOB NOT NULL,
    -- The event that caused the run, or the event that canceled it.
    source_event        BLOB NOT NULL,
    -- NULL if an API call triggered.
    mapping             BLOB,
    workflow            TEXT NOT NULL,
    -- 0 trigger, 1 cancel.
    call                INTEGER NOT NULL,
    -- The recipients by their positions in the run.
    first_recipient     INTEGER NOT NULL,
    recipients          INTEGER NOT NULL,
    -- From 1; counts the parts of a body that was split.
    part                INTEGER NOT NULL DEFAULT 1,
    -- The key by which the receiver recognizes a call that it gets twice.
    key                 BLOB NOT NULL,
    -- 0 pending, 1 retrying, 2 delivered, 3 dead, 4 canceled.
    status              INTEGER NOT NULL DEFAULT 0,
    -- 0 first attempt, 1 retry, 2 late: deliveries of each class have slots of their own.
    class               INTEGER NOT NULL DEFAULT 0,
    -- The time from which it can be claimed, by the database's clock. The end of the lease while it is under way. NULL if
    -- it has ended, or waits behind another one with its order key.
    due_at_ms           INTEGER,
    -- Deliveries of one target with the same value never overtake each other.
    order_key           BLOB,
    -- The least time between the end of the delivery before it, of its order key, and this one.
    gap_ms              INTEGER NOT NULL DEFAULT 0,
    -- Whoever works on it; NULL if nobody does. The epoch counts the claims.
    owner               BLOB,
    epoch               INTEGER NOT NULL DEFAULT 0,
    -- Attempts that count against the retry schedule.
    attempts            INTEGER NOT NULL DEFAULT 0,
    -- All attempts.
    tries               INTEGER NOT NULL DEFAULT 0,
    -- The attempts of which it is not sure that nothing was sent.
    sends               INTEGER NOT NULL DEFAULT 0,
    -- 1 if no further attempt shall follow the one that is under way; 2 if it shall leave nothing of its recipients.
    is_stopped          INTEGER NOT NULL DEFAULT 0,
    first_attempt_at_ms INTEGER,
    last_status         INTEGER,
    last_error          TEXT,
    finished_at_ms      INTEGER,
    -- The id that the target gave to what it began.
    downstream_id       TEXT,
    -- The size of the stored body; NULL if there is none.
    body_bytes          INTEGER
) STRICT;

CREATE UNIQUE INDEX deliveries_by_id ON deliveries (environment_id, id);
CREATE INDEX deliveries_by_status ON deliveries (environment_id, status, id);
CREATE INDEX deliveries_of_run ON deliveries (run_id);
CREATE INDEX deliveries_due ON deliveries (target_id, class, due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX deliveries_under_way ON deliveries (owner) WHERE owner IS NOT NULL;
-- Of one order key one delivery at most can be claimed; the others wait behind it, the oldest first.
CREATE UNIQUE INDEX deliveries_leading ON deliveries (target_id, order_key)
    WHERE order_key IS NOT NULL AND due_at_ms IS NOT NULL;
CREATE INDEX deliveries_behind ON deliveries (target_id, order_key, id)
    WHERE order_key IS NOT NULL AND due_at_ms IS NULL AND finished_at_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (source_event) WHERE status = 3;

-- The bodies of deliveries, from before their first attempt until they are delivered: a key stands for one body.
CREATE TABLE delivery_bodies (
    delivery_seq INTEGER PRIMARY KEY,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL
) STRICT;

CREATE TABLE delivery_attempts (
    delivery_seq     INTEGER NOT NULL,
    -- From 1.
    number           INTEGER NOT NULL,
    at_ms            INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL,
    -- 1 if it counts against the retry schedule.
    is_counted       INTEGER NOT NULL,
    outcome          TEXT NOT NULL,
    -- The HTTP status; NULL if there was no answer.
    status           INTEGER,
    error            TEXT,
    -- A JSON object without secrets.
    request_headers  TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    -- The beginning of the answer.
    response_body    BLOB NOT NULL,
    PRIMARY KEY (delivery_seq, number)
) STRICT, WITHOUT ROWID;

-- What the deliveries of recipients that are added later need.
ALTER TABLE workflow_runs ADD COLUMN mapping BLOB;
-- A JSON array of the keys of targets that the mapping names; NULL if it names none.
ALTER TABLE workflow_runs ADD COLUMN targets TEXT;
ALTER TABLE parked_triggers ADD COLUMN targets TEXT;
