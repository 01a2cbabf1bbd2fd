-- Sessions of the dashboard. A session is found by the hash of its cookie, and is good on every node.
CREATE TABLE sessions (
    -- SHA-256 of the cookie.
    id              BLOB PRIMARY KEY,
    -- The management token that it was begun with; NULL: the one that the server was started with.
    token_id        INTEGER,
    -- SHA-256 of the cookie and the token's hash. A token that has become another one ends the session.
    proof           BLOB NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that sign in once.
CREATE TABLE sign_in_links (
    -- SHA-256 of the code.
    id            BLOB PRIMARY KEY,
    token_id      INTEGER,
    -- SHA-256 of the code and the token's hash.
    proof         BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
