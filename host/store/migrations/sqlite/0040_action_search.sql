-- The index over event logs knows actions too: it is made again, in the background. Until then, searches scan.
DELETE FROM log_search;
DELETE FROM log_segments;

-- A delivery is found by the id that its target gave to what it began.
CREATE INDEX deliveries_by_downstream_id ON deliveries (environment_id, downstream_id) WHERE downstream_id IS NOT NULL;
