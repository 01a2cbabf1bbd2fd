-- The first schema. Times are milliseconds since 1970 (`_ms`) or microseconds (`_us`); ids that are blobs are UUIDv7,
-- so that they sort by time and retention can cut by id. JSON is text and is handed out as it was handed in.

-- Facts about this deployment.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys the hash under which idempotency records are found, so that no sender can aim at collisions.
INSERT INTO meta (key, value) VALUES ('idempotency_hash_key', randomblob(16));

CREATE TABLE environments (
    id             INTEGER PRIMARY KEY,
    slug           TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    retention_days INTEGER NOT NULL DEFAULT 30,
    created_at_ms  INTEGER NOT NULL
) STRICT;

INSERT INTO environments (slug, name, created_at_ms) VALUES
    ('development', 'Development', unixepoch() * 1000),
    ('production', 'Production', unixepoch() * 1000);

-- Keys to an environment's users and runs. Only hashes; the hint is what a person tells keys apart by.
CREATE TABLE api_keys (
    id             INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    hash           BLOB NOT NULL UNIQUE,
    hint           TEXT NOT NULL,
    created_at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
    id               INTEGER PRIMARY KEY,
    key              TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    description      TEXT,
    custom_image_url TEXT,
    provider         TEXT NOT NULL,
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL
) STRICT;

-- A source's configuration in one environment. `version` counts its changes and is what `If-Match` compares.
CREATE TABLE source_environments (
    id             INTEGER PRIMARY KEY,
    source_id      INTEGER NOT NULL REFERENCES sources (id),
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    token          TEXT NOT NULL UNIQUE,
    settings       TEXT NOT NULL,
    signing_secret TEXT,
    scheme         TEXT,
    version        INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    UNIQUE (source_id, environment_id)
) STRICT;

CREATE TABLE mappings (
    id                    BLOB PRIMARY KEY,
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    event_type            TEXT NOT NULL,
    action_type           TEXT NOT NULL,
    parameters            TEXT NOT NULL,
    active                INTEGER NOT NULL,
    created_at_ms         INTEGER NOT NULL,
    updated_at_ms         INTEGER NOT NULL
) STRICT;

CREATE INDEX mappings_of_source_environment ON mappings (source_environment_id);

-- What translated events, once per version instead of once per event.
CREATE TABLE plugins (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL,
    version TEXT NOT NULL,
    digest  TEXT NOT NULL,
    UNIQUE (key, version, digest)
) STRICT;

-- One row for every item that came. The table is a rowid table, so that long rows are appended at its end; the only
-- index is the primary key, nearly in order of time too. Columns that are filtered on come before the long ones.
CREATE TABLE event_logs (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    id                    BLOB NOT NULL,
    outcome               INTEGER NOT NULL,
    event_type            TEXT NOT NULL,
    user_id               TEXT,
    received_at_ms        INTEGER NOT NULL,
    occurred_at_us        INTEGER NOT NULL,
    plugin_id             INTEGER NOT NULL REFERENCES plugins (id),
    verification_status   TEXT NOT NULL,
    idempotency_key       TEXT,
    replay_of             BLOB,
    resumes               BLOB,
    code                  TEXT,
    reason                TEXT,
    -- Warnings and redacted paths, a JSON object; NULL when there are none.
    notes                 TEXT,
    headers               TEXT,
    guest_logs            TEXT,
    -- Where `data` lies in `original`, in bytes; else it is in `data`. Nearly always it is a slice, stored once.
    data_at               INTEGER,
    data_len              INTEGER,
    data                  TEXT,
    -- 0 JSON, 1 other text, 2 bytes.
    original_kind         INTEGER NOT NULL,
    -- A blob, so that slices are cut by bytes and a NUL is an ordinary byte.
    original              BLOB NOT NULL,
    PRIMARY KEY (source_environment_id, id)
) STRICT;

-- A rowid table too: payloads are long, and rows of a WITHOUT ROWID table spill into pages of their own at 1 KB.
CREATE TABLE action_logs (
    event_id    BLOB NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB NOT NULL,
    mapping     BLOB,
    action_type TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reason      TEXT,
    parameters  TEXT NOT NULL,
    found_in    TEXT NOT NULL,
    result      TEXT,
    payload     TEXT NOT NULL,
    PRIMARY KEY (event_id, ordinal)
) STRICT;

CREATE TABLE workflow_runs (
    environment_id   INTEGER NOT NULL REFERENCES environments (id),
    id               BLOB NOT NULL,
    workflow         TEXT NOT NULL,
    source_event     BLOB NOT NULL,
    recipients_count INTEGER NOT NULL,
    actor            TEXT,
    tenant           TEXT,
    cancellation_key TEXT,
    data             TEXT NOT NULL,
    PRIMARY KEY (environment_id, id)
) STRICT;

CREATE TABLE workflow_run_recipients (
    run_id       BLOB NOT NULL,
    ordinal      INTEGER NOT NULL,
    collection   TEXT,
    id           TEXT NOT NULL,
    trigger_data TEXT,
    PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Users, objects and tenants. `seq` grows with every new one and gives lists their order.
CREATE TABLE recipients (
    seq            INTEGER PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    collection     TEXT NOT NULL,
    id             TEXT NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    properties     TEXT NOT NULL,
    UNIQUE (environment_id, collection, id)
) STRICT;

CREATE INDEX recipients_by_age ON recipients (environment_id, collection);

-- The one random key of the event path: narrow, and pruned by walking the keys rather than by a second index.
CREATE TABLE idempotency (
    hash          BLOB PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL,
    value         BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What each source environment has received since it exists. The type '' counts items that have none.
CREATE TABLE event_types (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    event_type            TEXT NOT NULL,
    count                 INTEGER NOT NULL,
    last_received_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (source_environment_id, event_type)
) STRICT, WITHOUT ROWID;

-- A bounded ring of requests that verification refused.
CREATE TABLE refused_requests (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    id                    BLOB NOT NULL,
    received_at_ms        INTEGER NOT NULL,
    cause                 TEXT NOT NULL,
    size                  INTEGER NOT NULL,
    digest                BLOB NOT NULL,
    headers               TEXT,
    body                  BLOB,
    PRIMARY KEY (source_environment_id, id)
) STRICT;
