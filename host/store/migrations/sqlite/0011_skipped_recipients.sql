-- Recipients that the triggers of an event left out because they are not identified; NULL when there are none.
ALTER TABLE event_logs ADD COLUMN skipped_recipients INTEGER;

CREATE INDEX event_logs_skipped ON event_logs (source_environment_id, id, skipped_recipients)
    WHERE skipped_recipients IS NOT NULL;

-- Warnings about an action that was not in error, a JSON array; NULL when there are none.
ALTER TABLE action_logs ADD COLUMN warnings TEXT;
