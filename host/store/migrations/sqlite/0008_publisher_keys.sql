-- Whose plugins are signed with which key: a publisher's first signed plugin says, and later ones must be signed with it.
CREATE TABLE publisher_keys (
    -- What is before the slash of a plugin's key.
    publisher      TEXT PRIMARY KEY,
    -- Ed25519.
    public_key     BLOB NOT NULL CHECK (length(public_key) = 32),
    inserted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
