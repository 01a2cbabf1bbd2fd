-- Subscriptions and memberships name recipients by `seq`. A deleted recipient that has any stays as an empty row in the
-- collection '#deleted', which no collection can be called, until a job has removed them: its `seq` is given to no other,
-- and nobody sees them from the deletion on.

CREATE TABLE subscriptions (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    object_seq     INTEGER NOT NULL,
    recipient_seq  INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    -- A JSON object or null.
    properties     TEXT NOT NULL,
    PRIMARY KEY (environment_id, object_seq, recipient_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscriptions_of_recipient ON subscriptions (environment_id, recipient_seq);

-- The tenants that memberships name; they need not be identified. The row of a deleted tenant is renamed to its id, with
-- a '#', which no tenant's id can hold.
CREATE TABLE audience_tenants (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    tenant         TEXT NOT NULL,
    UNIQUE (environment_id, tenant)
) STRICT;

-- `tenant_id` is 0 for a member without a tenant.
CREATE TABLE audience_members (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    audience       TEXT NOT NULL,
    user_seq       INTEGER NOT NULL,
    tenant_id      INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (environment_id, audience, user_seq, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX audience_members_of_user ON audience_members (environment_id, user_seq);
CREATE INDEX audience_members_of_tenant ON audience_members (environment_id, tenant_id) WHERE tenant_id <> 0;

-- The time at which the run was canceled and the event that did it; NULL while it is not. `canceled_recipients` counts
-- those that were canceled one by one.
ALTER TABLE workflow_runs ADD COLUMN canceled_at_ms INTEGER;
ALTER TABLE workflow_runs ADD COLUMN canceled_by BLOB;
ALTER TABLE workflow_runs ADD COLUMN canceled_recipients INTEGER NOT NULL DEFAULT 0;

CREATE INDEX workflow_runs_open ON workflow_runs (environment_id, workflow, cancellation_key, id)
    WHERE cancellation_key IS NOT NULL AND canceled_at_ms IS NULL;

-- 1 if the run has a cancellation key, so that only such recipients are indexed.
ALTER TABLE workflow_run_recipients ADD COLUMN is_cancelable INTEGER;
ALTER TABLE workflow_run_recipients ADD COLUMN canceled_at_ms INTEGER;
ALTER TABLE workflow_run_recipients ADD COLUMN canceled_by BLOB;

UPDATE workflow_run_recipients SET is_cancelable = 1
WHERE run_id IN (SELECT id FROM workflow_runs WHERE cancellation_key IS NOT NULL);

CREATE INDEX workflow_run_recipients_open ON workflow_run_recipients (run_id, id)
    WHERE is_cancelable IS NOT NULL AND canceled_at_ms IS NULL;

-- Cancellations that found more runs than a transaction takes. A job cancels the runs between two ids in slices.
CREATE TABLE cancellations (
    id               INTEGER PRIMARY KEY,
    environment_id   INTEGER NOT NULL REFERENCES environments (id),
    workflow         TEXT NOT NULL,
    cancellation_key TEXT NOT NULL,
    -- A JSON array of [collection, id], the collection null for a user; NULL for all recipients.
    recipients       TEXT,
    event            BLOB NOT NULL,
    after_run        BLOB NOT NULL,
    before_run       BLOB NOT NULL
) STRICT;
