//! The reads: everything that a read-only connection answers.

pub(crate) use super::{
    forget::{
        find::{slice as forget_slice, source_environments as forget_source_environments},
        requests::{newest as forget_newest, open as open_forgets},
        waits::{forgotten_since, is_awaited as forget_is_awaited},
    },
    log_search::{
        build::{is_due as has_unindexed_logs, segment as unindexed_logs},
        segments::has_prunable as has_prunable_log_segments,
    },
    rehearsal::rehearse,
    tables::{
        api_keys::all as api_keys,
        api_logs::all as api_logs,
        attention::{
            all_counts as all_attention_counts, counts as attention_counts, due_in as retries_due_in,
            next_due as next_retry, one as attention,
        },
        audience_members::page as audience_members,
        bulk_operations::{items as bulk_operation_items, one as bulk_operation, open as open_bulk_operations},
        cancellations::any as has_unfinished_cancellations,
        change_log::page as changes,
        deleted_recipients::any as has_deleted_recipients,
        deliveries::{
            answers as delivery_answers, body as delivery_body, counts as delivery_counts, one as delivery,
            open as open_deliveries, page as deliveries, with_attempts as deliveries_with_attempts,
        },
        delivery_inputs::{read as delivery_inputs, read_triggers as trigger_inputs},
        environments::all as environments,
        event_feed::{after as event_feed_after, end as event_feed_end, read as event_feed},
        event_logs::events,
        event_type_hours::{all as event_type_hours, busiest as busiest_event_types, watched as watched_hours},
        event_types::{counts as event_types, status as source_status},
        event_values::one as event_value,
        expansions::unfinished as unfinished_expansions,
        kept_requests::one as kept_request,
        management_tokens::all as management_tokens,
        operational_events::{
            conditions as operational_conditions, due as operational_events_due, due_in as operational_events_due_in,
            one as operational_event, page as operational_events, pending as operational_events_pending,
        },
        parked_recipients::has_ended as has_ended_waits,
        plugin_versions::{all as plugin_versions, publisher_key, wasm as plugin_wasm},
        recipient_names::{audiences, collections},
        recipient_search::{by_prefix as recipients_by_prefix, by_text as recipients_by_text},
        recipients::{one as recipient, page as recipients},
        refused_requests::{one as refused_request, page as refused},
        replays::{
            count as replay_count, next as replay_next, one as replay, page as replays, running as running_replays,
        },
        runs::{
            has as has_run, is_canceled as is_run_canceled, one as run, page as runs, recipients as run_recipients,
        },
        sessions::one as session,
        skipped_recipients::skipped_recipients,
        sources::all as sources,
        statistics::{outcomes as outcome_statistics, stages as stage_statistics},
        subscriptions::page as subscriptions,
        targets::{all as targets, secrets as target_secrets},
        user_export::{
            deliveries as user_deliveries, memberships as user_memberships, runs as user_runs, wait as user_wait,
        },
        variables::all as variables,
    },
};
