-- Idempotency records in the order in which they are written. A tree ordered by the hash of the key costs a page for each
-- record; here a page takes fifty. The newest records are found in memory, the others by the index of their segment.
-- Records of the table `idempotency`, which earlier versions wrote, count until they expire.
CREATE TABLE idempotency_records (
    number        INTEGER PRIMARY KEY,
    hash          BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    value         BLOB NOT NULL
) STRICT;

-- A range of records that is found by an index.
CREATE TABLE idempotency_segments (
    id              INTEGER PRIMARY KEY,
    first_number    INTEGER NOT NULL,
    last_number     INTEGER NOT NULL,
    buckets         INTEGER NOT NULL,
    -- The time at which most of the records have expired, and the rest is moved.
    mostly_until_ms INTEGER NOT NULL,
    -- Says which hashes are not in the segment; it is kept in memory.
    filter          BLOB NOT NULL
) STRICT;

-- The index of a segment: its hashes by their first bits. The id is the segment's times 65,536 plus the bucket.
CREATE TABLE idempotency_buckets (
    id      INTEGER PRIMARY KEY,
    -- For each record the first four bytes of its hash, and its number less the segment's first, little-endian.
    entries BLOB NOT NULL
) STRICT;
