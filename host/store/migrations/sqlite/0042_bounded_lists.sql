-- The lists of a target's deliveries, and what an operator does with those of one status, read nothing of other targets.
CREATE INDEX deliveries_of_target ON deliveries (target_id, status, id);

-- The deliveries of an event, of every status.
DROP INDEX deliveries_dead;
CREATE INDEX deliveries_of_event ON deliveries (source_event, id);

-- The changes of an environment, for a token that is good for some environments only.
CREATE INDEX changes_of_environment ON changes (environment_id, id);

-- The runs of an event.
CREATE INDEX workflow_runs_of_event ON workflow_runs (source_event, id);
