-- Signed requests that were taken, as long as their own timestamp would let them in once more: a captured one is turned
-- away. Written in the transaction of what they said.
CREATE TABLE nonces (
    hash          BLOB PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
