-- The schema for PostgreSQL 15 and later; it has the tables, columns and names of the one for SQLite. Times are
-- milliseconds since 1970 (`_ms`) or microseconds (`_us`); flags are 0 or 1. Ids that are bytes are UUIDv7, so that
-- they sort by time and retention can cut by id. JSON is text and is handed out as it was handed in. Texts are compared
-- by their bytes.
--
-- Foreign keys are between the tables of the configuration only. What grows with the events has none: its rows are
-- deleted in slices, before those that they name.

-- Functions: what the statements for both databases call. They answer as SQLite's do.

-- The greater and the smaller of two values; NULL if one of them is NULL.
CREATE FUNCTION max(a BIGINT, b BIGINT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN int8larger(a, b);
CREATE FUNCTION min(a BIGINT, b BIGINT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN int8smaller(a, b);
CREATE FUNCTION max(a TEXT, b TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN text_larger(a COLLATE "C", b COLLATE "C");
CREATE FUNCTION min(a TEXT, b TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN text_smaller(a COLLATE "C", b COLLATE "C");
-- Not STRICT, because a CASE would then be called instead of being put in the place of the call.
CREATE FUNCTION max(a BYTEA, b BYTEA) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN a >= b THEN a WHEN a < b THEN b END;
CREATE FUNCTION min(a BYTEA, b BYTEA) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN a <= b THEN a WHEN a > b THEN b END;

-- The greatest and the smallest bytes of many rows, which PostgreSQL has from version 18 on. Where an index has the
-- order, its end is read instead. The functions are STRICT, so that NULLs are passed over.
CREATE FUNCTION greater_bytes(a BYTEA, b BYTEA) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN a >= b THEN a ELSE b END;
CREATE FUNCTION smaller_bytes(a BYTEA, b BYTEA) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN a <= b THEN a ELSE b END;
CREATE AGGREGATE max(BYTEA) (
    SFUNC = greater_bytes, STYPE = BYTEA, COMBINEFUNC = greater_bytes, SORTOP = >, PARALLEL = SAFE
);
CREATE AGGREGATE min(BYTEA) (
    SFUNC = smaller_bytes, STYPE = BYTEA, COMBINEFUNC = smaller_bytes, SORTOP = <, PARALLEL = SAFE
);

-- The place of the second value in the first one, in characters or bytes, from 1; 0 if it is not there.
CREATE FUNCTION instr(whole TEXT, part TEXT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN strpos(whole COLLATE "C", part COLLATE "C")::BIGINT;
CREATE FUNCTION instr(whole BYTEA, part BYTEA) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN position(part IN whole)::BIGINT;

-- Bytes in hexadecimal, in upper case; '' for NULL.
CREATE FUNCTION hex(bytes BYTEA) RETURNS TEXT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(upper(encode(bytes, 'hex') COLLATE "C"), '');

-- A text as a JSON string: `"`, `\` and control characters are escaped, the latter as \b, \f, \n, \r, \t or \u00xx, and
-- everything else stays as it is. It is STABLE only because to_json is.
CREATE FUNCTION json_quote(value TEXT) RETURNS TEXT
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(to_json(value)::TEXT, 'null');

-- A text as JSON whose strings can be read: PostgreSQL has no text with a NUL or with half of a surrogate pair, and would refuse
-- the whole value for one such escape anywhere in it. They become the replacement character.
CREATE FUNCTION readable_json(value TEXT) RETURNS JSON
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE strpos(value, '\u')
        WHEN 0 THEN value
        ELSE regexp_replace(
            regexp_replace(
                value, '\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})', '\\ufffd', 'g'),
            '\\u0000|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\\ufffd', 'g')
    END::JSON;

-- A part of a value, from a place that is counted from 1, or from the end if it is negative. A negative length takes
-- what is before the place. PostgreSQL's own functions take INTEGERs only; for them a negative place lies before the
-- beginning, and a negative length is an error.
CREATE FUNCTION substr(whole BYTEA, place BIGINT) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN place >= 0 THEN pg_catalog.substr(whole, least(place, 2147483647)::INTEGER)
        WHEN place < 0 THEN pg_catalog.substr(whole, greatest(octet_length(whole) + place + 1, 1)::INTEGER)
    END;
CREATE FUNCTION substr(whole TEXT, place BIGINT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN place >= 0 THEN pg_catalog.substr(whole, least(place, 2147483647)::INTEGER)
        WHEN place < 0 THEN pg_catalog.substr(whole, greatest(char_length(whole) + place + 1, 1)::INTEGER)
    END;
CREATE FUNCTION substr(whole BYTEA, place BIGINT, length BIGINT) RETURNS BYTEA
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN place >= 0 AND length >= 0
            THEN pg_catalog.substr(whole, least(place, 2147483647)::INTEGER, least(length, 2147483647)::INTEGER)
        WHEN place IS NOT NULL AND length IS NOT NULL
            THEN pg_catalog.substr(
                whole,
                (CASE WHEN place < 0 THEN octet_length(whole) + place + 1 ELSE place END + least(length, 0))::INTEGER,
                abs(length)::INTEGER)
    END;
CREATE FUNCTION substr(whole TEXT, place BIGINT, length BIGINT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN place >= 0 AND length >= 0
            THEN pg_catalog.substr(whole, least(place, 2147483647)::INTEGER, least(length, 2147483647)::INTEGER)
        WHEN place IS NOT NULL AND length IS NOT NULL
            THEN pg_catalog.substr(
                whole,
                (CASE WHEN place < 0 THEN char_length(whole) + place + 1 ELSE place END + least(length, 0))::INTEGER,
                abs(length)::INTEGER)
    END;

-- The database's clock in seconds since 1970, in whole milliseconds; the same throughout a statement. SQLite wants the
-- argument ('subsec').
CREATE FUNCTION unixepoch(modifier TEXT) RETURNS DOUBLE PRECISION
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN date_part('epoch', date_trunc('milliseconds', statement_timestamp()));

-- The deployment: facts about it, and who works for it.

CREATE TABLE meta (
    key   TEXT COLLATE "C" PRIMARY KEY,
    value BYTEA            NOT NULL
);

-- Leases of background jobs: a job is run by the owner of its lease, so that several nodes never run it at once.
CREATE TABLE job_leases (
    name            TEXT COLLATE "C" PRIMARY KEY,
    -- The owner that holds the lease, or held it last; NULL after a release.
    owner           TEXT COLLATE "C",
    -- The fence: grows by one at each takeover and never shrinks.
    epoch           BIGINT           NOT NULL,
    -- By this database's clock, in milliseconds since 1970.
    leased_until_ms BIGINT           NOT NULL
);

-- The configuration: environments, their sources and mappings, variables and targets.

-- A deleted environment stays as an empty row under a slug that no environment can have: its large tables are emptied
-- in slices, and its id is not given to another.
CREATE TABLE environments (
    id                  BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    slug                TEXT COLLATE "C" NOT NULL UNIQUE,
    name                TEXT COLLATE "C" NOT NULL,
    retention_days      BIGINT           NOT NULL DEFAULT 30,
    created_at_ms       BIGINT           NOT NULL,
    -- How long bodies are kept, in days; NULL: as long as their logs.
    body_retention_days BIGINT,
    -- 'all', or 'failures': what did not fail loses its body soon after.
    keep_bodies         TEXT COLLATE "C" NOT NULL DEFAULT 'all',
    -- Whether logs are shown without the values that came.
    hide_personal_data  BIGINT           NOT NULL DEFAULT 0,
    deleted_at_ms       BIGINT
);

-- A deleted source stays as an empty row under a key that no source can have: its large tables are emptied in slices,
-- and its id, under which idempotency records are kept, is not given to another.
CREATE TABLE sources (
    id               BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key              TEXT COLLATE "C" NOT NULL UNIQUE,
    name             TEXT COLLATE "C" NOT NULL,
    description      TEXT COLLATE "C",
    custom_image_url TEXT COLLATE "C",
    provider         TEXT COLLATE "C" NOT NULL,
    created_at_ms    BIGINT           NOT NULL,
    updated_at_ms    BIGINT           NOT NULL,
    deleted_at_ms    BIGINT
);

-- A source's configuration in one environment. `version` counts its changes and is what `If-Match` compares.
CREATE TABLE source_environments (
    id                               BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    source_id                        BIGINT           NOT NULL REFERENCES sources (id),
    environment_id                   BIGINT           NOT NULL REFERENCES environments (id),
    settings                         TEXT COLLATE "C" NOT NULL,
    -- Sealed, as is the one that it replaced, which is good until then.
    signing_secret                   BYTEA,
    previous_signing_secret          BYTEA,
    previous_signing_secret_until_ms BIGINT,
    scheme                           TEXT COLLATE "C",
    version                          BIGINT           NOT NULL,
    updated_at_ms                    BIGINT           NOT NULL,
    -- NULL: what the server comes with by the source's key. Else the digest of a version, or 'latest'.
    plugin                           TEXT COLLATE "C",
    -- The plugin before, to go back to. 'server': what the server comes with. Else as `plugin`; NULL: it never had
    -- another.
    previous_plugin                  TEXT COLLATE "C",
    -- The verification template that was in force with it, JSON.
    previous_scheme                  TEXT COLLATE "C",
    -- The write key, sealed like the signing secret, and the one that it replaced.
    write_key                        BYTEA,
    previous_write_key               BYTEA,
    previous_write_key_until_ms      BIGINT,
    UNIQUE (source_id, environment_id)
);

-- The tokens under which a source environment is reached, by their SHA-256. One is current and is kept sealed, to be
-- shown; those before it are good until their time, and nothing of them is kept but the hash.
CREATE TABLE endpoint_tokens (
    hash                  BYTEA  PRIMARY KEY,
    source_environment_id BIGINT NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    sealed                BYTEA,
    until_ms              BIGINT,
    CHECK ((sealed IS NULL) = (until_ms IS NOT NULL))
);

CREATE UNIQUE INDEX current_endpoint_tokens ON endpoint_tokens (source_environment_id) WHERE until_ms IS NULL;
CREATE INDEX endpoint_tokens_of_source_environment ON endpoint_tokens (source_environment_id);

CREATE TABLE mappings (
    id                    BYTEA            PRIMARY KEY,
    source_environment_id BIGINT           NOT NULL REFERENCES source_environments (id),
    event_type            TEXT COLLATE "C" NOT NULL,
    action_type           TEXT COLLATE "C" NOT NULL,
    parameters            TEXT COLLATE "C" NOT NULL,
    active                BIGINT           NOT NULL,
    created_at_ms         BIGINT           NOT NULL,
    updated_at_ms         BIGINT           NOT NULL,
    -- A JSON filter; NULL where the mapping always applies.
    condition             TEXT COLLATE "C",
    -- 1 where `$first`, `$template`, `$each` and `$lookup` in the parameters are forms. In mappings that were saved
    -- before there were forms, they are members like any other.
    forms                 BIGINT           NOT NULL DEFAULT 0
);

CREATE INDEX mappings_of_source_environment ON mappings (source_environment_id);

-- Variables of an environment. A secret one has its value sealed, a public one in clear.
CREATE TABLE variables (
    id             BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id BIGINT           NOT NULL REFERENCES environments (id),
    key            TEXT COLLATE "C" NOT NULL,
    type           TEXT COLLATE "C" NOT NULL CHECK (type IN ('public', 'secret')),
    value          TEXT COLLATE "C",
    sealed         BYTEA,
    -- The length of the value in bytes.
    bytes          BIGINT           NOT NULL,
    description    TEXT COLLATE "C",
    version        BIGINT           NOT NULL,
    created_at_ms  BIGINT           NOT NULL,
    updated_at_ms  BIGINT           NOT NULL,
    UNIQUE (environment_id, key),
    CHECK (value IS NULL OR type = 'public')
);

-- Targets: the workflow engines and receivers that runs of an environment are delivered to. How long a target has been
-- failing is counted over restarts, by the store's time, and begins again whenever the state changes.
CREATE TABLE targets (
    -- Never given again: deliveries name it.
    id               BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id   BIGINT           NOT NULL REFERENCES environments (id),
    key              TEXT COLLATE "C" NOT NULL,
    kind             TEXT COLLATE "C" NOT NULL,
    -- A JSON object without secrets.
    settings         TEXT COLLATE "C" NOT NULL,
    -- A JSON object: how the target takes runs.
    routing          TEXT COLLATE "C" NOT NULL,
    -- The secrets, a sealed JSON object; NULL if there are none.
    secrets          BYTEA,
    -- 0 running, 1 paused, 2 disabled. Deliveries are written in every state, and sent in the first one only.
    state            BIGINT           NOT NULL,
    state_reason     TEXT COLLATE "C",
    -- By the database's clock.
    state_since_ms   BIGINT           NOT NULL,
    version          BIGINT           NOT NULL,
    created_at_ms    BIGINT           NOT NULL,
    updated_at_ms    BIGINT           NOT NULL,
    -- A deleted target stays, without settings and secrets: its deliveries name it.
    deleted_at_ms    BIGINT,
    -- The first failure since the last success; NULL if it works.
    failing_since_ms BIGINT,
    -- The failures since then; those beyond what a decision needs are not counted.
    failures         BIGINT           NOT NULL DEFAULT 0,
    -- The share of the time after which it is disabled at which its operator was warned last, in percent; 0 if not at
    -- all.
    warned_percent   BIGINT           NOT NULL DEFAULT 0,
    -- The time of the last warning, of this failing or of one before it.
    warned_at_ms     BIGINT
);

CREATE UNIQUE INDEX targets_by_key ON targets (environment_id, key) WHERE deleted_at_ms IS NULL;

-- Administration: who may do what, and what they changed.

-- Keys to an environment's users and runs. Only hashes; the hint is what a person tells keys apart by.
CREATE TABLE api_keys (
    -- Never given again.
    id              BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id  BIGINT           NOT NULL REFERENCES environments (id),
    hash            BYTEA            NOT NULL UNIQUE,
    hint            TEXT COLLATE "C" NOT NULL,
    created_at_ms   BIGINT           NOT NULL,
    last_used_at_ms BIGINT
);

-- Tokens for the management API. Only hashes; the hint is what a person tells them apart by.
CREATE TABLE management_tokens (
    -- Never given again.
    id               BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name             TEXT COLLATE "C" NOT NULL,
    hash             BYTEA            NOT NULL UNIQUE,
    hint             TEXT COLLATE "C" NOT NULL,
    -- Names with a space between them.
    scopes           TEXT COLLATE "C" NOT NULL,
    -- Whether it is good in every environment, those to come too; else those of the next table.
    all_environments BIGINT           NOT NULL,
    expires_at_ms    BIGINT,
    last_used_at_ms  BIGINT,
    created_at_ms    BIGINT           NOT NULL
);

CREATE TABLE management_token_environments (
    token_id       BIGINT NOT NULL REFERENCES management_tokens (id),
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    PRIMARY KEY (token_id, environment_id)
);

-- Sessions of the dashboard. A session is found by the hash of its cookie, and is good on every node.
CREATE TABLE sessions (
    -- SHA-256 of the cookie.
    id              BYTEA  PRIMARY KEY,
    -- The management token that it was begun with; NULL: the one that the server was started with.
    token_id        BIGINT,
    -- SHA-256 of the cookie and the token's hash. A token that has become another one ends the session.
    proof           BYTEA  NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    last_used_at_ms BIGINT NOT NULL
);

-- Links that sign in once.
CREATE TABLE sign_in_links (
    -- SHA-256 of the code.
    id            BYTEA  PRIMARY KEY,
    token_id      BIGINT,
    -- SHA-256 of the code and the token's hash.
    proof         BYTEA  NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- What was changed through the management API, written with the change itself. Names stay when their token is deleted.
CREATE TABLE changes (
    id             BYTEA            PRIMARY KEY,
    token_id       BIGINT,
    name           TEXT COLLATE "C" NOT NULL,
    operation      TEXT COLLATE "C" NOT NULL,
    resource       TEXT COLLATE "C" NOT NULL,
    environment_id BIGINT,
    -- JSON objects of what differs, without secrets; NULL where there was or is nothing.
    before         TEXT COLLATE "C",
    after          TEXT COLLATE "C"
);

-- The changes of an environment, for a token that is good for some environments only.
CREATE INDEX changes_of_environment ON changes (environment_id, id);

-- Plugins: those that translated events, and those that were put into the running server.

-- What translated events, once per version instead of once per event.
CREATE TABLE plugins (
    id      BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key     TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    UNIQUE (key, version, digest)
);

-- One row for every version that was added. The greater id is the later one.
CREATE TABLE plugin_versions (
    id             BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key            TEXT COLLATE "C" NOT NULL,
    version        TEXT COLLATE "C" NOT NULL,
    -- `sha256:` and the hexadecimal digest of `wasm`.
    digest         TEXT COLLATE "C" NOT NULL UNIQUE,
    wasm           BYTEA            NOT NULL,
    inserted_at_ms BIGINT           NOT NULL,
    UNIQUE (key, version)
);

-- Whose plugins are signed with which key: a publisher's first signed plugin says, and later ones must be signed with
-- it.
CREATE TABLE publisher_keys (
    -- What is before the slash of a plugin's key.
    publisher      TEXT COLLATE "C" PRIMARY KEY,
    -- Ed25519.
    public_key     BYTEA            NOT NULL CHECK (length(public_key) = 32),
    inserted_at_ms BIGINT           NOT NULL
);

-- Requests: those that came before, those that were refused, and those that are kept whole.

-- What was taken under which idempotency key, by a keyed hash of it.
CREATE TABLE idempotency (
    hash          BYTEA  PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL,
    value         BYTEA  NOT NULL
);

CREATE INDEX idempotency_by_end ON idempotency (expires_at_ms);

-- Signed requests that were taken, as long as their own timestamp would let them in once more: a captured one is turned
-- away. Written in the transaction of what they said.
CREATE TABLE nonces (
    hash          BYTEA  PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL,
    -- The ids of the events, 16 bytes each; empty: an earlier version wrote the row.
    event_ids     BYTEA  NOT NULL DEFAULT ''::bytea,
    -- Whether `expires_at_ms` was computed from a signed time.
    signs_time    BIGINT NOT NULL DEFAULT 1
);

-- The latest `expires_at_ms` of a deleted nonce whose time is signed. A request whose nonce would not outlive it may
-- have been taken before; it can only arrive after the clock went back, and is refused. One row.
CREATE TABLE nonce_horizon (
    until_ms BIGINT NOT NULL
);

-- How often the same signed bytes came again, by the first event of the first time.
CREATE TABLE resends (
    source_environment_id BIGINT NOT NULL,
    event_id              BYTEA  NOT NULL,
    count                 BIGINT NOT NULL,
    last_at_ms            BIGINT NOT NULL,
    PRIMARY KEY (source_environment_id, event_id)
);

-- A bounded ring of requests that verification refused.
CREATE TABLE refused_requests (
    source_environment_id BIGINT           NOT NULL,
    id                    BYTEA            NOT NULL,
    received_at_ms        BIGINT           NOT NULL,
    cause                 TEXT COLLATE "C" NOT NULL,
    size                  BIGINT           NOT NULL,
    digest                BYTEA            NOT NULL,
    headers               TEXT COLLATE "C",
    body                  BYTEA,
    -- What it is verified with again. A secret that was sent as it is is kept as a keyed hash only.
    method                TEXT COLLATE "C",
    path                  TEXT COLLATE "C",
    query                 TEXT COLLATE "C",
    credential_hash       BYTEA,
    -- A sentence about this request, where the cause alone does not say enough.
    reason                TEXT COLLATE "C",
    PRIMARY KEY (source_environment_id, id)
);

CREATE INDEX refused_requests_by_cause ON refused_requests (source_environment_id, cause, id);

-- A whole request, kept once when an item of it cannot be planned without asking the plugin again. The body is NULL
-- when the log of its one item holds it, and when redact paths are in force: then nothing is kept but what the log
-- keeps.
CREATE TABLE kept_requests (
    source_environment_id BIGINT           NOT NULL,
    id                    BYTEA            NOT NULL,
    received_at_ms        BIGINT           NOT NULL,
    method                TEXT COLLATE "C" NOT NULL,
    path                  TEXT COLLATE "C" NOT NULL,
    -- JSON arrays of `{name, value}`: what left the door.
    query                 TEXT COLLATE "C" NOT NULL,
    headers               TEXT COLLATE "C" NOT NULL,
    -- What is logged about its verification: of its first item, and of the others.
    verification          TEXT COLLATE "C" NOT NULL,
    verification_rest     TEXT COLLATE "C" NOT NULL,
    body                  BYTEA,
    PRIMARY KEY (source_environment_id, id)
);

-- Logs: what came, what was done with it, and the index over it.

-- One row for every item that came. Columns that are filtered on come before the long ones.
-- The numbers of event logs. An identity column would do, and PostgreSQL has it for partitioned tables from version 17 on.
CREATE SEQUENCE event_log_rowids;

-- Partitioned by the time in the ids, as action logs are: see log_partitions.
CREATE TABLE event_logs (
    source_environment_id BIGINT           NOT NULL,
    id                    BYTEA            NOT NULL,
    outcome               BIGINT           NOT NULL,
    event_type            TEXT COLLATE "C" NOT NULL,
    user_id               TEXT COLLATE "C",
    received_at_ms        BIGINT           NOT NULL,
    occurred_at_us        BIGINT           NOT NULL,
    plugin_id             BIGINT           NOT NULL,
    verification_status   TEXT COLLATE "C" NOT NULL,
    idempotency_key       TEXT COLLATE "C",
    replay_of             BYTEA,
    resumes               BYTEA,
    code                  TEXT COLLATE "C",
    reason                TEXT COLLATE "C",
    -- Warnings and redacted paths, a JSON object; NULL when there are none.
    notes                 TEXT COLLATE "C",
    headers               TEXT COLLATE "C",
    guest_logs            TEXT COLLATE "C",
    -- Where `data` lies in `original`, in bytes; else it is in `data`. Nearly always it is a slice, stored once.
    data_at               BIGINT,
    data_len              BIGINT,
    data                  TEXT COLLATE "C",
    -- 0 JSON, 1 other text, 2 bytes.
    original_kind         BIGINT           NOT NULL,
    -- Bytes, so that slices are cut by bytes and a NUL is an ordinary byte.
    original              BYTEA            NOT NULL,
    -- Recipients that the triggers of the event left out because they are not identified; NULL when there are none.
    skipped_recipients    BIGINT,
    -- The times that the stages of the event's request took, packed into one integer; NULL for an event that no request
    -- brought.
    stage_times           BIGINT,
    -- The order in which the rows were written. SQLite gives every row such a number.
    rowid                 BIGINT           NOT NULL DEFAULT nextval('event_log_rowids'),
    PRIMARY KEY (source_environment_id, id)
) PARTITION BY RANGE (id);

ALTER SEQUENCE event_log_rowids OWNED BY event_logs.rowid;
-- A unique index of a partitioned table has to have the id too.
CREATE INDEX event_logs_by_rowid ON event_logs (rowid);
CREATE INDEX event_logs_skipped ON event_logs (source_environment_id, id, skipped_recipients)
    WHERE skipped_recipients IS NOT NULL;

CREATE TABLE action_logs (
    event_id    BYTEA            NOT NULL,
    ordinal     BIGINT           NOT NULL,
    id          BYTEA            NOT NULL,
    mapping     BYTEA,
    action_type TEXT COLLATE "C" NOT NULL,
    status      BIGINT           NOT NULL,
    reason      TEXT COLLATE "C",
    parameters  TEXT COLLATE "C" NOT NULL,
    found_in    TEXT COLLATE "C" NOT NULL,
    result      TEXT COLLATE "C",
    payload     TEXT COLLATE "C" NOT NULL,
    -- Warnings about an action that was not in error, a JSON array; NULL when there are none.
    warnings    TEXT COLLATE "C",
    PRIMARY KEY (event_id, ordinal)
) PARTITION BY RANGE (event_id);

-- The partitions of event logs and action logs, one of each for a stretch of time. There is none for everything else: a row finds
-- its partition or is refused. The first one has everything older, which may be moved into it.
CREATE TABLE log_partitions (
    -- What follows event_logs_until_ and action_logs_until_ in the names of the two tables.
    name     TEXT COLLATE "C" PRIMARY KEY,
    -- The time of the oldest id; NULL for the first partition.
    from_ms  BIGINT,
    -- The time before which all ids are.
    until_ms BIGINT           NOT NULL UNIQUE
);

-- The smallest id of a time, as a text of bytes.
CREATE FUNCTION log_id_floor(at_ms BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE
    RETURN '\x' || lpad(to_hex(at_ms), 12, '0') || repeat('0', 20);

-- The length of a partition: a thirtieth of the longest retention of any environment, and a day at least, so that there are about
-- thirty partitions.
CREATE FUNCTION log_partition_ms() RETURNS BIGINT LANGUAGE sql STABLE
    RETURN 86400000 * (SELECT greatest(1, coalesce(max(retention_days), 30) / 30) FROM environments);

-- Makes the partitions for all ids up to a time, and returns the time at which the last one ends. Writers go on meanwhile: to
-- attach a table takes no lock that they wait for.
CREATE FUNCTION make_log_partitions(wanted_ms BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    step   BIGINT := log_partition_ms();
    last   BIGINT;
    next   BIGINT;
    suffix TEXT;
    parent TEXT;
BEGIN
    -- One at a time.
    LOCK TABLE log_partitions IN SHARE ROW EXCLUSIVE MODE;
    SELECT max(until_ms) INTO last FROM log_partitions;
    WHILE last IS NULL OR last <= wanted_ms LOOP
        -- Time in which no server ran is one partition.
        IF last IS NULL OR wanted_ms - last > 10 * step THEN
            next := (wanted_ms / 86400000 + 1) * 86400000;
        ELSE
            next := last + step;
        END IF;
        suffix := to_char(to_timestamp(next / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD');
        FOREACH parent IN ARRAY ARRAY['event_logs', 'action_logs'] LOOP
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                parent || '_until_' || suffix, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)',
                parent, parent || '_until_' || suffix,
                CASE WHEN last IS NULL THEN 'MINVALUE' ELSE quote_literal(log_id_floor(last)) END, log_id_floor(next));
        END LOOP;
        INSERT INTO log_partitions (name, from_ms, until_ms) VALUES (suffix, last, next);
        last := next;
    END LOOP;
    RETURN last;
END $$;

-- Drops the partitions all of whose ids are from before a time, and returns their number. Those of now and later stay.
CREATE FUNCTION drop_log_partitions(before_ms BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    dropped BIGINT := 0;
    suffix  TEXT;
BEGIN
    LOCK TABLE log_partitions IN SHARE ROW EXCLUSIVE MODE;
    FOR suffix IN
        DELETE FROM log_partitions
        WHERE until_ms <= least(before_ms, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT - 86400000)
        RETURNING name
    LOOP
        EXECUTE format('DROP TABLE %I, %I', 'action_logs_until_' || suffix, 'event_logs_until_' || suffix);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- An index over event logs that a background job writes, so that the event path does not pay for it. The job takes the
-- logs of a source environment in segments, oldest first. What follows the last segment is scanned by a search.
CREATE TABLE log_segments (
    source_environment_id BIGINT NOT NULL,
    -- The ids of its first and its last event. Segments do not overlap.
    last_id               BYTEA  NOT NULL,
    first_id              BYTEA  NOT NULL,
    segment               BIGINT NOT NULL UNIQUE,
    PRIMARY KEY (source_environment_id, last_id)
);

CREATE TABLE log_search (
    segment BIGINT NOT NULL,
    -- 32 bits of a keyed hash of an attribute and its value. A hit is compared with the row.
    hash    BIGINT NOT NULL,
    -- The first 8 bytes of the event's id; empty: many events of the segment have the value, and the segment is
    -- scanned.
    event   BYTEA  NOT NULL,
    PRIMARY KEY (segment, hash, event)
);

-- How far the walks that remove bodies came: the last id that each looked at. With them no walk begins at the oldest
-- event again, and no index over events is needed.
CREATE TABLE body_walks (
    source_environment_id BIGINT PRIMARY KEY,
    past_retention        BYTEA  NOT NULL DEFAULT ''::bytea,
    not_failed            BYTEA  NOT NULL DEFAULT ''::bytea
);

-- Counts: what came, by type, hour and outcome.

-- What each source environment has received since it exists. The type '' counts items that have none.
CREATE TABLE event_types (
    source_environment_id BIGINT           NOT NULL,
    event_type            TEXT COLLATE "C" NOT NULL,
    count                 BIGINT           NOT NULL,
    last_received_at_ms   BIGINT           NOT NULL,
    PRIMARY KEY (source_environment_id, event_type)
);

-- The hours of the last four weeks in which events of a type came, of at most a hundred types of a source environment:
-- their rhythm tells whether some are missing.
CREATE TABLE event_type_hours (
    source_environment_id BIGINT           NOT NULL,
    event_type            TEXT COLLATE "C" NOT NULL,
    -- The newest hour, in hours since 1970, and a bit for each hour before it.
    newest_hour           BIGINT           NOT NULL,
    hours                 BYTEA            NOT NULL,
    PRIMARY KEY (source_environment_id, event_type)
);

-- The hours in which a server was there to see. One row.
CREATE TABLE watched_hours (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    newest_hour BIGINT NOT NULL,
    hours       BYTEA  NOT NULL
);

-- Counts of events and times of stages, for charts: by the minute for two days, by the hour for as long as logs are
-- kept.
CREATE TABLE statistics (
    source_environment_id BIGINT NOT NULL,
    -- 0: events by outcome; 1: requests by stage and time.
    series                BIGINT NOT NULL,
    -- The seconds that a row stands for: 60 or 3600.
    step_s                BIGINT NOT NULL,
    -- The begin, in seconds since 1970.
    at_s                  BIGINT NOT NULL,
    -- Series 0: the code of the outcome, or -1 for refused requests. Series 1: the stage times 64, plus the bucket of
    -- the time.
    measure               BIGINT NOT NULL,
    count                 BIGINT NOT NULL,
    PRIMARY KEY (source_environment_id, series, step_s, at_s, measure)
);

-- Attention: what was rejected, failed or refused, and how it is repaired.

-- One row for every item that was rejected or failed, written with its log. `open` ones need attention; a row stays
-- after that, because it says which request and which item of it the log entry came from.
CREATE TABLE attention (
    source_environment_id BIGINT           NOT NULL,
    event_id              BYTEA            NOT NULL,
    open                  BIGINT           NOT NULL,
    outcome               BIGINT           NOT NULL,
    code                  TEXT COLLATE "C" NOT NULL,
    request_id            BYTEA,
    -- Its place among the request's items, and how many there were.
    item                  BIGINT           NOT NULL,
    items                 BIGINT           NOT NULL,
    retries               BIGINT           NOT NULL,
    -- When the server tries again by itself; NULL: it does not.
    due_at_ms             BIGINT,
    -- The issue of an entry; NULL for entries of before there were issues.
    issue_id              BYTEA,
    PRIMARY KEY (source_environment_id, event_id)
);

CREATE INDEX attention_by_cause ON attention (source_environment_id, outcome, code, event_id) WHERE open = 1;
CREATE INDEX attention_due ON attention (source_environment_id, due_at_ms) WHERE due_at_ms IS NOT NULL;
-- The open entries of a source environment in the order of their events: the list of what needs attention.
CREATE INDEX attention_open ON attention (source_environment_id, event_id) WHERE open = 1;
CREATE INDEX attention_by_issue ON attention (issue_id, event_id) WHERE open = 1 AND issue_id IS NOT NULL;

-- Failures grouped by cause. At most a thousand of an environment, and fifty of one stage and place, have a row of
-- their own.
CREATE TABLE issues (
    -- A hash of the cause: place, stage, code and what is to blame.
    id                    BYTEA            PRIMARY KEY,
    environment_id        BIGINT           NOT NULL,
    -- One of these two.
    source_environment_id BIGINT,
    target_id             BIGINT,
    -- 0 verify, 1 translate, 2 read, 3 act, 4 deliver.
    stage                 BIGINT           NOT NULL,
    code                  TEXT COLLATE "C" NOT NULL,
    -- What is to blame: a mapping, or the type of an action without one.
    mapping               BYTEA,
    action                TEXT COLLATE "C",
    -- The plugin of the last failure.
    plugin_id             BIGINT,
    -- 0 open, 1 acknowledged, 2 muted, 3 resolved.
    state                 BIGINT           NOT NULL,
    state_since_ms        BIGINT           NOT NULL,
    -- NULL: muted for good, or not muted.
    muted_until_ms        BIGINT,
    count                 BIGINT           NOT NULL,
    first_seen_ms         BIGINT           NOT NULL,
    last_seen_ms          BIGINT           NOT NULL,
    reopened              BIGINT           NOT NULL,
    -- The first and the last log entry, or refused request.
    first_entry           BYTEA            NOT NULL,
    last_entry            BYTEA            NOT NULL,
    -- Up to this entry an operator knows of the failures, so that they need no attention. NULL: of none.
    known_up_to           BYTEA,
    -- Up to this entry the server does not even try again by itself.
    acknowledged_up_to    BYTEA,
    -- 1 while entries up to `known_up_to` may still be marked as needing attention.
    is_clearing           BIGINT           NOT NULL DEFAULT 0
);

CREATE INDEX issues_of_environment ON issues (environment_id, state, last_entry);
CREATE INDEX issues_of_place ON issues (source_environment_id, stage, code);
CREATE INDEX issues_to_clear ON issues (id) WHERE is_clearing = 1;

-- Which event was carried out again as which, and for which replay.
CREATE TABLE reruns (
    source_environment_id BIGINT NOT NULL,
    event_id              BYTEA  NOT NULL,
    rerun_of              BYTEA  NOT NULL,
    replay_id             BYTEA,
    PRIMARY KEY (source_environment_id, event_id)
);

CREATE INDEX reruns_of ON reruns (source_environment_id, rerun_of, event_id);

-- Replays of many events. The id is a UUIDv7: only events with smaller ones are replayed. `position` is the last event
-- that was looked at, moved in the transaction that carries the event out again.
CREATE TABLE replays (
    source_environment_id BIGINT           NOT NULL,
    id                    BYTEA            NOT NULL,
    -- 0 running, 1 finished, 2 cancelled.
    state                 BIGINT           NOT NULL,
    filter                TEXT COLLATE "C" NOT NULL,
    rate_per_second       BIGINT           NOT NULL,
    total                 BIGINT,
    position              BYTEA            NOT NULL,
    -- A JSON object: how many of which outcome.
    counts                TEXT COLLATE "C" NOT NULL,
    done                  BIGINT           NOT NULL,
    failed                BIGINT           NOT NULL,
    last_error            TEXT COLLATE "C",
    started_at_ms         BIGINT           NOT NULL,
    finished_at_ms        BIGINT,
    PRIMARY KEY (source_environment_id, id)
);

CREATE UNIQUE INDEX replays_running ON replays (source_environment_id) WHERE state = 0;

-- Recipients: who is identified, how they belong together, and what is done with many of them.

-- Users, objects and tenants. `seq` grows with every new one and gives lists their order.
CREATE TABLE recipients (
    seq            BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id BIGINT           NOT NULL,
    collection     TEXT COLLATE "C" NOT NULL,
    id             TEXT COLLATE "C" NOT NULL,
    created_at_ms  BIGINT           NOT NULL,
    updated_at_ms  BIGINT           NOT NULL,
    properties     TEXT COLLATE "C" NOT NULL,
    -- When the newest that is known of a user was so: a replay of something older only fills gaps. NULL:
    -- `updated_at_ms`.
    as_of_ms       BIGINT,
    UNIQUE (environment_id, collection, id)
);

CREATE INDEX recipients_by_age ON recipients (environment_id, collection, seq);

-- Subscriptions and memberships name recipients by `seq`. A deleted recipient that has any stays as an empty row in the
-- collection '#deleted', which no collection can be called, until a job has removed them: its `seq` is given to no
-- other, and nobody sees them from the deletion on.
CREATE TABLE subscriptions (
    environment_id BIGINT           NOT NULL,
    object_seq     BIGINT           NOT NULL,
    recipient_seq  BIGINT           NOT NULL,
    created_at_ms  BIGINT           NOT NULL,
    updated_at_ms  BIGINT           NOT NULL,
    -- A JSON object or null.
    properties     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (environment_id, object_seq, recipient_seq)
);

CREATE INDEX subscriptions_of_recipient ON subscriptions (environment_id, recipient_seq, object_seq);

-- The tenants that memberships name; they need not be identified. The row of a deleted tenant is renamed to its id,
-- with a '#', which no tenant's id can hold.
CREATE TABLE audience_tenants (
    -- Never given again.
    id             BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id BIGINT           NOT NULL,
    tenant         TEXT COLLATE "C" NOT NULL,
    UNIQUE (environment_id, tenant)
);

-- `tenant_id` is 0 for a member without a tenant.
CREATE TABLE audience_members (
    environment_id BIGINT           NOT NULL,
    audience       TEXT COLLATE "C" NOT NULL,
    user_seq       BIGINT           NOT NULL,
    tenant_id      BIGINT           NOT NULL,
    created_at_ms  BIGINT           NOT NULL,
    PRIMARY KEY (environment_id, audience, user_seq, tenant_id)
);

CREATE INDEX audience_members_of_user ON audience_members (environment_id, user_seq, audience, tenant_id);
CREATE INDEX audience_members_of_tenant ON audience_members (environment_id, tenant_id) WHERE tenant_id <> 0;

-- Bulk operations of the recipients API. A job works them off in chunks; each chunk moves `processed` in its own
-- transaction.
CREATE TABLE bulk_operations (
    environment_id  BIGINT           NOT NULL,
    id              BYTEA            NOT NULL,
    -- The operation that is carried out for each item, for example 'users.identify'.
    operation       TEXT COLLATE "C" NOT NULL,
    -- The collection of objects.
    collection      TEXT COLLATE "C",
    -- A JSON array of {id, body, error}, where the error is the reason why the item cannot be carried out; NULL once
    -- the operation has ended.
    items           TEXT COLLATE "C",
    total           BIGINT           NOT NULL,
    processed       BIGINT           NOT NULL DEFAULT 0,
    succeeded       BIGINT           NOT NULL DEFAULT 0,
    -- A JSON array of {id, collection, message}.
    errors          TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    inserted_at_ms  BIGINT           NOT NULL,
    updated_at_ms   BIGINT           NOT NULL,
    started_at_ms   BIGINT,
    completed_at_ms BIGINT,
    failed_at_ms    BIGINT,
    PRIMARY KEY (environment_id, id)
);

CREATE INDEX bulk_operations_open ON bulk_operations (environment_id, id) WHERE items IS NOT NULL;

-- Requests to forget a user. A row stays as the report; it names the user only until the walks over the tables are
-- done.
CREATE TABLE forget_requests (
    environment_id  BIGINT           NOT NULL,
    id              BYTEA            NOT NULL,
    -- A keyed hash of the user's id.
    user_hash       BYTEA            NOT NULL,
    -- Both NULL once the walks are done.
    user_id         TEXT COLLATE "C",
    email           TEXT COLLATE "C",
    -- The row that the user had among the recipients; NULL once its subscriptions and memberships are deleted.
    user_seq        BIGINT,
    requested_at_ms BIGINT           NOT NULL,
    -- The id at which the walks end; NULL until they have passed what was stored before the request.
    goal            BYTEA,
    -- A JSON object: the last id that each walk passed.
    positions       TEXT COLLATE "C" NOT NULL,
    -- A JSON object: how much was removed of what.
    counts          TEXT COLLATE "C" NOT NULL,
    completed_at_ms BIGINT,
    PRIMARY KEY (environment_id, id)
);

CREATE INDEX forget_requests_of_user ON forget_requests (environment_id, user_hash, id);
CREATE INDEX forget_requests_open ON forget_requests (id) WHERE completed_at_ms IS NULL;

-- Runs: what was triggered, for whom, and what waits or is canceled.

CREATE TABLE workflow_runs (
    environment_id      BIGINT           NOT NULL,
    id                  BYTEA            NOT NULL,
    workflow            TEXT COLLATE "C" NOT NULL,
    source_event        BYTEA            NOT NULL,
    recipients_count    BIGINT           NOT NULL,
    actor               TEXT COLLATE "C",
    tenant              TEXT COLLATE "C",
    cancellation_key    TEXT COLLATE "C",
    data                TEXT COLLATE "C" NOT NULL,
    -- The time at which the run was canceled and the event that did it; NULL while it is not.
    canceled_at_ms      BIGINT,
    canceled_by         BYTEA,
    -- Those that were canceled one by one.
    canceled_recipients BIGINT           NOT NULL DEFAULT 0,
    -- The key under which the run is delivered; NULL for runs of earlier versions.
    key                 BYTEA,
    -- The settings of a run that an API call triggered, a JSON object; NULL if it had none.
    settings            TEXT COLLATE "C",
    -- What the deliveries of recipients that are added later need.
    mapping             BYTEA,
    -- A JSON array of the keys of targets that the mapping names; NULL if it names none.
    targets             TEXT COLLATE "C",
    PRIMARY KEY (environment_id, id)
);

CREATE INDEX workflow_runs_open ON workflow_runs (environment_id, workflow, cancellation_key, id)
    WHERE cancellation_key IS NOT NULL AND canceled_at_ms IS NULL;
-- The runs of an event.
CREATE INDEX workflow_runs_of_event ON workflow_runs (source_event, id);

CREATE TABLE workflow_run_recipients (
    run_id         BYTEA            NOT NULL,
    ordinal        BIGINT           NOT NULL,
    collection     TEXT COLLATE "C",
    id             TEXT COLLATE "C" NOT NULL,
    trigger_data   TEXT COLLATE "C",
    -- 1 if the run has a cancellation key, so that only such recipients are indexed.
    is_cancelable  BIGINT,
    canceled_at_ms BIGINT,
    canceled_by    BYTEA,
    PRIMARY KEY (run_id, ordinal)
);

CREATE INDEX workflow_run_recipients_open ON workflow_run_recipients (run_id, id)
    WHERE is_cancelable IS NOT NULL AND canceled_at_ms IS NULL;

-- Cancellations that found more runs than a transaction takes. A job cancels the runs between two ids in slices.
CREATE TABLE cancellations (
    id               BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id   BIGINT           NOT NULL,
    workflow         TEXT COLLATE "C" NOT NULL,
    cancellation_key TEXT COLLATE "C" NOT NULL,
    -- A JSON array of [collection, id], the collection null for a user; NULL for all recipients.
    recipients       TEXT COLLATE "C",
    event            BYTEA            NOT NULL,
    after_run        BYTEA            NOT NULL,
    before_run       BYTEA            NOT NULL
);

-- Triggers that wait for recipients who are not identified yet, with what the runs need.
CREATE TABLE parked_triggers (
    environment_id        BIGINT           NOT NULL,
    event_id              BYTEA            NOT NULL,
    -- The mapping; zeros if an API call triggered.
    mapping               BYTEA            NOT NULL,
    -- The source environment in whose log the event is. A wait outlives its source, by a day at most.
    source_environment_id BIGINT           NOT NULL,
    -- The number of its rows in parked_recipients.
    recipients            BIGINT           NOT NULL,
    canceled              BIGINT           NOT NULL DEFAULT 0,
    workflow              TEXT COLLATE "C" NOT NULL,
    actor                 TEXT COLLATE "C",
    tenant                TEXT COLLATE "C",
    cancellation_key      TEXT COLLATE "C",
    data                  TEXT COLLATE "C" NOT NULL,
    -- A JSON array of the keys of targets that the mapping names; NULL if it names none.
    targets               TEXT COLLATE "C",
    PRIMARY KEY (environment_id, event_id, mapping)
);

CREATE INDEX parked_triggers_by_key ON parked_triggers (environment_id, workflow, cancellation_key)
    WHERE cancellation_key IS NOT NULL;

-- The recipients that the triggers wait for, and those whose wait has ended until a background job has logged the end.
CREATE TABLE parked_recipients (
    seq            BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id BIGINT           NOT NULL,
    collection     TEXT COLLATE "C" NOT NULL,
    id             TEXT COLLATE "C" NOT NULL,
    event_id       BYTEA            NOT NULL,
    mapping        BYTEA            NOT NULL,
    -- 0 waiting, 1 identified and the run is still to be created, 2 released, 3 dropped, 4 canceled.
    state          BIGINT           NOT NULL,
    -- By the store's time, in milliseconds since 1970; 0 if the wait has ended.
    expires_at_ms  BIGINT           NOT NULL,
    -- The run of a released recipient.
    run_id         BYTEA,
    trigger_data   TEXT COLLATE "C",
    UNIQUE (environment_id, collection, id, event_id, mapping)
);

CREATE INDEX parked_recipients_by_end ON parked_recipients (expires_at_ms);
-- Finds what a trigger's recipients have of its event when a user is forgotten. Most rows have nothing and are not in
-- it.
CREATE INDEX parked_recipients_of_event ON parked_recipients (environment_id, event_id)
    WHERE trigger_data IS NOT NULL OR run_id IS NOT NULL;

-- The number of waiting recipients of each environment, which a trigger of the database keeps: the nodes have no count in
-- common.
CREATE TABLE parked_totals (
    environment_id BIGINT PRIMARY KEY,
    waiting        BIGINT NOT NULL
);

CREATE FUNCTION count_parked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO parked_totals AS totals (environment_id, waiting)
        SELECT environment_id, count(*) FROM added WHERE state = 0 GROUP BY environment_id
        ON CONFLICT (environment_id) DO UPDATE SET waiting = totals.waiting + excluded.waiting;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE parked_totals SET waiting = waiting + change
        FROM (SELECT environment_id AS id, sum(one)::bigint AS change FROM (
                  SELECT environment_id, 1 AS one FROM added WHERE state = 0
                  UNION ALL
                  SELECT environment_id, -1 FROM removed WHERE state = 0) AS changed
              GROUP BY environment_id HAVING sum(one) <> 0) AS changes
        WHERE environment_id = changes.id;
    ELSE
        UPDATE parked_totals SET waiting = waiting - gone
        FROM (SELECT environment_id AS id, count(*) AS gone FROM removed WHERE state = 0 GROUP BY environment_id) AS ended
        WHERE environment_id = ended.id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_parked_added AFTER INSERT ON parked_recipients
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_parked();
CREATE TRIGGER count_parked_changed AFTER UPDATE ON parked_recipients
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_parked();
CREATE TRIGGER count_parked_removed AFTER DELETE ON parked_recipients
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_parked();

-- The servers that share the database.
CREATE TABLE nodes (
    id              BYTEA            PRIMARY KEY,
    name            TEXT COLLATE "C" NOT NULL,
    version         TEXT COLLATE "C" NOT NULL,
    started_at_ms   BIGINT           NOT NULL,
    -- How far the database's clock was ahead of the server's.
    clock_behind_ms BIGINT           NOT NULL,
    -- By the database's clock.
    seen_at_ms      BIGINT           NOT NULL,
    leased_until_ms BIGINT           NOT NULL
);

-- The connections that commit events, with the number of the last transaction of each: what tells whether a COMMIT came to
-- its end whose answer was lost.
CREATE TABLE writers (
    id                 BYTEA  PRIMARY KEY,
    transaction_number BIGINT NOT NULL,
    started_at_ms      BIGINT NOT NULL
);

-- Runs whose object recipients a background job expands into their subscribers. The job removes the rows of a run that
-- is gone.
CREATE TABLE expansions (
    environment_id   BIGINT           NOT NULL,
    run_id           BYTEA            NOT NULL,
    -- 0 to be begun, 1 under way, 2 ended and its other rows are being removed.
    state            BIGINT           NOT NULL,
    -- The run's actor, who is left out; NULL if there is none.
    actor_collection TEXT COLLATE "C",
    actor_id         TEXT COLLATE "C",
    PRIMARY KEY (environment_id, run_id)
);

-- The objects whose subscribers are still to be read, in the order in which they became recipients.
CREATE TABLE expansion_objects (
    run_id     BYTEA  NOT NULL,
    -- The object's position among the run's recipients.
    ordinal    BIGINT NOT NULL,
    object_seq BIGINT NOT NULL,
    -- The last subscriber that was read, by its `seq`.
    after_seq  BIGINT NOT NULL,
    PRIMARY KEY (run_id, ordinal)
);

-- The recipients that the run has, and those that it must not get, by their `seq`.
CREATE TABLE expansion_recipients (
    run_id        BYTEA  NOT NULL,
    recipient_seq BIGINT NOT NULL,
    PRIMARY KEY (run_id, recipient_seq)
);

-- Deliveries: what is sent to the targets.

-- One for each target and each chunk of a run's recipients, written in the transaction that adds these.
CREATE TABLE deliveries (
    -- Never given again: together with owner and epoch it is the fence of whoever works on the delivery.
    seq                 BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id      BIGINT           NOT NULL,
    -- UUIDv7. The later parts of a body that was split follow the id of the first one.
    id                  BYTEA            NOT NULL,
    target_id           BIGINT           NOT NULL,
    run_id              BYTEA            NOT NULL,
    -- The event that caused the run, or the event that canceled it.
    source_event        BYTEA            NOT NULL,
    -- NULL if an API call triggered.
    mapping             BYTEA,
    workflow            TEXT COLLATE "C" NOT NULL,
    -- 0 trigger, 1 cancel.
    call                BIGINT           NOT NULL,
    -- The recipients by their positions in the run.
    first_recipient     BIGINT           NOT NULL,
    recipients          BIGINT           NOT NULL,
    -- From 1; counts the parts of a body that was split.
    part                BIGINT           NOT NULL DEFAULT 1,
    -- The key by which the receiver recognizes a call that it gets twice.
    key                 BYTEA            NOT NULL,
    -- 0 pending, 1 retrying, 2 delivered, 3 dead, 4 canceled.
    status              BIGINT           NOT NULL DEFAULT 0,
    -- 0 first attempt, 1 retry, 2 late: deliveries of each class have slots of their own.
    class               BIGINT           NOT NULL DEFAULT 0,
    -- The time from which it can be claimed, by the database's clock. The end of the lease while it is under way. NULL
    -- if it has ended, or waits behind another one with its order key.
    due_at_ms           BIGINT,
    -- Deliveries of one target with the same value never overtake each other.
    order_key           BYTEA,
    -- The least time between the end of the delivery before it, of its order key, and this one.
    gap_ms              BIGINT           NOT NULL DEFAULT 0,
    -- Whoever works on it; NULL if nobody does. The epoch counts the claims.
    owner               BYTEA,
    epoch               BIGINT           NOT NULL DEFAULT 0,
    -- Attempts that count against the retry schedule.
    attempts            BIGINT           NOT NULL DEFAULT 0,
    -- All attempts.
    tries               BIGINT           NOT NULL DEFAULT 0,
    -- The attempts of which it is not sure that nothing was sent.
    sends               BIGINT           NOT NULL DEFAULT 0,
    -- 1 if no further attempt shall follow the one that is under way; 2 if it shall leave nothing of its recipients.
    is_stopped          BIGINT           NOT NULL DEFAULT 0,
    first_attempt_at_ms BIGINT,
    last_status         BIGINT,
    last_error          TEXT COLLATE "C",
    finished_at_ms      BIGINT,
    -- The id that the target gave to what it began.
    downstream_id       TEXT COLLATE "C",
    -- The size of the stored body; NULL if there is none.
    body_bytes          BIGINT
);

CREATE UNIQUE INDEX deliveries_by_id ON deliveries (environment_id, id);
CREATE INDEX deliveries_by_status ON deliveries (environment_id, status, id);
-- The lists of a target's deliveries, and what an operator does with those of one status, read nothing of other
-- targets.
CREATE INDEX deliveries_of_target ON deliveries (target_id, status, id);
-- What became of each recipient of a run is read from the deliveries that have it.
CREATE INDEX deliveries_of_run ON deliveries (run_id, first_recipient, seq);
-- The deliveries of an event, of every status.
CREATE INDEX deliveries_of_event ON deliveries (source_event, id);
-- A delivery is found by the id that its target gave to what it began.
CREATE INDEX deliveries_by_downstream_id ON deliveries (environment_id, downstream_id, seq)
    WHERE downstream_id IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (target_id, class, due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX deliveries_under_way ON deliveries (owner) WHERE owner IS NOT NULL;
-- Of one order key one delivery at most can be claimed; the others wait behind it, the oldest first.
CREATE UNIQUE INDEX deliveries_leading ON deliveries (target_id, order_key)
    WHERE order_key IS NOT NULL AND due_at_ms IS NOT NULL;
CREATE INDEX deliveries_behind ON deliveries (target_id, order_key, id)
    WHERE order_key IS NOT NULL AND due_at_ms IS NULL AND finished_at_ms IS NULL;

-- The bodies of deliveries, from before their first attempt until they are delivered: a key stands for one body.
CREATE TABLE delivery_bodies (
    delivery_seq BIGINT           PRIMARY KEY,
    content_type TEXT COLLATE "C" NOT NULL,
    body         BYTEA            NOT NULL
);

CREATE TABLE delivery_attempts (
    delivery_seq     BIGINT           NOT NULL,
    -- From 1.
    number           BIGINT           NOT NULL,
    at_ms            BIGINT           NOT NULL,
    duration_ms      BIGINT           NOT NULL,
    -- 1 if it counts against the retry schedule.
    is_counted       BIGINT           NOT NULL,
    outcome          TEXT COLLATE "C" NOT NULL,
    -- The HTTP status; NULL if there was no answer.
    status           BIGINT,
    error            TEXT COLLATE "C",
    -- A JSON object without secrets.
    request_headers  TEXT COLLATE "C" NOT NULL,
    response_headers TEXT COLLATE "C" NOT NULL,
    -- The beginning of the answer.
    response_body    BYTEA            NOT NULL,
    PRIMARY KEY (delivery_seq, number)
);

-- Wholly canceled runs that have more deliveries than a transaction cancels. A job cancels the rest of them.
CREATE TABLE canceled_run_deliveries (
    id              BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment_id  BIGINT NOT NULL,
    run_id          BYTEA  NOT NULL,
    -- The event that canceled the run.
    event           BYTEA  NOT NULL,
    -- The delivery that was canceled last, by its first recipient and its number; -1 before the first one.
    after_recipient BIGINT NOT NULL,
    after_seq       BIGINT NOT NULL
);

-- Operational events: what the server tells its operator about itself.

-- The newest thousand.
CREATE TABLE operational_events (
    -- UUIDv7; later events have greater ones.
    id             BYTEA            PRIMARY KEY,
    event_type     TEXT COLLATE "C" NOT NULL,
    -- NULL if it is about the whole server.
    environment_id BIGINT,
    subject        TEXT COLLATE "C" NOT NULL,
    -- By the database's clock.
    raised_at_ms   BIGINT           NOT NULL,
    -- A JSON object. It never changes: a webhook-id stands for one body.
    data           TEXT COLLATE "C" NOT NULL,
    -- How often the same was noticed again while it was too soon for another event.
    repeats        BIGINT           NOT NULL DEFAULT 0,
    -- The events that were dropped unsent to make room for this one.
    dropped        BIGINT           NOT NULL DEFAULT 0,
    -- 0 pending, 1 delivered, 2 dead, 3 unsent (there is no webhook).
    status         BIGINT           NOT NULL DEFAULT 0,
    attempts       BIGINT           NOT NULL DEFAULT 0,
    -- The time of the next attempt, by the database's clock; NULL if there is none.
    due_at_ms      BIGINT,
    last_error     TEXT COLLATE "C"
);

CREATE INDEX operational_events_by_subject ON operational_events (event_type, subject, id);
CREATE INDEX operational_events_due ON operational_events (due_at_ms, id) WHERE due_at_ms IS NOT NULL;

-- What lasts and was told, so that it is told once: over restarts too.
CREATE TABLE operational_conditions (
    id             BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    event_type     TEXT COLLATE "C" NOT NULL,
    environment_id BIGINT,
    subject        TEXT COLLATE "C" NOT NULL,
    since_ms       BIGINT           NOT NULL
);

CREATE UNIQUE INDEX operational_conditions_by_subject
    ON operational_conditions (event_type, subject, coalesce(environment_id, 0));

-- The first rows.

-- Keys the hash under which idempotency records are found, so that no sender can aim at collisions.
INSERT INTO meta (key, value) VALUES (
    'idempotency_hash_key',
    pg_catalog.substr(sha256(convert_to(gen_random_uuid()::TEXT || gen_random_uuid()::TEXT, 'UTF8')), 1, 16));

-- The row that operations lock before the rows of all environments.
INSERT INTO meta (key, value) VALUES ('write_lock', '');

INSERT INTO nonce_horizon (until_ms) VALUES (0);

INSERT INTO environments (slug, name, created_at_ms) VALUES
    ('development', 'Development', (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT),
    ('production', 'Production', (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT);

-- The hidden source in whose log the calls of the recipients API are kept, in every environment. It has no endpoint,
-- and no source that an operator creates can have its key.
INSERT INTO sources (key, name, provider, created_at_ms, updated_at_ms) VALUES (
    '$api',
    'Recipients API',
    '$api',
    (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT,
    (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT);

INSERT INTO source_environments (source_id, environment_id, settings, version, updated_at_ms)
    SELECT sources.id, environments.id, '{}', 1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT
    FROM sources, environments
    WHERE sources.key = '$api'
    ORDER BY environments.id;

-- Begins a group of events, behind the locks of its environments: writes its number into the row of its writer, and reads what other
-- servers may have changed. A function, so that its plans are made once in a session.
CREATE FUNCTION begin_group(
    of_environments BIGINT[], refused BIGINT[], writer BYTEA, number BIGINT,
    OUT now_us BIGINT, OUT nonce_horizon_ms BIGINT, OUT version TEXT, OUT waiting TEXT, OUT partitions_until_ms BIGINT
) LANGUAGE plpgsql AS $$
BEGIN
    IF refused <> '{}' THEN
        of_environments := of_environments || ARRAY(SELECT environment_id FROM source_environments WHERE id = ANY (refused));
    END IF;
    PERFORM 1 FROM environments WHERE id = ANY (of_environments) ORDER BY id FOR NO KEY UPDATE;
    UPDATE writers SET transaction_number = number WHERE id = writer;
    now_us := extract(epoch FROM clock_timestamp()) * 1000000;
    nonce_horizon_ms := (SELECT until_ms FROM nonce_horizon);
    version := (SELECT encode(id, 'hex') FROM changes ORDER BY id DESC LIMIT 1);
    -- By environment, of those in which recipients are waited for.
    waiting := (SELECT coalesce(string_agg(environment_id || ' ' || parked_totals.waiting, ','), '')
                FROM parked_totals WHERE parked_totals.waiting > 0 AND environment_id = ANY (of_environments));
    partitions_until_ms := (SELECT max(until_ms) FROM log_partitions);
END $$;

SELECT make_log_partitions((extract(epoch FROM clock_timestamp()) * 1000)::BIGINT);
