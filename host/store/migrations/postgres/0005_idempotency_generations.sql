-- Idempotency records by generation. A tree ordered by the hash alone is touched at a random place for each record, and PostgreSQL logs
-- the whole page when it is touched first after a checkpoint. Here all records are written into the newest generation, which is
-- small; a filter in the memory of the servers says which of the earlier ones may have a key.
-- Records of the table `idempotency` count until they expire.
CREATE TABLE idempotency_records (
    generation    BIGINT NOT NULL,
    -- A keyed hash of the idempotency key.
    hash          BYTEA  NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    value         BYTEA  NOT NULL,
    PRIMARY KEY (generation, hash)
);

-- The greatest number is that of the generation into which records are written. Only an operation that holds the locks of all
-- environments begins a generation.
CREATE TABLE idempotency_generations (
    number          BIGINT PRIMARY KEY,
    began_at_ms     BIGINT NOT NULL,
    -- The time at which most of the records have expired, and the rest is moved. NULL while there is no filter.
    mostly_until_ms BIGINT,
    -- Says which hashes are not in the generation. NULL while records are written into it, and until it was made.
    filter          BYTEA
);

-- Random bits are not worth the time that compressing them takes.
ALTER TABLE idempotency_generations ALTER COLUMN filter SET STORAGE EXTERNAL;

-- Nothing reads it.
DROP INDEX idempotency_by_end;

-- The newest version of the schema that a server knows. Servers of the version before do not write it.
ALTER TABLE nodes ADD COLUMN schema_version BIGINT NOT NULL DEFAULT 4;

-- Begins the transaction of a group of events: locks its environments, notes its number, and returns what other servers may have
-- changed. `generation` is 0 while records are written into the table `idempotency`.
CREATE FUNCTION begin_group(
    of_environments BIGINT[], writer BYTEA, number BIGINT,
    OUT now_us BIGINT, OUT nonce_horizon_ms BIGINT, OUT version TEXT, OUT waiting TEXT, OUT partitions_until_ms BIGINT,
    OUT generation BIGINT
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM environments WHERE id = ANY (of_environments) ORDER BY id FOR NO KEY UPDATE;
    now_us := extract(epoch FROM clock_timestamp()) * 1000000;
    UPDATE writers SET transaction_number = begin_group.number, seen_at_ms = now_us / 1000 WHERE id = writer;
    IF NOT FOUND THEN
        INSERT INTO writers (id, transaction_number, started_at_ms) VALUES (writer, begin_group.number, now_us / 1000);
    END IF;
    nonce_horizon_ms := (SELECT until_ms FROM nonce_horizon);
    version := (SELECT encode(id, 'hex') FROM changes ORDER BY id DESC LIMIT 1);
    -- By environment, of those in which recipients are waited for.
    waiting := (SELECT coalesce(string_agg(environment_id || ' ' || parked_totals.waiting, ','), '')
                FROM parked_totals WHERE parked_totals.waiting > 0 AND environment_id = ANY (of_environments));
    partitions_until_ms := (SELECT max(until_ms) FROM log_partitions);
    generation := (SELECT coalesce(max(generations.number), 0) FROM idempotency_generations AS generations);
END $$;

-- For servers of the version before, which know no generations: once there is one, they would carry out again what is recorded in it.
CREATE OR REPLACE FUNCTION begin_group(
    of_environments BIGINT[], refused BIGINT[], writer BYTEA, number BIGINT,
    OUT now_us BIGINT, OUT nonce_horizon_ms BIGINT, OUT version TEXT, OUT waiting TEXT, OUT partitions_until_ms BIGINT
) LANGUAGE plpgsql AS $$
DECLARE
    begun RECORD;
BEGIN
    IF refused <> '{}' THEN
        of_environments := of_environments || ARRAY(SELECT environment_id FROM source_environments WHERE id = ANY (refused));
    END IF;
    begun := begin_group(of_environments, writer, number);
    IF begun.generation > 0 THEN
        RAISE EXCEPTION 'the other servers are of a newer version, which stores idempotency keys elsewhere; upgrade this one';
    END IF;
    now_us := begun.now_us;
    nonce_horizon_ms := begun.nonce_horizon_ms;
    version := begun.version;
    waiting := begun.waiting;
    partitions_until_ms := begun.partitions_until_ms;
END $$;

-- Where no server is alive, all that come know generations. Otherwise the first one begins when no server of the version before is left.
INSERT INTO idempotency_generations (number, began_at_ms)
    SELECT 1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT
    WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE leased_until_ms > (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT);
