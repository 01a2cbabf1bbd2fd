//! Bulk operations: up to a thousand operations of one type, accepted at once and carried out in the background.
//!
//! An accepted bulk operation is a row. It is worked off in chunks; a chunk's position is moved in the chunk's own
//! transaction, and only if it still stands where the chunk began: a process that is killed at any moment neither loses an
//! item nor carries one out twice.

use std::{sync::Arc, time::Duration};

use bytestring::ByteString;
use inlet_core::{
    Uuid,
    actions::BadMapping,
    json,
    subject::{FORGOTTEN, Subject},
};
use inlet_store::{BulkOperationRecord, BulkProgress, CommitError, CommitExtras, NewBulkOperation, ReadError};

use super::{Operation, OperationType, carry_out};
use crate::{Engine, replay::give_way};

/// The most items of one bulk operation.
pub const MAX_ITEMS: usize = 1000;
/// The most items of one chunk.
const CHUNK: usize = 100;
/// The most bytes of one chunk. One item is always taken.
const CHUNK_BYTES: usize = 1 << 20;
/// The pause after a chunk that could not be done.
const PAUSE: Duration = Duration::from_millis(500);

/// One item of a bulk operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkItem {
    /// The id of the user, object or tenant.
    pub id: String,
    /// The properties, a JSON object.
    pub body: String,
    /// The reason why it cannot be carried out, if that is known already.
    pub error: Option<String>,
}

/// Accepts a bulk operation; returns its id, or `None` if its environment has too many that have not ended.
pub async fn accept(
    engine: &Engine,
    environment_id: i64,
    operation: OperationType,
    collection: Option<&str>,
    items: &[BulkItem],
) -> Result<Option<Uuid>, CommitError> {
    let id = engine.store.clock().new_id();
    let new = NewBulkOperation {
        environment_id,
        id,
        operation: operation.as_str().to_owned(),
        collection: collection.map(str::to_owned),
        items: json::array(items.iter().map(BulkItem::write)),
        total: i64::try_from(items.len()).unwrap_or(i64::MAX),
    };
    let accepted = engine.store.bulk_operation_create(new).await?;
    engine.bulk_operation_created.notify_one();
    Ok(accepted.then_some(id))
}

/// Works a bulk operation off.
pub(crate) async fn work_off(engine: Engine, record: BulkOperationRecord) {
    let mut position = usize::try_from(record.processed).unwrap_or_default();
    let mut work = Work { engine, record, chunk: CHUNK };
    loop {
        match work.step(position).await {
            Ok(Some(next)) => position = next,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(bulk_operation = %work.record.id, %error, "a bulk operation waits");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Halt {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

struct Work {
    engine: Engine,
    record: BulkOperationRecord,
    /// The most items of the next chunk.
    chunk: usize,
}

impl Work {
    /// Carries out the chunk at a position; returns the next position, or `None` at the end.
    async fn step(&mut self, position: usize) -> Result<Option<usize>, Halt> {
        give_way(&self.engine).await;
        let Self { engine, record, chunk } = self;
        let Some(log) = engine.snapshot().api_log(record.environment_id).cloned() else { return Ok(None) };
        let Some(text) = engine.store.bulk_operation_items(record.environment_id, record.id).await? else {
            return Ok(None);
        };
        let Some(operation) = OperationType::parse(&record.operation) else {
            return self.give_up("its operation is not known").await;
        };
        let mut items = chunk_of(&text, position, *chunk);
        let user_hashes = leave_out_forgotten(engine, record, operation, &mut items).await?;
        let planned: Result<Vec<_>, BadMapping> = items.into_iter().map(|item| item.plan(operation, record)).collect();
        let planned = match planned {
            Ok(planned) if !planned.is_empty() => planned,
            Ok(_) => return self.give_up("it has fewer items than it says").await,
            Err(error) => return self.give_up(&error.to_string()).await,
        };
        let (operations, item_ids): (Vec<Operation>, Vec<String>) = planned.into_iter().unzip();
        let next = position + operations.len();
        let progress = BulkProgress {
            environment_id: record.environment_id,
            id: record.id,
            from: i64::try_from(position).unwrap_or(i64::MAX),
            item_ids,
            collection: record.collection.clone(),
            user_hashes,
        };
        let extras = CommitExtras { bulk: Some(progress), ..CommitExtras::default() };
        match carry_out(engine, &log, operations, extras, Arc::new(())).await {
            Ok(_) => {
                *chunk = CHUNK;
                Ok(Some(next).filter(|next| (*next as i64) < record.total))
            }
            // An earlier chunk was committed after all, though its answer was lost, or a user was asked to be forgotten: the
            // next look begins where the bulk operation stands.
            Err(CommitError::Superseded { .. }) => Ok(None),
            Err(CommitError::Refused { .. }) if *chunk > 1 => {
                *chunk = 1;
                Ok(Some(position))
            }
            Err(error @ CommitError::Refused { .. }) => self.give_up(&error.to_string()).await,
            Err(error) => Err(error.into()),
        }
    }
}

impl Work {
    async fn give_up(&self, reason: &str) -> Result<Option<usize>, Halt> {
        let BulkOperationRecord { environment_id, id, .. } = self.record;
        tracing::error!(bulk_operation = %id, reason, "a bulk operation was given up");
        self.engine.store.bulk_operation_fail(environment_id, id).await?;
        Ok(None)
    }
}

/// Makes the items fail whose users were asked to be forgotten after the bulk operation was accepted: it must not bring them
/// back. Returns the hashes of the other users.
async fn leave_out_forgotten(
    engine: &Engine,
    record: &BulkOperationRecord,
    operation: OperationType,
    items: &mut [BulkItem],
) -> Result<Vec<[u8; 16]>, ReadError> {
    if !operation.is_about_users() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
    let forgotten = engine.store.forgotten_since(record.environment_id, record.id, &ids).await?;
    let mut hashes = Vec::with_capacity(items.len());
    for (item, is_forgotten) in items.iter_mut().zip(forgotten) {
        match is_forgotten {
            true => *item = BulkItem::forgotten(),
            false => hashes.push(Subject::hash(&engine.hash_key, record.environment_id, &item.id)),
        }
    }
    Ok(hashes)
}

/// Returns the items of the chunk at a position.
fn chunk_of(text: &str, position: usize, limit: usize) -> Vec<BulkItem> {
    let mut bytes = 0;
    json::items(text)
        .unwrap_or_default()
        .into_iter()
        .skip(position)
        .take(limit)
        .take_while(|item| {
            let is_first = bytes == 0;
            bytes += item.len();
            is_first || bytes <= CHUNK_BYTES
        })
        .map(BulkItem::read)
        .collect()
}

impl BulkItem {
    fn write(&self) -> String {
        let (id, error) = (json::quote(&self.id), self.error.as_deref().map(json::quote));
        let error = error.as_deref().unwrap_or("null");
        json::object([("id", id.as_str()), ("body", &self.body), ("error", error)])
    }

    fn read(text: &str) -> Self {
        let string = |name| json::member(text, name).and_then(json::string);
        Self {
            id: string("id").unwrap_or_default(),
            body: json::member(text, "body").unwrap_or("{}").to_owned(),
            error: string("error"),
        }
    }

    /// Returns what stands for an item whose user is to be forgotten.
    fn forgotten() -> Self {
        let error = "the user was asked to be forgotten after the bulk operation was accepted".to_owned();
        Self { id: FORGOTTEN.to_owned(), body: "{}".to_owned(), error: Some(error) }
    }

    /// Plans the operation of the item.
    fn plan(self, operation: OperationType, record: &BulkOperationRecord) -> Result<(Operation, String), BadMapping> {
        let Self { id, body, error } = self;
        let is_user = operation.is_about_users();
        let has_properties =
            matches!(operation, OperationType::UsersIdentify | OperationType::ObjectsSet | OperationType::TenantsSet);
        let constant = json::object([("value", json::quote(&id).as_str())]);
        let collection = record.collection.as_deref().map(json::quote);
        let mut parameters = vec![(if is_user { "user_id" } else { "id" }, constant.as_str())];
        parameters.extend(collection.as_deref().map(|collection| ("collection", collection)));
        parameters.extend(has_properties.then_some(("properties", r#""data""#)));
        let mut planned = Operation::plan(operation, ByteString::from(body), &json::object(parameters))?;
        if is_user {
            planned = planned.about_user(&id);
        }
        if let Some(error) = error {
            planned = planned.failed(error);
        }
        Ok((planned, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, body: &str, error: Option<&str>) -> BulkItem {
        BulkItem { id: id.to_owned(), body: body.to_owned(), error: error.map(str::to_owned) }
    }

    #[test]
    fn items_read_back_with_every_digit() {
        let items = [item("a \"b\"", r#"{"n":1.10}"#, None), item("c", "{}", Some("email: it is a number"))];
        let text = json::array(items.iter().map(BulkItem::write));
        assert_eq!(chunk_of(&text, 0, 100), items);
    }

    #[test]
    fn a_chunk_is_bounded_by_items_and_bytes_and_never_empty() {
        let large = format!(r#"{{"p":"{}"}}"#, "p".repeat(CHUNK_BYTES));
        let items = [item("a", "{}", None), item("b", &large, None), item("c", "{}", None)];
        let text = json::array(items.iter().map(BulkItem::write));
        let ids = |position, limit| -> Vec<String> {
            chunk_of(&text, position, limit).into_iter().map(|item| item.id).collect()
        };
        assert_eq!(
            (ids(0, 100), ids(1, 100), ids(2, 100)),
            (vec!["a".to_owned()], vec!["b".to_owned()], vec!["c".to_owned()])
        );
        assert_eq!(ids(0, 1), ["a"]);
        assert!(ids(3, 100).is_empty());
    }
}
