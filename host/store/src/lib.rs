//! Where events become durable: sqlx lives only here.
//!
//! [`Store`] is the one door. Behind it:
//!
//! - the group-commit `writer`: every change of the database goes through its queue and its one connection. It gathers
//!   the jobs that are waiting, settles and writes them in one transaction, and answers all of them after the commit;
//! - a small pool of read-only connections for everything that only looks;
//! - `sqlite`: all SQL, plain, next to the migrations in `migrations/sqlite`.
//!
//! Invariants: what [`Store::commit`] answered is on the disk (`synchronous` is read back at every start, and anything
//! but `FULL` refuses to start); one bad job never fails its neighbours; nothing is queried per event that could be
//! loaded for the whole group or kept in memory; no error or log line holds a body, a secret or a token; secrets and
//! tokens are in the database sealed by a [`Vault`] or as hashes, never in clear text.

mod administration;
mod along;
mod attention;
mod change_log;
mod claim;
mod config;
mod data_dir;
mod error;
mod event;
mod job_lease;
mod options;
mod page;
mod plugin_version;
mod recipient;
mod refused;
mod rehearsal;
mod repair;
mod replay;
mod run;
mod sqlite;
mod store;
mod vault;
mod writer;

pub use administration::{
    Credential, EnvironmentSettings, KeepBodies, ManagementTokenRecord, NewEnvironment, NewEnvironmentSource,
    NewManagementToken,
};
pub use along::{Along, Rerun};
pub use attention::{AttentionCount, AttentionRecord, Dismissal, KeptRequest, Origin};
pub use change_log::{Author, ChangeQuery, ChangeRecord, NewChange};
pub use claim::{Claim, ResealError};
pub use config::{
    ApiKeyRecord, EndpointRotation, Environment, MappingRecord, NewSource, NewSourceEnvironment, PreviousSecret,
    PreviousToken, SourceEnvironmentRecord, SourceEnvironmentUpdate, SourceRecord, SourceUpdate,
};
pub use error::{ChangeError, CommitError, OpenError, ReadError};
pub use event::{EventQuery, EventTypeCount, Kept, SourceStatus, StoredAction, StoredEvent};
pub use job_lease::JobLease;
pub use options::StoreOptions;
pub use page::{Cursor, Page};
pub use plugin_version::{
    LATEST, NewPluginVersion, PluginUse, PluginVersion, PluginVersionAgain, PreviousPlugin, PublisherPin,
};
pub use recipient::RecipientRecord;
pub use refused::{NewRefused, RefusedRequest};
pub use rehearsal::{Rehearsal, RehearsedRecipient};
pub use replay::{NewReplay, Progress, ReplayFilter, ReplayRecord, ReplayState, Tally};
pub use run::{RunQuery, RunRecord, StoredRecipient};
pub use sqlite::{Bodies, Durability, Pruned, PrunedBodies, PrunedRecords};
pub use store::Store;
pub use vault::{Place, Vault, VaultError};
pub use writer::{GroupReport, Settled, Stats, WriterObserver};
