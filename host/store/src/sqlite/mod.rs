//! SQLite: every statement that the store runs.
//!
//! [`connect`] opens and checks; [`group`] is the event path's transaction, with [`mod@world`] what it loads and
//! [`mod@write`] what it writes; [`checkpoint`] keeps the log short; the other files are named after the tables that
//! they read and change.

mod along;
mod api_keys;
mod attention;
mod bodies;
mod changes;
mod checkpoint;
mod codes;
mod connect;
mod deleted;
mod endpoint_tokens;
mod environments;
mod event_reading;
mod event_types;
mod failure;
mod group;
pub(crate) mod ids;
mod job_leases;
mod management_tokens;
mod mappings;
mod multi_row;
mod nonces;
mod plugin_versions;
mod plugins;
mod prune;
mod recipients;
mod refused;
mod rehearsal;
mod replays;
mod runs;
mod script;
mod sealing;
mod sources;
mod transaction;
mod world;
mod write;

pub use bodies::{Bodies, PrunedBodies};
pub use connect::Durability;
pub(crate) use prune::Hashed;
pub use prune::{Pruned, PrunedRecords};

pub(crate) use checkpoint::Checkpointer;
pub(crate) use connect::{Opened, key_check, open, prove_writable, reseal};
pub(crate) use failure::Failure;
pub(crate) use group::{GroupDone, Writing};
pub(crate) use sealing::{Resealed, SealingError};

/// Reads: everything a read-only connection answers.
pub(crate) mod read {
    pub(crate) use super::{
        along::kept_request,
        api_keys::all as api_keys,
        attention::{
            all_counts as all_attention_counts, counts as attention_counts, due_in, next_due, one as attention,
        },
        changes::page as changes,
        environments::all as environments,
        event_reading::events,
        event_types::{counts as event_types, status as source_status},
        management_tokens::all as management_tokens,
        plugin_versions::{all as plugin_versions, publisher_key, wasm as plugin_wasm},
        recipients::{one as recipient, page as recipients},
        refused::{one as refused_request, page as refused},
        rehearsal::rehearse,
        replays::{
            count as replay_count, next as replay_next, one as replay, page as replays, running as running_replays,
        },
        runs::{one as run, page as runs, recipients as run_recipients},
        sources::all as sources,
    };
}

/// Changes: everything that the writer's connection does besides groups of events, each in a transaction of its own.
pub(crate) mod change {
    pub(crate) use super::{
        api_keys::{create as api_key_create, delete as api_key_delete},
        attention::{dismiss, retry_failed},
        bodies::prune as prune_bodies,
        changes::prune as prune_changes,
        deleted::{delete as source_delete, prune as prune_deleted},
        endpoint_tokens::{forget_expired, rotate as source_rotate_endpoint},
        environments::{create as environment_create, update as environment_update},
        job_leases::{acquire as job_lease_acquire, release as job_lease_release, renew as job_lease_renew},
        management_tokens::{
            create as management_token_create, delete as management_token_delete, used as credentials_used,
        },
        plugin_versions::{
            delete as plugin_delete, give as source_use_plugin, insert as plugin_insert,
            insert_again as plugin_insert_again,
        },
        prune::{logs as prune_logs, records as prune_records},
        replays::{counted as replay_counted, create as replay_create, end as replay_end},
        sources::{create as source_create, update as source_update},
    };
}
