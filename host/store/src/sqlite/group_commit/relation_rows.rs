//! Writing subscriptions and memberships. Both refer to recipients by `seq`, so recipients are written before.

use std::sync::LazyLock;

use inlet_core::{
    effect::{MemberChange, RelationChanges, SubscriptionChange},
    recipient::{RecipientKey, TENANTS},
};

use crate::sqlite::{
    error::SqliteError,
    statements::{multi_row::MultiRow, row::Row, runner::StatementRunner},
};

// CROSS JOIN fixes the order in all of them: look-ups in the unique index of recipients for each row. `+ 0` keeps PostgreSQL from
// joining subscribers and objects by their environment, which both have in common with `given`.

static SUBSCRIBED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH given (environment_id, object_collection, object_id, recipient_collection, recipient_id, now_ms, properties)
             AS (VALUES",
        "(?, ?, ?, ?, ?, ?, ?)",
        ") INSERT INTO subscriptions
               (environment_id, object_seq, recipient_seq, created_at_ms, updated_at_ms, properties)
           SELECT given.environment_id, objects.seq, subscribers.seq, now_ms, now_ms, given.properties
           FROM given
               CROSS JOIN recipients AS objects ON objects.environment_id = given.environment_id
                   AND objects.collection = object_collection AND objects.id = object_id
               CROSS JOIN recipients AS subscribers ON subscribers.environment_id = given.environment_id + 0
                   AND subscribers.collection = recipient_collection AND subscribers.id = recipient_id
           WHERE true
           ON CONFLICT (environment_id, object_seq, recipient_seq) DO UPDATE SET
               updated_at_ms = excluded.updated_at_ms, properties = excluded.properties",
    )
});

static UNSUBSCRIBED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "DELETE FROM subscriptions WHERE (environment_id, object_seq, recipient_seq) IN (
             WITH given (environment_id, object_collection, object_id, recipient_collection, recipient_id) AS (VALUES",
        "(?, ?, ?, ?, ?)",
        ") SELECT given.environment_id, objects.seq, subscribers.seq
           FROM given
               CROSS JOIN recipients AS objects ON objects.environment_id = given.environment_id
                   AND objects.collection = object_collection AND objects.id = object_id
               CROSS JOIN recipients AS subscribers ON subscribers.environment_id = given.environment_id + 0
                   AND subscribers.collection = recipient_collection AND subscribers.id = recipient_id)",
    )
});

static TENANTS_OF_MEMBERS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("audience_tenants", "environment_id, tenant", "ON CONFLICT DO NOTHING"));

static MEMBERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH given (environment_id, audience, user_id, tenant, now_ms) AS (VALUES",
        "(?, ?, ?, ?, ?)",
        ") INSERT INTO audience_members (environment_id, audience, user_seq, tenant_id, created_at_ms)
           SELECT given.environment_id, audience, seq, coalesce(audience_tenants.id, 0), now_ms
           FROM given
               CROSS JOIN recipients ON recipients.environment_id = given.environment_id
                   AND collection = '$users' AND recipients.id = user_id
               LEFT JOIN audience_tenants ON audience_tenants.environment_id = given.environment_id
                   AND audience_tenants.tenant = given.tenant
           WHERE true
           ON CONFLICT DO NOTHING",
    )
});

static FORMER_MEMBERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "DELETE FROM audience_members WHERE (environment_id, audience, user_seq, tenant_id) IN (
             WITH given (environment_id, audience, user_id, tenant) AS (VALUES",
        "(?, ?, ?, ?)",
        ") SELECT given.environment_id, audience, seq,
               CASE WHEN tenant IS NULL THEN 0 ELSE (
                   SELECT audience_tenants.id FROM audience_tenants
                   WHERE audience_tenants.environment_id = given.environment_id
                       AND audience_tenants.tenant = given.tenant) END
           FROM given
               CROSS JOIN recipients ON recipients.environment_id = given.environment_id
                   AND collection = '$users' AND recipients.id = user_id)",
    )
});

static DELETED_TENANTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "UPDATE audience_tenants SET tenant = '#' || CAST(id AS TEXT)
         WHERE id IN (WITH deleted (environment_id, tenant) AS (VALUES",
        "(?, ?)",
        ") SELECT id FROM deleted CROSS JOIN audience_tenants USING (environment_id, tenant))",
    )
});

/// Takes the memberships of deleted tenants out of sight; a job removes them. Goes before the new memberships.
pub(super) async fn delete_tenants(
    statements: &mut StatementRunner<'_>,
    deleted: &[(i64, &RecipientKey)],
) -> Result<(), SqliteError> {
    let tenants: Vec<_> = deleted.iter().filter(|(_, key)| key.collection == TENANTS).copied().collect();
    statements
        .write(&DELETED_TENANTS, &tenants, |row, (environment, key)| _ = row.int(*environment).text(&key.id))
        .await
}

pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    changes: &RelationChanges<'_>,
    now_ms: i64,
) -> Result<(), SqliteError> {
    // Most groups have none.
    if changes.subscriptions.is_empty() && changes.members.is_empty() {
        return Ok(());
    }
    let (subscribed, unsubscribed): (Vec<SubscriptionChange<'_>>, Vec<SubscriptionChange<'_>>) =
        changes.subscriptions.iter().copied().partition(|change| change.properties.is_some());
    statements.write(&UNSUBSCRIBED, &unsubscribed, bind_pair).await?;
    statements
        .write(&SUBSCRIBED, &subscribed, |row, change| {
            bind_pair(row, change);
            row.int(now_ms).optional_text(change.properties.map(|properties| &**properties));
        })
        .await?;
    let (added, removed): (Vec<MemberChange<'_>>, Vec<MemberChange<'_>>) =
        changes.members.iter().copied().partition(|change| change.is_member);
    let with_tenant: Vec<_> =
        added.iter().filter_map(|change| Some((change.environment, change.membership.tenant.as_deref()?))).collect();
    statements
        .write(&TENANTS_OF_MEMBERS, &with_tenant, |row, (environment, tenant)| _ = row.int(*environment).text(tenant))
        .await?;
    statements.write(&FORMER_MEMBERS, &removed, bind_member).await?;
    statements
        .write(&MEMBERS, &added, |row, change| {
            bind_member(row, change);
            row.int(now_ms);
        })
        .await
}

fn bind_pair<'v>(row: &mut Row<'v>, change: &SubscriptionChange<'v>) {
    let SubscriptionChange { environment, object, recipient, .. } = *change;
    row.int(environment).text(&object.collection).text(&object.id).text(&recipient.collection).text(&recipient.id);
}

fn bind_member<'v>(row: &mut Row<'v>, change: &MemberChange<'v>) {
    let MemberChange { environment, membership, .. } = *change;
    row.int(environment).text(&membership.audience).text(&membership.user).optional_text(membership.tenant.as_deref());
}
