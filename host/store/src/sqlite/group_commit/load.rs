//! Loading the idempotency records, recipients and their relations that the jobs of a group need to be settled.

use std::sync::LazyLock;

use inlet_core::{
    audience::Membership,
    idempotency::RecordId,
    recipient::RecipientKey,
    world::{Needs, World},
};

use super::load_open_runs::{self, WantedRuns};
use crate::sqlite::{
    error::SqliteError,
    idempotency::Probes,
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
    },
};

// CROSS JOIN fixes the order: one look-up in the unique index for each wanted recipient.
static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, collection, id, with_properties) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number, CASE WHEN with_properties = 1 THEN properties END, coalesce(as_of_ms, updated_at_ms)
           FROM wanted CROSS JOIN recipients USING (environment_id, collection, id)",
    )
});

// `+ 0` keeps PostgreSQL from joining subscribers and objects by their environment, which both have in common with `wanted`.
static SUBSCRIPTIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, object_collection, object_id, recipient_collection, recipient_id) AS (VALUES",
        "(#, ?, ?, ?, ?, ?)",
        ") SELECT number FROM wanted
               CROSS JOIN recipients AS objects ON objects.environment_id = wanted.environment_id
                   AND objects.collection = object_collection AND objects.id = object_id
               CROSS JOIN recipients AS subscribers ON subscribers.environment_id = wanted.environment_id + 0
                   AND subscribers.collection = recipient_collection AND subscribers.id = recipient_id
               CROSS JOIN subscriptions ON subscriptions.environment_id = wanted.environment_id
                   AND object_seq = objects.seq AND recipient_seq = subscribers.seq",
    )
});

static MEMBERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, audience, user_id, tenant) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number FROM wanted
               CROSS JOIN recipients ON recipients.environment_id = wanted.environment_id
                   AND collection = '$users' AND recipients.id = user_id
               LEFT JOIN audience_tenants ON audience_tenants.environment_id = wanted.environment_id
                   AND audience_tenants.tenant = wanted.tenant
               CROSS JOIN audience_members ON audience_members.environment_id = wanted.environment_id
                   AND audience_members.audience = wanted.audience AND user_seq = seq
                   AND tenant_id = CASE WHEN wanted.tenant IS NULL THEN 0 ELSE audience_tenants.id END",
    )
});

/// The keys to look up. They are lists, because a found row says by its number which key it belongs to.
pub(crate) struct Wanted<'n> {
    records: Vec<RecordId>,
    probes: Probes,
    recipients: Vec<((i64, &'n RecipientKey), bool)>,
    subscriptions: Vec<(i64, &'n RecipientKey, &'n RecipientKey)>,
    members: Vec<(i64, &'n Membership)>,
    open_runs: WantedRuns<'n>,
}

impl<'n> Wanted<'n> {
    pub(crate) fn of(needs: &Needs<'n>, probe: impl FnOnce(&[RecordId]) -> Probes) -> Self {
        let records: Vec<RecordId> = needs.records.iter().copied().collect();
        Self {
            probes: probe(&records),
            records,
            recipients: needs.recipients.iter().map(|(key, properties)| (*key, *properties)).collect(),
            subscriptions: needs.subscriptions.iter().copied().collect(),
            members: needs.members.iter().copied().collect(),
            open_runs: WantedRuns::of(needs),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.recipients.is_empty()
            && self.subscriptions.is_empty()
            && self.members.is_empty()
            && self.open_runs.is_empty()
    }
}

/// Loads the wanted rows.
pub(crate) async fn load(statements: &mut StatementRunner<'_>, wanted: Wanted<'_>) -> Result<World, SqliteError> {
    let mut world = World::default();
    for (id, record) in wanted.probes.find(statements, &wanted.records).await? {
        world.load_record(id, record);
    }
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let ((environment, key), _) = wanted.recipients[offset + number];
        world.load_recipient(environment, key.clone(), row.optional_text(1)?.map(str::to_owned), row.int(2)?);
        Ok(())
    };
    statements.find(&RECIPIENTS, &wanted.recipients, bind_recipient, found).await?;
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let (environment, object, recipient) = wanted.subscriptions[offset + number];
        world.load_subscription(environment, object.clone(), recipient.clone());
        Ok(())
    };
    statements.find(&SUBSCRIPTIONS, &wanted.subscriptions, bind_subscription, found).await?;
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let (environment, membership) = wanted.members[offset + number];
        world.load_member(environment, membership.clone());
        Ok(())
    };
    statements.find(&MEMBERS, &wanted.members, bind_member, found).await?;
    load_open_runs::load(statements, &wanted.open_runs, &mut world).await?;
    Ok(world)
}

fn bind_recipient<'v>(row: &mut Row<'v>, ((environment, key), with_properties): &'v ((i64, &RecipientKey), bool)) {
    row.int(*environment).text(&key.collection).text(&key.id).int(i64::from(*with_properties));
}

fn bind_subscription<'v>(row: &mut Row<'v>, (environment, object, recipient): &'v (i64, &RecipientKey, &RecipientKey)) {
    row.int(*environment).text(&object.collection).text(&object.id).text(&recipient.collection).text(&recipient.id);
}

fn bind_member<'v>(row: &mut Row<'v>, (environment, membership): &'v (i64, &Membership)) {
    row.int(*environment).text(&membership.audience).text(&membership.user).optional_text(membership.tenant.as_deref());
}
