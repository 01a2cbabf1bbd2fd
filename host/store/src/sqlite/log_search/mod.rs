//! Searching event logs by value: a rare value among millions of events is found without reading them.
//!
//! - [`attribute`]: the attributes that are searched, and their hashes.
//! - [`build`]: reads the next logs and makes a segment of them.
//! - [`segments`]: writes segments and removes those whose events are gone.
//! - [`filters`]: the conditions that select an event log, and their parameters.
//! - [`query`]: finds the ids of a page.
//! - [`committed`]: reads event logs in the order in which they were committed.
//!
//! A segment of 8,192 events holds an entry for each value of each event, sorted by hash. A look-up visits every segment
//! once: 1,221 of them for ten million events. A value that many events of a segment have gets a single entry, and the
//! segment is scanned for it. Segments never change, so the index is written once and in order, and costs about 50 bytes
//! of write-ahead log an event; a tree over all values would write a page for nearly every value.

/// The workflow that an action triggers or cancels, of a row of `action_logs`.
macro_rules! workflow {
    () => {
        $crate::sqlite::log_search::workflow!(sqlite)
    };
    (sqlite) => {
        "CASE WHEN action_type IN ('workflows_trigger', 'workflows_cancel') THEN parameters ->> '$.key' END"
    };
    (postgres) => {
        "CASE WHEN action_type IN ('workflows_trigger', 'workflows_cancel') THEN readable_json(parameters) ->> 'key' END"
    };
}

/// The FROM clause for the recipients in the `result` of a row of `action_logs`: `recipient.value` is one of them.
macro_rules! recipients_of_result {
    (sqlite) => {
        "json_each(json_array(
                     result -> '$.recipients', result -> '$.skipped_recipients',
                     result -> '$.waiting_recipients', result -> '$.released_recipients')) AS lists,
                 json_each(lists.value) AS recipient"
    };
    (postgres) => {
        "unnest(ARRAY[
                     readable_json(result) -> 'recipients', readable_json(result) -> 'skipped_recipients',
                     readable_json(result) -> 'waiting_recipients', readable_json(result) -> 'released_recipients']) AS lists (value),
                 json_array_elements(CASE json_typeof(lists.value) WHEN 'array' THEN lists.value ELSE '[]'::json END)
                     AS recipient (value)"
    };
}

/// The condition that a recipient has an id and a collection.
macro_rules! is_recipient {
    (sqlite, $id:literal, $collection:literal) => {
        concat!("recipient.value ->> '$.id' = ", $id, " AND recipient.value ->> '$.collection' IS ", $collection)
    };
    (postgres, $id:literal, $collection:literal) => {
        concat!(
            "recipient.value ->> 'id' = ",
            $id,
            " AND recipient.value ->> 'collection' IS NOT DISTINCT FROM ",
            $collection
        )
    };
}

/// The conditions of an [`ActionFilter`](crate::records::ActionFilter) on a row of `action_logs`, over expressions that are
/// NULL where there is no condition. A result without the text of the recipient's id is not parsed. The texts for SQLite and
/// for PostgreSQL differ in what reads JSON.
macro_rules! action_filters {
    ($action_type:literal, $mapping:literal, $status:literal, $workflow:literal, $recipient:literal, $collection:literal) => {
        $crate::sqlite::log_search::action_filters!(
            sqlite,
            $action_type,
            $mapping,
            $status,
            $workflow,
            $recipient,
            $collection
        )
    };
    (
        $database:ident,
        $action_type:literal,
        $mapping:literal,
        $status:literal,
        $workflow:literal,
        $recipient:literal,
        $collection:literal
    ) => {
        concat!(
            " AND (",
            $action_type,
            " IS NULL OR action_type = ",
            $action_type,
            ")
              AND (",
            $mapping,
            " IS NULL OR mapping = ",
            $mapping,
            ")
              AND (",
            $status,
            " IS NULL OR status = ",
            $status,
            ")
              AND (",
            $workflow,
            " IS NULL OR ",
            $crate::sqlite::log_search::workflow!($database),
            " = ",
            $workflow,
            ")
              AND (",
            $recipient,
            " IS NULL OR instr(result, json_quote(",
            $recipient,
            ")) > 0 AND EXISTS (
                  SELECT 1 FROM ",
            $crate::sqlite::log_search::recipients_of_result!($database),
            "
                  WHERE ",
            $crate::sqlite::log_search::is_recipient!($database, $recipient, $collection),
            "))"
        )
    };
}

pub(crate) use {action_filters, is_recipient, recipients_of_result, workflow};

pub(crate) mod attribute;
pub(crate) mod build;
pub(crate) mod committed;
mod filters;
pub(crate) mod query;
pub(crate) mod segments;
