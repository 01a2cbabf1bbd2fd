-- A deleted environment stays as an empty row under a slug that no environment can have: its large tables are emptied in
-- slices, and its id is not given to another.
ALTER TABLE environments ADD COLUMN deleted_at_ms INTEGER;
