-- The same signed bytes again are answered with the events of the first time.

-- The ids of the events, 16 bytes each; empty: an earlier version wrote the row.
ALTER TABLE nonces ADD COLUMN event_ids BLOB NOT NULL DEFAULT x'';
-- Whether `expires_at_ms` was computed from a signed time.
ALTER TABLE nonces ADD COLUMN signs_time INTEGER NOT NULL DEFAULT 1;

-- The latest `expires_at_ms` of a deleted nonce whose time is signed. A request whose nonce would not outlive it may have
-- been taken before; it can only arrive after the clock went back, and is refused.
CREATE TABLE nonce_horizon (
    until_ms INTEGER NOT NULL
) STRICT;

INSERT INTO nonce_horizon (until_ms) VALUES (0);

-- How often the same signed bytes came again, by the first event of the first time.
CREATE TABLE resends (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id) ON DELETE CASCADE,
    event_id              BLOB NOT NULL,
    count                 INTEGER NOT NULL,
    last_at_ms            INTEGER NOT NULL,
    PRIMARY KEY (source_environment_id, event_id)
) STRICT, WITHOUT ROWID;

-- A replay is what an operator asks for.
UPDATE refused_requests SET cause = 'reused' WHERE cause = 'replayed';

-- A sentence about this request, where the cause alone does not say enough.
ALTER TABLE refused_requests ADD COLUMN reason TEXT;
