-- The settings of a run that an API call triggered, a JSON object; null if it had none.
ALTER TABLE workflow_runs ADD COLUMN settings TEXT;
