//! Loading the triggers that wait for the recipients that a group may identify.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, LazyLock},
};

use inlet_core::{
    parked::{MAX_RELEASED_AT_ONCE, ParkedTrigger, WaitingTrigger},
    recipient::RecipientKey,
    world::{Needs, World},
};
use uuid::Uuid;

use super::rows::read_targets;
use crate::sqlite::{
    caches::ParkedRecipients,
    error::SqliteError,
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
        uuids,
    },
};

/// The bytes of data of the triggers that are loaded for one recipient, about. One trigger is loaded in any case.
const MAX_BYTES: i64 = 1 << 20;
/// The bytes of data of the runs that one transaction creates for recipients that were waited for, about. One of them is
/// created in any case. A job creates the others.
const MAX_BYTES_OF_ALL: i64 = 16 << 20;

static SIZES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, collection, id) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT number, seq, octet_length(data) + coalesce(octet_length(trigger_data), 0)
           FROM wanted CROSS JOIN parked_recipients USING (environment_id, collection, id)
               CROSS JOIN parked_triggers USING (environment_id, event_id, mapping)
           WHERE state = 0 AND canceled = 0 ORDER BY number, event_id, mapping",
    )
});

static TRIGGERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, seq) AS (VALUES",
        "(#, ?)",
        ") SELECT number, event_id, mapping, trigger_data, workflow, actor, tenant, data, cancellation_key,
               targets
           FROM wanted CROSS JOIN parked_recipients USING (seq)
               CROSS JOIN parked_triggers USING (environment_id, event_id, mapping)",
    )
});

type Recipient<'n> = (i64, &'n RecipientKey);

/// Loads what the transaction of a group needs. Without a waiting trigger it costs nothing.
pub(super) async fn load_counted(
    statements: &mut StatementRunner<'_>,
    needs: &Needs<'_>,
    index: &ParkedRecipients,
    world: &mut World,
) -> Result<(), SqliteError> {
    if index.is_empty() {
        return Ok(());
    }
    if index.is_shared() {
        return load_of_environments(statements, needs, index, world).await;
    }
    let mut identified = Vec::new();
    for ((environment, key), with_properties) in &needs.recipients {
        let total = index.total(*environment);
        if total == 0 {
            continue;
        }
        let parked = world.load_parked(*environment);
        parked.load_total(total);
        let count = index.count(*environment, key);
        if count == 0 {
            continue;
        }
        parked.load_count((*key).clone(), count);
        // Only a recipient that is loaded with its properties can be identified.
        if *with_properties {
            identified.push((*environment, *key));
        }
    }
    load_triggers(statements, &identified, world).await?;
    Ok(())
}

/// Loads the same where only the totals of environments are known.
async fn load_of_environments(
    statements: &mut StatementRunner<'_>,
    needs: &Needs<'_>,
    index: &ParkedRecipients,
    world: &mut World,
) -> Result<(), SqliteError> {
    let mut recipients: Vec<Recipient<'_>> = Vec::new();
    for (environment, key) in needs.recipients.keys().copied() {
        let total = index.total(environment);
        if total > 0 {
            world.load_parked(environment).load_total(total);
            recipients.push((environment, key));
        }
    }
    for ((environment, key), count) in load_triggers(statements, &recipients, world).await? {
        world.load_parked(environment).load_count(key.clone(), count);
    }
    Ok(())
}

/// Loads what a rehearsal needs. It has no index.
pub(crate) async fn load_all(
    statements: &mut StatementRunner<'_>,
    needs: &Needs<'_>,
    world: &mut World,
) -> Result<(), SqliteError> {
    let recipients: Vec<Recipient<'_>> = needs.recipients.keys().copied().collect();
    for ((environment, key), count) in load_triggers(statements, &recipients, world).await? {
        world.load_parked(environment).load_count(key.clone(), count);
    }
    Ok(())
}

/// Loads the oldest triggers that wait for each recipient. Returns the number of all for each that has some.
async fn load_triggers<'n>(
    statements: &mut StatementRunner<'_>,
    recipients: &[Recipient<'n>],
    world: &mut World,
) -> Result<Vec<(Recipient<'n>, usize)>, SqliteError> {
    let mut sizes: Vec<(usize, i64, i64)> = Vec::new();
    let found = |offset: usize, row: &FoundRow<'_>| {
        sizes.push((offset + usize::try_from(row.int(0)?).unwrap_or_default(), row.int(1)?, row.int(2)?));
        Ok(())
    };
    statements.find(&SIZES, recipients, bind_recipient, found).await?;
    let mut wanted: Vec<(Recipient<'n>, i64)> = Vec::new();
    let mut counts = Vec::new();
    let mut bytes_of_all = 0;
    for of_recipient in sizes.chunk_by(|a, b| a.0 == b.0) {
        let Some(recipient) = of_recipient.first().and_then(|(at, ..)| recipients.get(*at)).copied() else { continue };
        counts.push((recipient, of_recipient.len()));
        let mut bytes = 0;
        for (number, (_, seq, size)) in of_recipient.iter().take(MAX_RELEASED_AT_ONCE).enumerate() {
            bytes += size;
            if number > 0 && bytes > MAX_BYTES || bytes_of_all > 0 && bytes_of_all + size > MAX_BYTES_OF_ALL {
                break;
            }
            bytes_of_all += size;
            wanted.push((recipient, *seq));
        }
    }
    let mut triggers: Vec<Option<WaitingTrigger>> = vec![None; wanted.len()];
    // Recipients of one trigger share its data.
    let mut known: HashMap<(Uuid, Uuid), Arc<ParkedTrigger>> = HashMap::new();
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = offset + usize::try_from(row.int(0)?).unwrap_or_default();
        if let Some(slot) = triggers.get_mut(number) {
            *slot = Some(read(row, &mut known)?);
        }
        Ok(())
    };
    statements.find(&TRIGGERS, &wanted, |row, (_, seq)| _ = row.int(*seq), found).await?;
    for (((environment, key), _), trigger) in wanted.iter().zip(triggers) {
        if let Some(trigger) = trigger {
            world.load_parked(*environment).load_trigger((*key).clone(), trigger);
        }
    }
    Ok(counts)
}

fn bind_recipient<'v>(row: &mut Row<'v>, (environment, key): &'v Recipient<'_>) {
    row.int(*environment).text(&key.collection).text(&key.id);
}

fn read(
    row: &FoundRow<'_>,
    known: &mut HashMap<(Uuid, Uuid), Arc<ParkedTrigger>>,
) -> Result<WaitingTrigger, SqliteError> {
    let text = |column| Ok::<_, SqliteError>(row.optional_text(column)?.map(str::to_owned));
    let (event, mapping) = (uuids::parse(1, row.blob(1)?)?, uuids::parse(2, row.blob(2)?)?);
    let trigger = match known.entry((event, mapping)) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(unknown) => {
            let trigger = ParkedTrigger {
                event,
                mapping: Some(mapping).filter(|mapping| !mapping.is_nil()),
                workflow: text(4)?.unwrap_or_default(),
                actor: text(5)?,
                tenant: text(6)?,
                data: text(7)?.unwrap_or_default().into(),
                cancellation_key: text(8)?,
                targets: row.optional_text(9)?.map(read_targets),
            };
            unknown.insert(Arc::new(trigger)).clone()
        }
    };
    Ok(WaitingTrigger { trigger_data: text(3)?, trigger })
}
