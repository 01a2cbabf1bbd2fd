-- What an environment keeps and shows, who may administer, and what they changed.

-- How long bodies are kept, in days; NULL: as long as their logs.
ALTER TABLE environments ADD COLUMN body_retention_days INTEGER;
-- 'all', or 'failures': what did not fail loses its body soon after.
ALTER TABLE environments ADD COLUMN keep_bodies TEXT NOT NULL DEFAULT 'all';
-- Whether logs are shown without the values that came.
ALTER TABLE environments ADD COLUMN hide_personal_data INTEGER NOT NULL DEFAULT 0;

-- How far the walks that remove bodies came: the last id that each looked at. With them no walk begins at the oldest
-- event again, and no index over events is needed.
CREATE TABLE body_walks (
    source_environment_id INTEGER PRIMARY KEY REFERENCES source_environments (id),
    past_retention        BLOB NOT NULL DEFAULT x'',
    not_failed            BLOB NOT NULL DEFAULT x''
) STRICT;

-- A deleted source stays as an empty row under a key that no source can have: its large tables are emptied in slices,
-- and its id, under which idempotency records are kept, is not given to another.
ALTER TABLE sources ADD COLUMN deleted_at_ms INTEGER;

-- The table again, so that the id of a deleted key is never given to another, and with the time of the last use.
CREATE TABLE api_keys_again (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id  INTEGER NOT NULL REFERENCES environments (id),
    hash            BLOB NOT NULL UNIQUE,
    hint            TEXT NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER
) STRICT;

INSERT INTO api_keys_again (id, environment_id, hash, hint, created_at_ms)
    SELECT id, environment_id, hash, hint, created_at_ms FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE api_keys_again RENAME TO api_keys;

-- Tokens for the management API. Only hashes; the hint is what a person tells them apart by.
CREATE TABLE management_tokens (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT NOT NULL,
    hash             BLOB NOT NULL UNIQUE,
    hint             TEXT NOT NULL,
    -- Names with a space between them.
    scopes           TEXT NOT NULL,
    -- Whether it is good in every environment, those to come too; else those of the next table.
    all_environments INTEGER NOT NULL,
    expires_at_ms    INTEGER,
    last_used_at_ms  INTEGER,
    created_at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE management_token_environments (
    token_id       INTEGER NOT NULL REFERENCES management_tokens (id),
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    PRIMARY KEY (token_id, environment_id)
) STRICT, WITHOUT ROWID;

-- What was changed through the management API, written with the change itself. Names stay when their token is deleted.
CREATE TABLE changes (
    id             BLOB PRIMARY KEY,
    token_id       INTEGER,
    name           TEXT NOT NULL,
    operation      TEXT NOT NULL,
    resource       TEXT NOT NULL,
    environment_id INTEGER REFERENCES environments (id),
    -- JSON objects of what differs, without secrets; NULL where there was or is nothing.
    before         TEXT,
    after          TEXT
) STRICT;
