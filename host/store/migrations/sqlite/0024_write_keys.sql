-- The write key of a source environment, sealed like its signing secret, and the one that it replaced.
ALTER TABLE source_environments ADD COLUMN write_key BLOB;
ALTER TABLE source_environments ADD COLUMN previous_write_key BLOB;
ALTER TABLE source_environments ADD COLUMN previous_write_key_until_ms INTEGER;
