-- Leases of background jobs: a job is run by the owner of its lease, so that several nodes never run it at once.
CREATE TABLE job_leases (
    name            TEXT PRIMARY KEY,
    -- The owner that holds the lease, or held it last; NULL after a release.
    owner           TEXT,
    -- The fence: grows by one at each takeover and never shrinks.
    epoch           INTEGER NOT NULL,
    -- By this database's clock, in milliseconds since 1970.
    leased_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
