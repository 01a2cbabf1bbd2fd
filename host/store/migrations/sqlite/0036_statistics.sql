-- Counts of events and times of stages, for charts: by the minute for two days, by the hour for as long as logs are kept.
CREATE TABLE statistics (
    source_environment_id INTEGER NOT NULL REFERENCES source_environments (id),
    -- 0: events by outcome; 1: requests by stage and time.
    series                INTEGER NOT NULL,
    -- The seconds that a row stands for: 60 or 3600.
    step_s                INTEGER NOT NULL,
    -- The begin, in seconds since 1970.
    at_s                  INTEGER NOT NULL,
    -- Series 0: the code of the outcome, or -1 for refused requests. Series 1: the stage times 64, plus the bucket of the time.
    measure               INTEGER NOT NULL,
    count                 INTEGER NOT NULL,
    PRIMARY KEY (source_environment_id, series, step_s, at_s, measure)
) STRICT, WITHOUT ROWID;
