-- Which plugin a source environment had before, to go back to.

-- 'server': what the server comes with. Else as `plugin`; NULL: it never had another.
ALTER TABLE source_environments ADD COLUMN previous_plugin TEXT;
-- The verification template that was in force with it, JSON.
ALTER TABLE source_environments ADD COLUMN previous_scheme TEXT;
