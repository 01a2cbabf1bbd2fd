-- Finds what a trigger's recipients have of its event when a user is forgotten. Most rows have nothing and are not in it.
CREATE INDEX parked_recipients_of_event ON parked_recipients (environment_id, event_id)
    WHERE trigger_data IS NOT NULL OR run_id IS NOT NULL;
