-- The hidden source in whose log the calls of the recipients API are kept, in every environment. It has no endpoint, and
-- no source that an operator creates can have its key.
INSERT INTO sources (key, name, provider, created_at_ms, updated_at_ms)
    VALUES ('$api', 'Recipients API', '$api', unixepoch() * 1000, unixepoch() * 1000);

INSERT INTO source_environments (source_id, environment_id, settings, version, updated_at_ms)
    SELECT sources.id, environments.id, '{}', 1, unixepoch() * 1000
    FROM sources, environments
    WHERE sources.key = '$api' AND environments.deleted_at_ms IS NULL;
