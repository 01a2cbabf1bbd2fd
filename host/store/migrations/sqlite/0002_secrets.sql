-- Secrets are sealed: signing secrets and endpoint tokens are blobs that only the master key opens. SQL cannot seal, so
-- what is there in clear text is set aside; the store seals it right after the migrations, drops that table, and
-- rewrites the file (sqlite/sealing.rs). Foreign keys are off while migrations run.

CREATE TABLE clear_secrets (
    source_environment_id INTEGER PRIMARY KEY,
    token                 TEXT NOT NULL,
    signing_secret        TEXT
) STRICT;

INSERT INTO clear_secrets SELECT id, token, signing_secret FROM source_environments;

-- A unique column cannot be dropped, so the table is made anew.
CREATE TABLE new_source_environments (
    id                               INTEGER PRIMARY KEY,
    source_id                        INTEGER NOT NULL REFERENCES sources (id),
    environment_id                   INTEGER NOT NULL REFERENCES environments (id),
    settings                         TEXT NOT NULL,
    -- Sealed, as is the one that it replaced, which is good until then.
    signing_secret                   BLOB,
    previous_signing_secret          BLOB,
    previous_signing_secret_until_ms INTEGER,
    scheme                           TEXT,
    version                          INTEGER NOT NULL,
    updated_at_ms                    INTEGER NOT NULL,
    UNIQUE (source_id, environment_id)
) STRICT;

INSERT INTO new_source_environments (id, source_id, environment_id, settings, scheme, version, updated_at_ms)
SELECT id, source_id, environment_id, settings, scheme, version, updated_at_ms FROM source_environments;

DROP TABLE source_environments;
ALTER TABLE new_source_environments RENAME TO source_environments;

-- The tokens under which a source environment is reached, by their SHA-256. One is current and is kept sealed, to be
-- shown; those before it are good until their time, and nothing of them is kept but the hash.
CREATE TABLE endpoint_tokens (
    hash                  BLOB PRIMARY KEY,
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    sealed                BLOB,
    until_ms              INTEGER,
    CHECK ((sealed IS NULL) = (until_ms IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX current_endpoint_tokens ON endpoint_tokens (source_environment_id) WHERE until_ms IS NULL;
CREATE INDEX endpoint_tokens_of_source_environment ON endpoint_tokens (source_environment_id);
