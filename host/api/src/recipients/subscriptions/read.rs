//! Reading subscriptions, with the recipient on the side of which they are read.

use std::collections::HashMap;

use inlet_api_types::recipients::subscriptions::Subscription;
use inlet_core::recipient::RecipientKey;
use inlet_engine::Engine;
use inlet_store::{
    Cursor, Page, ReadMemory as _, RecipientRecord, SubscriptionQuery, SubscriptionRecord, SubscriptionSide,
};

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    error::ApiError,
    recipients::{objects, users},
};

/// The most subscriptions that are read at once.
const PAGE: usize = 100;

/// Returns the recipient itself, a user or an object.
pub async fn own(
    engine: &Engine,
    environment_id: i64,
    recipient: &RecipientKey,
    memory: &AnswerMemory,
) -> Result<RecipientRecord, ApiError> {
    let RecipientKey { collection, id } = recipient;
    let found = engine.store.recipient(environment_id, collection, id, memory).await?;
    found.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| match recipient.shown_collection() {
        None => users::missing(id),
        Some(collection) => objects::missing(collection, id),
    })
}

/// Returns a page of subscriptions, with the sequence number of each counterpart.
pub async fn page(
    engine: &Engine,
    query: &SubscriptionQuery,
    own: &RecipientRecord,
    memory: &AnswerMemory,
) -> Result<Page<(i64, Subscription)>, ApiError> {
    let page = records(engine, query, own, memory).await?;
    let items = page.items.into_iter();
    let items = items.map(|item| (item.counterpart.seq, response::subscription(item, &query.of, own))).collect();
    Ok(Page { items, has_before: page.has_before, has_after: page.has_after })
}

/// Returns the subscriptions of these recipients to an object, in the order of the recipients.
pub async fn among(
    engine: &Engine,
    environment_id: i64,
    own: &RecipientRecord,
    object: &RecipientKey,
    recipients: Vec<RecipientKey>,
    memory: &AnswerMemory,
) -> Result<Vec<Subscription>, ApiError> {
    let mut positions = HashMap::new();
    for (at, recipient) in recipients.iter().enumerate() {
        positions.entry(recipient.clone()).or_insert(at);
    }
    let mut query = SubscriptionQuery {
        environment_id,
        of: SubscriptionSide::Object(object.clone()),
        only: Some(recipients),
        cursor: Cursor::Start,
        limit: PAGE,
    };
    let mut all = Vec::new();
    loop {
        let page = records(engine, &query, own, memory).await?;
        let last = page.items.last().map(|item| item.counterpart.seq);
        for item in page.items {
            let RecipientRecord { collection, id, .. } = &item.counterpart;
            let recipient = RecipientKey { collection: collection.clone().into(), id: id.clone() };
            all.push((positions.get(&recipient).copied(), response::subscription(item, &query.of, own)));
        }
        match last.filter(|_| page.has_after) {
            Some(seq) => query.cursor = Cursor::After(seq),
            None => break,
        }
    }
    all.sort_by_key(|(position, _)| *position);
    Ok(all.into_iter().map(|(_, subscription)| subscription).collect())
}

async fn records(
    engine: &Engine,
    query: &SubscriptionQuery,
    own: &RecipientRecord,
    memory: &AnswerMemory,
) -> Result<Page<SubscriptionRecord>, ApiError> {
    let page = engine.store.subscriptions(query, memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    // Every entry shows the own side again.
    if !memory.reserve((own.properties.len() * page.items.len()) as u64) {
        return Err(AnswerMemory::exhausted());
    }
    Ok(page)
}
