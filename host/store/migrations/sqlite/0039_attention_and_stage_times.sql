-- The open entries of a source environment in the order of their events: the list of what needs attention.
CREATE INDEX attention_open ON attention (source_environment_id, event_id) WHERE open = 1;

-- The times that the stages of an event's request took, packed into one integer; NULL for an event that no request brought.
ALTER TABLE event_logs ADD COLUMN stage_times INTEGER;
