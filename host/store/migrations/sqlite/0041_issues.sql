-- Failures grouped by cause. At most a thousand of an environment, and fifty of one stage and place, have a row of their own.
CREATE TABLE issues (
    -- A hash of the cause: place, stage, code and what is to blame.
    id                    BLOB PRIMARY KEY,
    environment_id        INTEGER NOT NULL REFERENCES environments (id),
    -- One of these two.
    source_environment_id INTEGER REFERENCES source_environments (id),
    target_id             INTEGER,
    -- 0 verify, 1 translate, 2 read, 3 act, 4 deliver.
    stage                 INTEGER NOT NULL,
    code                  TEXT NOT NULL,
    -- What is to blame: a mapping, or the type of an action without one.
    mapping               BLOB,
    action                TEXT,
    -- The plugin of the last failure.
    plugin_id             INTEGER,
    -- 0 open, 1 acknowledged, 2 muted, 3 resolved.
    state                 INTEGER NOT NULL,
    state_since_ms        INTEGER NOT NULL,
    -- NULL: muted for good, or not muted.
    muted_until_ms        INTEGER,
    count                 INTEGER NOT NULL,
    first_seen_ms         INTEGER NOT NULL,
    last_seen_ms          INTEGER NOT NULL,
    reopened              INTEGER NOT NULL,
    -- The first and the last log entry, or refused request.
    first_entry           BLOB NOT NULL,
    last_entry            BLOB NOT NULL,
    -- Up to this entry an operator knows of the failures, so that they need no attention. NULL: of none.
    known_up_to           BLOB,
    -- Up to this entry the server does not even try again by itself.
    acknowledged_up_to    BLOB,
    -- 1 while entries up to `known_up_to` may still be marked as needing attention.
    is_clearing           INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX issues_of_environment ON issues (environment_id, state, last_entry);
CREATE INDEX issues_of_place ON issues (source_environment_id, stage, code);
CREATE INDEX issues_to_clear ON issues (id) WHERE is_clearing = 1;

-- The issue of an entry; NULL for entries of before there were issues.
ALTER TABLE attention ADD COLUMN issue_id BLOB;
CREATE INDEX attention_by_issue ON attention (issue_id, event_id) WHERE open = 1 AND issue_id IS NOT NULL;
