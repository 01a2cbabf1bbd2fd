-- A partial index, so that nothing but the lists by age can use it. A look-up of one recipient names the same first columns and
-- no `seq`. As long as the table was not analyzed, PostgreSQL takes both indexes for equally good, and from this one it would
-- read every recipient of the collection. Lists have the condition `seq > 0`, which is true of every row.
DROP INDEX recipients_by_age;
CREATE INDEX recipients_by_age ON recipients (environment_id, collection, seq) WHERE seq > 0;
