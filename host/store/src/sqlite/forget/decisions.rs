//! The decision, for every column that can hold text or bytes, what forgetting a user does with it. A new one fails the test
//! until it stands here, and the canary test of the system tests has a value for it if it can name a user.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use sqlx::{Connection, SqliteConnection};

use crate::sqlite::connection::migrations::MIGRATIONS;

/// The fate of columns.
enum Fate {
    /// The row is deleted where it is the user's.
    Deleted,
    /// The row stays; the content is removed or replaced where it is the user's or names the user.
    Blanked,
    /// A background job deletes the row soon; forgetting waits for it.
    Awaited,
    /// Nothing of a user is in it, or what is belongs to somebody else.
    Kept(&'static str),
}

use Fate::{Awaited, Blanked, Deleted, Kept};

const IDS: Fate = Kept("ids, which the server makes");
const HASHES: Fate = Kept("keyed or cryptographic hashes");
const WORDS: Fate = Kept("words of the server or of a plugin");
const OPERATOR: Fate = Kept("an operator writes it");
const OTHERS: Fate = Kept("belongs to an object, a tenant, an audience or a workflow");

/// By table, the names of columns and their fate.
const DECISIONS: &[(&str, &str, Fate)] = &[
    ("action_logs", "event_id id mapping", IDS),
    ("action_logs", "action_type found_in", WORDS),
    ("action_logs", "reason result payload warnings parameters", Blanked),
    ("api_keys", "hash", HASHES),
    ("api_keys", "hint", WORDS),
    ("attention", "event_id request_id issue_id", IDS),
    ("attention", "code", WORDS),
    // By the number of the user's row.
    ("audience_members", "audience", Deleted),
    ("audience_tenants", "tenant", OTHERS),
    ("body_walks", "past_retention not_failed", IDS),
    ("bulk_operations", "id", IDS),
    ("bulk_operations", "operation", WORDS),
    ("bulk_operations", "collection", OTHERS),
    ("bulk_operations", "items", Awaited),
    ("bulk_operations", "errors", Blanked),
    ("canceled_run_deliveries", "run_id event", IDS),
    ("cancellations", "workflow cancellation_key recipients event after_run before_run", Awaited),
    ("changes", "id", IDS),
    ("changes", "name operation resource before after", OPERATOR),
    ("deliveries", "id run_id source_event mapping key owner", IDS),
    ("deliveries", "workflow", OTHERS),
    ("deliveries", "order_key last_error downstream_id", Blanked),
    ("delivery_attempts", "outcome", WORDS),
    ("delivery_attempts", "error request_headers response_headers response_body", Blanked),
    ("delivery_bodies", "content_type body", Deleted),
    ("endpoint_tokens", "hash", HASHES),
    ("endpoint_tokens", "sealed", OPERATOR),
    ("environments", "slug name keep_bodies", OPERATOR),
    ("event_logs", "id replay_of resumes", IDS),
    ("event_logs", "event_type", Kept("the operator's mappings name it")),
    ("event_logs", "verification_status code", WORDS),
    ("event_logs", "user_id idempotency_key reason notes headers guest_logs data original", Blanked),
    ("event_type_hours", "event_type", Kept("the operator's mappings name it")),
    ("event_type_hours", "hours", Kept("hours of an event type")),
    ("event_types", "event_type", Kept("the operator's mappings name it")),
    ("expansion_objects", "run_id", IDS),
    ("expansion_recipients", "run_id", IDS),
    ("expansions", "run_id", IDS),
    ("expansions", "actor_collection actor_id", Blanked),
    ("forget_requests", "id goal positions", IDS),
    ("forget_requests", "user_hash", HASHES),
    ("forget_requests", "user_id email", Blanked),
    ("forget_requests", "counts", Kept("numbers")),
    ("idempotency", "hash", HASHES),
    ("idempotency", "value", Blanked),
    ("idempotency_buckets", "entries", HASHES),
    ("idempotency_records", "hash", HASHES),
    ("idempotency_records", "value", Blanked),
    ("idempotency_segments", "filter", HASHES),
    ("issues", "id", HASHES),
    ("issues", "mapping first_entry last_entry known_up_to acknowledged_up_to", IDS),
    ("issues", "code action", WORDS),
    ("job_leases", "name owner", WORDS),
    ("kept_requests", "id method path query headers verification verification_rest body", Deleted),
    ("log_search", "event", IDS),
    ("log_segments", "last_id first_id", IDS),
    ("management_tokens", "name scopes", OPERATOR),
    ("management_tokens", "hash", HASHES),
    ("management_tokens", "hint", WORDS),
    ("mappings", "id event_type action_type parameters condition", OPERATOR),
    ("meta", "key value", WORDS),
    ("nodes", "id", IDS),
    ("nodes", "name", OPERATOR),
    ("nodes", "version", WORDS),
    ("nonces", "hash", HASHES),
    ("nonces", "event_ids", IDS),
    ("operational_conditions", "event_type", WORDS),
    ("operational_conditions", "subject", OPERATOR),
    ("operational_events", "id", IDS),
    ("operational_events", "event_type last_error", WORDS),
    ("operational_events", "subject", OPERATOR),
    ("operational_events", "data", Kept("names of configuration and counts, and nothing of a user")),
    ("overwritten_pages", "zeros", Kept("zeros")),
    ("parked_recipients", "collection id event_id mapping run_id", Deleted),
    ("parked_recipients", "trigger_data", Blanked),
    ("parked_triggers", "event_id mapping", IDS),
    ("parked_triggers", "workflow", OTHERS),
    ("parked_triggers", "targets", OPERATOR),
    ("parked_triggers", "actor tenant cancellation_key data", Blanked),
    ("plugin_versions", "key version digest wasm", OPERATOR),
    ("plugins", "key version digest", OPERATOR),
    ("publisher_keys", "publisher public_key", OPERATOR),
    ("recipients", "collection id properties", Deleted),
    ("refused_requests", "id", IDS),
    ("refused_requests", "cause method", WORDS),
    ("refused_requests", "digest", HASHES),
    ("refused_requests", "headers body path query credential_hash reason", Blanked),
    ("replays", "id position", IDS),
    ("replays", "filter", OPERATOR),
    ("replays", "counts", Kept("numbers")),
    ("replays", "last_error", WORDS),
    ("reruns", "event_id rerun_of replay_id", IDS),
    ("resends", "event_id", IDS),
    ("sessions", "id proof", HASHES),
    ("sign_in_links", "id proof", HASHES),
    ("source_environments", "settings scheme plugin previous_plugin previous_scheme", OPERATOR),
    ("source_environments", "signing_secret previous_signing_secret write_key previous_write_key", OPERATOR),
    ("sources", "key name description custom_image_url provider", OPERATOR),
    // By the number of the user's row.
    ("subscriptions", "properties", Deleted),
    ("targets", "key kind settings routing secrets state_reason", OPERATOR),
    ("variables", "key type value sealed description", OPERATOR),
    ("watched_hours", "hours", Kept("hours of the server")),
    ("workflow_run_recipients", "run_id canceled_by", IDS),
    ("workflow_run_recipients", "collection id", Deleted),
    ("workflow_run_recipients", "trigger_data", Blanked),
    ("workflow_runs", "id source_event canceled_by key mapping", IDS),
    ("workflow_runs", "targets settings", OPERATOR),
    ("workflow_runs", "workflow", OTHERS),
    ("workflow_runs", "actor tenant cancellation_key data", Blanked),
];

#[tokio::test]
async fn every_column_that_can_name_a_user_is_decided() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    MIGRATIONS.run(&mut connection).await.unwrap();
    // `clear_secrets` is dropped right after the migrations, and the others are SQLite's and the migrator's.
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND columns.type <> 'INTEGER' AND tables.name NOT LIKE 'sqlite_%'
             AND tables.name NOT IN ('_sqlx_migrations', 'clear_secrets')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let stored: BTreeSet<String> = columns.iter().map(|(table, column)| format!("{table}.{column}")).collect();
    let mut decided = BTreeSet::new();
    for (table, columns, fate) in DECISIONS {
        if let Kept(reason) = fate {
            assert!(!reason.is_empty(), "{table}: say why it is kept");
        }
        for column in columns.split(' ') {
            assert!(decided.insert(format!("{table}.{column}")), "{table}.{column} stands there twice");
        }
    }
    let undecided: Vec<_> = stored.difference(&decided).collect();
    assert!(undecided.is_empty(), "decide what forgetting a user does with {undecided:?}");
    let gone: Vec<_> = decided.difference(&stored).collect();
    assert!(gone.is_empty(), "there are no such columns any more: {gone:?}");
}

/// A table whose rows are deleted or blanked is named by the code that forgets.
#[test]
fn what_is_not_kept_is_named_by_the_code() {
    let code = [
        include_str!("apply.rs"),
        include_str!("apply_triggers.rs"),
        include_str!("deliveries.rs"),
        include_str!("requests.rs"),
        include_str!("waits.rs"),
        include_str!("../idempotency/forget.rs"),
        include_str!("../group_commit/rows.rs"),
    ]
    .concat();
    for (table, _, fate) in DECISIONS {
        let is_named = || code.contains(&format!(" {table}\n")) || code.contains(&format!(" {table} "));
        assert!(matches!(fate, Kept(_)) || is_named(), "no code that forgets a user names {table}");
    }
}
