-- The rows of writers that are gone are removed, so it is known when a writer was last there: at its last group, or when its
-- server last said that it is alive. By the database's clock.
ALTER TABLE writers ADD COLUMN seen_at_ms BIGINT NOT NULL
    DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT;

-- As before, and a writer whose row was removed while its server was cut off gets it again: in its own transaction, so that the row
-- tells whether that was committed.
CREATE OR REPLACE FUNCTION begin_group(
    of_environments BIGINT[], refused BIGINT[], writer BYTEA, number BIGINT,
    OUT now_us BIGINT, OUT nonce_horizon_ms BIGINT, OUT version TEXT, OUT waiting TEXT, OUT partitions_until_ms BIGINT
) LANGUAGE plpgsql AS $$
BEGIN
    IF refused <> '{}' THEN
        of_environments := of_environments || ARRAY(SELECT environment_id FROM source_environments WHERE id = ANY (refused));
    END IF;
    PERFORM 1 FROM environments WHERE id = ANY (of_environments) ORDER BY id FOR NO KEY UPDATE;
    now_us := extract(epoch FROM clock_timestamp()) * 1000000;
    UPDATE writers SET transaction_number = number, seen_at_ms = now_us / 1000 WHERE id = writer;
    IF NOT FOUND THEN
        INSERT INTO writers (id, transaction_number, started_at_ms) VALUES (writer, number, now_us / 1000);
    END IF;
    nonce_horizon_ms := (SELECT until_ms FROM nonce_horizon);
    version := (SELECT encode(id, 'hex') FROM changes ORDER BY id DESC LIMIT 1);
    -- By environment, of those in which recipients are waited for.
    waiting := (SELECT coalesce(string_agg(environment_id || ' ' || parked_totals.waiting, ','), '')
                FROM parked_totals WHERE parked_totals.waiting > 0 AND environment_id = ANY (of_environments));
    partitions_until_ms := (SELECT max(until_ms) FROM log_partitions);
END $$;
