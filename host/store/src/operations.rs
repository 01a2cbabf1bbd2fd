//! Every change of the database besides groups of events. Each is an [`Operation`] that a backend executes alone, in a
//! transaction of its own; where it carries a [`NewChange`], the change log's entry is part of that transaction.

use inlet_core::{
    idempotency::HashKey,
    issues::{IssueChange, NotPossible},
    operational::{HourMap, OpenCondition, OperationalEvent, RaiseRule},
};
use uuid::Uuid;

use crate::{
    backend::Operation,
    error::{ChangeError, CommitError},
    records::{
        ApiKeyRecord, AttentionRecord, Bodies, ConfigurationWrite, Credential, DeliveryTurn, DeliveryTurnResult,
        Dismissal, EndedGeneration, EndpointRotation, EnvironmentSettings, EventTypeHours, ExpandedRun, ExpansionShare,
        ForgetCounts, ForgetRecord, ForgetSlice, JobLease, LogSearchEntry, ManagementTokenRecord, NewBulkOperation,
        NewChange, NewEnvironment, NewManagementToken, NewNode, NewPluginVersion, NewReplay, NewSource, NewTarget,
        NewVariable, OperationalAttempt, PluginUse, PluginVersionAgain, Pruned, PrunedBodies, PrunedRecords,
        QuarantineRecord, Raised, RedriveSlice, Redriven, RefusedDismissal, SelectedDeliveries, SessionRecord,
        SignInLinkRecord, SourceUpdate, StatisticsCount, TargetState, UnroutedRecord,
    },
};

macro_rules! operations {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* $(,)? } -> Result<$output:ty, $error:ty>;
    )*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name {
                $(pub(crate) $field: $type,)*
            }

            impl Operation for $name {
                type Output = $output;
                type Error = $error;
            }
        )*
    };
}

operations! {
    /// Proves that the database takes writes, by writing so many bytes.
    ProveWritable { bytes: usize } -> Result<(), CommitError>;

    // The configuration as a whole.

    /// Carries out all writes, or none.
    WriteConfiguration { writes: Vec<ConfigurationWrite> } -> Result<(), ChangeError>;

    // Environments and credentials.

    /// Creates an environment with every source in it; returns its id.
    CreateEnvironment { new: NewEnvironment, log: NewChange } -> Result<i64, ChangeError>;
    UpdateEnvironment { id: i64, settings: EnvironmentSettings, log: NewChange } -> Result<(), ChangeError>;
    /// Hides an environment and empties its small tables. [`PruneDeletedSources`] empties the large ones.
    DeleteEnvironment { id: i64, log: NewChange } -> Result<(), ChangeError>;
    CreateApiKey { environment_id: i64, hash: [u8; 32], hint: String, log: NewChange }
        -> Result<ApiKeyRecord, ChangeError>;
    DeleteApiKey { environment_id: i64, id: i64, log: NewChange } -> Result<(), ChangeError>;
    CreateManagementToken { new: NewManagementToken, log: NewChange } -> Result<ManagementTokenRecord, ChangeError>;
    DeleteManagementToken { id: i64, log: NewChange } -> Result<(), ChangeError>;
    /// Records the times at which credentials were last used, in milliseconds since 1970.
    RecordCredentialUse { used: Vec<(Credential, i64)> } -> Result<(), CommitError>;

    // Sessions of the dashboard.

    BeginSession { new: SessionRecord } -> Result<(), CommitError>;
    RecordSessionUse { id: [u8; 32], at_ms: i64 } -> Result<(), CommitError>;
    EndSession { id: [u8; 32] } -> Result<(), CommitError>;
    CreateSignInLink { new: SignInLinkRecord, log: Option<NewChange> } -> Result<(), CommitError>;
    /// Deletes a link, and returns it if it has not expired.
    UseSignInLink { id: [u8; 32], now_ms: i64 } -> Result<Option<SignInLinkRecord>, CommitError>;
    /// Deletes old sessions and expired links; returns their number.
    PruneSessions { created_before_ms: i64, used_before_ms: i64, now_ms: i64 } -> Result<u64, CommitError>;

    // Variables.

    /// Creates a variable, or changes it.
    PutVariable { new: NewVariable, log: NewChange } -> Result<(), ChangeError>;
    DeleteVariable { environment_id: i64, key: String, log: NewChange } -> Result<(), ChangeError>;

    // Sources.

    /// Creates a source with its settings, secrets and mappings in every environment; returns its id.
    CreateSource { new: NewSource, log: NewChange } -> Result<i64, ChangeError>;
    /// Changes a source; returns the new version of the source environment, if one was changed.
    UpdateSource { update: SourceUpdate, log: NewChange } -> Result<Option<i64>, ChangeError>;
    /// Replaces an endpoint's token; returns the new version of the source environment.
    RotateEndpoint { rotation: EndpointRotation, log: NewChange } -> Result<i64, ChangeError>;
    /// Hides a source and empties its small tables. [`PruneDeletedSources`] empties the large ones.
    DeleteSource { source_id: i64, log: NewChange } -> Result<(), ChangeError>;

    // Plugins.

    InsertPlugin { new: NewPluginVersion, log: NewChange } -> Result<(), ChangeError>;
    InsertPluginAgain { again: PluginVersionAgain, log: NewChange } -> Result<(), ChangeError>;
    /// Deletes a version that no source uses.
    DeletePlugin { digest: String, log: NewChange } -> Result<(), ChangeError>;
    /// Changes a source environment's plugin; returns its new version.
    UsePlugin { change: PluginUse, log: NewChange } -> Result<i64, ChangeError>;

    // Items that need attention, and replays.

    /// Returns the number of entries that no longer need attention.
    Dismiss { source_environment_id: i64, dismissal: Dismissal, log: NewChange } -> Result<u64, CommitError>;
    /// Deletes refused requests; returns their number.
    DismissRefused { source_environment_id: i64, dismissal: RefusedDismissal, log: NewChange } -> Result<u64, CommitError>;
    /// Counts a failed retry and sets the time of the next one. Does nothing if the entry was changed meanwhile.
    RecordFailedRetry { source_environment_id: i64, record: AttentionRecord, due_at_ms: Option<i64> }
        -> Result<(), CommitError>;
    CreateReplay { new: NewReplay, log: NewChange } -> Result<(), ChangeError>;
    SetReplayTotal { source_environment_id: i64, id: Uuid, total: i64 } -> Result<(), ChangeError>;
    /// Ends a replay, cancelled if there is an entry for the change log; returns true if it was running.
    EndReplay { source_environment_id: i64, id: Uuid, cancelled: Option<NewChange> } -> Result<bool, ChangeError>;

    // Issues.

    /// Changes the state of an issue. One that an operator knows needs no attention any more.
    ChangeIssue { id: Uuid, change: IssueChange, now_ms: i64, log: NewChange }
        -> Result<Result<(), NotPossible>, ChangeError>;
    /// Clears the attention of at most `limit` entries of known issues; returns their number.
    ClearKnownIssues { limit: u32 } -> Result<u64, CommitError>;

    // Bulk operations of the recipients API.

    /// Returns false if the environment has too many that have not ended.
    CreateBulkOperation { new: NewBulkOperation } -> Result<bool, CommitError>;
    /// Gives a bulk operation up, if it has not ended.
    FailBulkOperation { environment_id: i64, id: Uuid } -> Result<(), CommitError>;

    // Signed requests.

    /// Forgets a signed request, so that it is a new one when it is sent again.
    ForgetNonce { digest: [u8; 16] } -> Result<(), CommitError>;

    // Retention.

    /// Looks at runs after `runs_after` only. Returns also the run after which the next slice goes on; none at the end.
    PruneLogs { environment_id: i64, cutoff_ms: i64, limit: u32, runs_after: Option<Uuid> }
        -> Result<(Pruned, Option<Uuid>), CommitError>;
    /// Makes the partitions of the logs for the coming days, and drops those in which everything is from before `cutoff_ms`.
    /// Returns the time before which nothing is left then, where the oldest partition is one of many; none on SQLite.
    KeepLogPartitions { cutoff_ms: i64 } -> Result<Option<i64>, CommitError>;
    PruneBodies { environment_id: i64, bodies: Bodies, cutoff_ms: i64, limit: u32 } -> Result<PrunedBodies, CommitError>;
    /// Looks at the next `slice` keys after `after` and deletes the expired ones. Returns also the last key that it
    /// looked at, unless it reached the end.
    PruneHashed { table: HashedTable, after: Vec<u8>, now_ms: i64, slice: u32 }
        -> Result<(PrunedRecords, Option<Vec<u8>>), CommitError>;
    /// Begins a generation of idempotency records, unless it has begun.
    BeginGeneration { number: i64 } -> Result<(), CommitError>;
    /// Writes the filter of a generation that has ended.
    FinishGeneration { ended: EndedGeneration } -> Result<(), CommitError>;
    /// Removes at most `slice` expired idempotency records, or moves them if most of their neighbours have expired.
    PruneRecords { now_ms: i64, slice: u32 } -> Result<PrunedRecords, CommitError>;
    PruneDeletedSources { limit: u32 } -> Result<u64, CommitError>;
    /// Deletes rows of one step of an environment from before a time; returns their number.
    PruneStatistics { environment_id: i64, step_s: i64, before_s: i64, limit: u32 } -> Result<u64, CommitError>;
    PruneChangeLog { cutoff_ms: i64, limit: u32 } -> Result<u64, CommitError>;
    ForgetExpiredSecrets { now_ms: i64 } -> Result<u64, CommitError>;

    // Statistics.

    /// Adds counts to the minute and the hour of a time, in seconds since 1970.
    RecordStatistics { at_s: i64, counts: Vec<StatisticsCount> } -> Result<(), CommitError>;

    // The store's time.

    /// Writes the store's time, for the next process.
    KeepStoreTime { store_ms: i64 } -> Result<(), CommitError>;
    /// Writes the time that an operator accepted.
    AcceptSystemTime { system_ms: i64, log: NewChange } -> Result<(), ChangeError>;

    // The index over event logs.

    /// Returns the number of the next segment, or `None` after deleting at most `limit` entries that a stopped process
    /// left.
    BeginLogSegment { limit: u32 } -> Result<Option<i64>, CommitError>;
    AddLogEntries { segment: i64, entries: Vec<LogSearchEntry> } -> Result<(), CommitError>;
    /// Puts a segment whose entries are written into the index.
    FinishLogSegment { segment: i64, source_environment_id: i64, first_id: Uuid, last_id: Uuid }
        -> Result<(), CommitError>;
    /// Deletes at most `limit` rows of segments whose events are gone; returns their number.
    PruneLogSegments { limit: u32 } -> Result<u64, CommitError>;

    // Recipients that triggers wait for.

    /// Logs the ends of at most `limit` waits, by release, deletion, cancellation or time, and creates the runs that were
    /// left to it; returns the number of waits.
    EndWaits { now_ms: i64, limit: u32 } -> Result<u64, CommitError>;

    // The rest of cancellations and deletions.

    /// Cancels the next runs of a cancellation that found more than a transaction takes. Returns false if there is none.
    ContinueCancellation {} -> Result<bool, CommitError>;
    /// Deletes at most `limit` subscriptions and memberships of deleted recipients, and the recipients that have none
    /// left; returns the number of rows.
    RemoveDeletedRecipients { limit: u32 } -> Result<u64, CommitError>;

    // Object recipients and their subscribers.

    /// Takes the next steps of the expansions of some runs, each within its share.
    ExpandRuns { shares: Vec<ExpansionShare> } -> Result<Vec<ExpandedRun>, CommitError>;

    // Targets and deliveries.

    /// Creates a target, or replaces it; returns its id.
    PutTarget { new: NewTarget, log: NewChange } -> Result<i64, ChangeError>;
    /// Hides a target. [`PruneDeletedSources`] cancels its deliveries.
    DeleteTarget { environment_id: i64, key: String, log: NewChange } -> Result<(), ChangeError>;
    /// Changes the state of a target; returns true if it had another one.
    SetTargetState { id: i64, state: TargetState, reason: Option<String>, log: NewChange } -> Result<bool, ChangeError>;
    TakeDeliveryTurn { turn: DeliveryTurn } -> Result<DeliveryTurnResult, CommitError>;
    /// Makes at most `limit` dead deliveries due again, and those that are retrying due at once; returns their number.
    RedriveDeliveries { environment_id: i64, selected: SelectedDeliveries, slice: RedriveSlice, log: Option<NewChange> }
        -> Result<Redriven, CommitError>;
    /// Cancels at most `limit` open deliveries; returns their number.
    DiscardDeliveries { environment_id: i64, selected: SelectedDeliveries, limit: u32, log: Option<NewChange> }
        -> Result<u64, CommitError>;

    // Operational events.

    RaiseOperationalEvent { event: OperationalEvent, rule: RaiseRule } -> Result<Raised, CommitError>;
    CloseOperationalConditions { conditions: Vec<OpenCondition> } -> Result<(), CommitError>;
    EndOperationalAttempt { id: Uuid, attempt: OperationalAttempt } -> Result<(), CommitError>;
    /// Marks all events that wait to be sent as unsent.
    LeaveOperationalEventsUnsent {} -> Result<(), CommitError>;

    /// Writes the hours in which a server watched, those of some types, and forgets those of others.
    KeepHours { watched: HourMap, came: Vec<EventTypeHours>, forgotten: Vec<(i64, String)> } -> Result<(), CommitError>;

    // Forgetting users.

    /// Deletes a user and stores the request to forget it, or returns the open one. The log gets the id of the request.
    BeginForget { environment_id: i64, id: Uuid, user_hash: [u8; 16], user_id: String, log: Option<NewChange> }
        -> Result<ForgetRecord, CommitError>;
    /// Removes what a slice found, and moves its walk.
    ForgetRows { environment_id: i64, id: Uuid, slice: ForgetSlice, hash_key: HashKey }
        -> Result<ForgetCounts, CommitError>;
    /// Ends the waits of triggers for the user that began before an id.
    ForgetWaits { environment_id: i64, id: Uuid, before: Uuid } -> Result<(), CommitError>;
    /// Deletes at most `limit` subscriptions and memberships each; zero counts mean that none is left.
    ForgetRelations { environment_id: i64, id: Uuid, limit: u32 } -> Result<ForgetCounts, CommitError>;
    SetForgetGoal { environment_id: i64, id: Uuid, goal: Uuid } -> Result<(), CommitError>;
    /// Removes the user's id and email address from a request that still has this goal.
    EndForgetWalks { environment_id: i64, id: Uuid, goal: Uuid } -> Result<(), CommitError>;
    /// Overwrites at most `limit` free pages; returns true if nothing is left to do.
    OverwriteFreePages { limit: u32 } -> Result<bool, CommitError>;
    /// Cuts the write-ahead log to nothing; returns false if a reader still needs it.
    TruncateLog {} -> Result<bool, CommitError>;
    CompleteForget { environment_id: i64, id: Uuid } -> Result<(), CommitError>;

    // Servers, and leases of background jobs.

    /// Writes that a server is alive, for so many milliseconds.
    KeepNode { node: NewNode, ttl_ms: i64, clock_behind_ms: i64 } -> Result<(), CommitError>;
    RemoveNode { id: Uuid } -> Result<(), CommitError>;
    /// Does nothing if it has begun already.
    BeginQuarantine { record: QuarantineRecord } -> Result<(), CommitError>;
    EndQuarantine { source_environment_id: i64, digest: String } -> Result<(), CommitError>;
    CountUnrouted { counted: UnroutedRecord } -> Result<(), CommitError>;
    /// Returns their number; none if there are none.
    DismissUnrouted { cause: String } -> Result<Option<u64>, CommitError>;
    AcquireJobLease { name: String, owner: String, ttl_ms: i64 } -> Result<JobLease, CommitError>;
    RenewJobLease { name: String, owner: String, epoch: i64, ttl_ms: i64 } -> Result<JobLease, CommitError>;
    ReleaseJobLease { name: String, owner: String, epoch: i64 } -> Result<bool, CommitError>;
}

/// A table whose key is a hash. It is pruned by walking its keys: an index by time would be a second tree on the path of
/// every execution, and a walk costs nothing there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HashedTable {
    /// Idempotency records of earlier versions.
    Idempotency,
    /// Signed requests that were taken.
    Nonces,
}
