-- Runs whose object recipients a background job expands into their subscribers. No table here has a foreign key: the job
-- removes the rows of a run that is gone.
CREATE TABLE expansions (
    environment_id INTEGER NOT NULL,
    run_id         BLOB NOT NULL,
    -- 0 to be begun, 1 under way, 2 ended and its other rows are being removed.
    state          INTEGER NOT NULL,
    -- The run's actor, who is left out; NULL if there is none.
    actor_collection TEXT,
    actor_id         TEXT,
    PRIMARY KEY (environment_id, run_id)
) STRICT, WITHOUT ROWID;

-- The objects whose subscribers are still to be read, in the order in which they became recipients.
CREATE TABLE expansion_objects (
    run_id     BLOB NOT NULL,
    -- The object's position among the run's recipients.
    ordinal    INTEGER NOT NULL,
    object_seq INTEGER NOT NULL,
    -- The last subscriber that was read, by its `seq`.
    after_seq  INTEGER NOT NULL,
    PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

-- The recipients that the run has, and those that it must not get, by their `seq`.
CREATE TABLE expansion_recipients (
    run_id        BLOB NOT NULL,
    recipient_seq INTEGER NOT NULL,
    PRIMARY KEY (run_id, recipient_seq)
) STRICT, WITHOUT ROWID;
