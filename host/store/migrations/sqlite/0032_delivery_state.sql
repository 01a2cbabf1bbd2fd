-- How long a target has been failing, over restarts, by the store's time. It begins again whenever the state changes.
-- The first failure since the last success; NULL if it works.
ALTER TABLE targets ADD COLUMN failing_since_ms INTEGER;
-- The failures since then; those beyond what a decision needs are not counted.
ALTER TABLE targets ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
-- The share of the time after which it is disabled at which its operator was warned last, in percent; 0 if not at all.
ALTER TABLE targets ADD COLUMN warned_percent INTEGER NOT NULL DEFAULT 0;
-- The time of the last warning, of this failing or of one before it.
ALTER TABLE targets ADD COLUMN warned_at_ms INTEGER;

-- What became of each recipient of a run is read from the deliveries that have it.
DROP INDEX deliveries_of_run;
CREATE INDEX deliveries_of_run ON deliveries (run_id, first_recipient);

-- Wholly canceled runs that have more deliveries than a transaction cancels. A job cancels the rest of them.
CREATE TABLE canceled_run_deliveries (
    id              INTEGER PRIMARY KEY,
    environment_id  INTEGER NOT NULL REFERENCES environments (id),
    run_id          BLOB NOT NULL,
    -- The event that canceled the run.
    event           BLOB NOT NULL,
    -- The delivery that was canceled last, by its first recipient and its number; -1 before the first one.
    after_recipient INTEGER NOT NULL,
    after_seq       INTEGER NOT NULL
) STRICT;
