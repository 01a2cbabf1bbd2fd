-- What servers that share the database keep in memory, and tell each other.

-- The plugins that a server has put into quarantine. A row is deleted when the quarantine ends, or a day
-- after it began if the source environment does not use the plugin any more.
CREATE TABLE quarantines (
    source_environment_id BIGINT           NOT NULL,
    -- The plugin's.
    digest                TEXT COLLATE "C" NOT NULL,
    since_ms              BIGINT           NOT NULL,
    -- The faults, and the calls, in the window that began it.
    faults                BIGINT           NOT NULL,
    calls                 BIGINT           NOT NULL,
    PRIMARY KEY (source_environment_id, digest)
);

-- The requests that led to no endpoint, by cause. A row is deleted when an operator acknowledges them.
CREATE TABLE unrouted_requests (
    cause   TEXT COLLATE "C" PRIMARY KEY,
    -- The answer that they got.
    message TEXT COLLATE "C" NOT NULL,
    count   BIGINT           NOT NULL,
    last_ms BIGINT           NOT NULL
);
