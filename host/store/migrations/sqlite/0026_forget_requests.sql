-- Requests to forget a user. A row stays as the report; it names the user only until the walks over the tables are done.
CREATE TABLE forget_requests (
    environment_id  INTEGER NOT NULL REFERENCES environments (id),
    id              BLOB NOT NULL,
    -- A keyed hash of the user's id.
    user_hash       BLOB NOT NULL,
    -- Both NULL once the walks are done.
    user_id         TEXT,
    email           TEXT,
    -- The row that the user had among the recipients; NULL once its subscriptions and memberships are deleted.
    user_seq        INTEGER,
    requested_at_ms INTEGER NOT NULL,
    -- The id at which the walks end; NULL until they have passed what was stored before the request.
    goal            BLOB,
    -- A JSON object: the last id that each walk passed.
    positions       TEXT NOT NULL,
    -- A JSON object: how much was removed of what.
    counts          TEXT NOT NULL,
    completed_at_ms INTEGER,
    PRIMARY KEY (environment_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX forget_requests_of_user ON forget_requests (environment_id, user_hash, id);
CREATE INDEX forget_requests_open ON forget_requests (id) WHERE completed_at_ms IS NULL;

-- Takes the free pages of the file for a while, so that they are overwritten with zeros.
CREATE TABLE overwritten_pages (
    zeros BLOB NOT NULL
) STRICT;
