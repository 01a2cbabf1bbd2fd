//! Plain records: the rows that are read back, the rows to write, and the queries that select them.
//!
//! Nothing here knows a database. A backend turns these types into SQL and back.

mod attention;
mod background_work;
mod backup;
mod bulk_operation;
mod change_log;
mod commit;
mod configuration;
mod credential;
mod delivery;
mod delivery_turn;
mod durability;
mod environment;
mod event;
mod event_feed;
mod export;
mod forget;
mod idempotency_generation;
mod issue;
mod job_lease;
mod log_search;
mod mapping;
mod node;
mod operational_event;
mod page;
mod plugin_version;
mod quarantine;
mod recipient;
mod refused_request;
mod rehearsal;
mod relation;
mod replay;
mod retention;
mod run;
mod session;
mod source;
mod statistics;
mod target;
mod unrouted;
pub(crate) mod uuid_time;
mod variable;

pub use attention::{AttentionCount, AttentionRecord, Dismissal, KeptRequest, KeptRequestHead, Origin};
pub use background_work::{WorkKind, WorkLeft};
pub use backup::BackupContents;
pub use bulk_operation::{BulkOperationRecord, BulkProgress, NewBulkOperation};
pub use change_log::{Author, ChangeQuery, ChangeRecord, NewChange};
pub use commit::{CommitExtras, Hold, ReplayedItem, Settled};
pub use configuration::{ConfigurationPart, ConfigurationWrite};
pub use credential::{ApiKeyRecord, Credential, ManagementTokenRecord, NewManagementToken};
pub use delivery::{
    AttemptRecord, DeliveryFilter, DeliveryInputs, DeliveryQuery, DeliveryRecipient, DeliveryRecord, ListedDelivery,
    OpenDeliveries, RedriveSlice, Redriven, SelectedDeliveries, StoredAttempt, StoredBody,
};
pub use delivery_turn::{
    AttemptNext, BuiltDelivery, Claim, ClaimWanted, ClaimedDelivery, DeliveryTurn, DeliveryTurnResult, FinishedAttempt,
};
pub use durability::Durability;
pub use environment::{Environment, EnvironmentSettings, KeepBodies, NewEnvironment, NewEnvironmentSource};
pub use event::{
    ActionPlace, ActionSearch, EventQuery, EventSearch, EventTypeActivity, EventTypeCount, EventTypeHours, EventValue,
    Kept, ListedAction, OriginalKind, SearchEdge, SkippedRecipients, SourceStatus, StoredAction, StoredEvent,
    TextSearch,
};
pub use event_feed::{FeedPage, FeedPosition};
pub use export::{UserAttempt, UserDelivery, UserMembership, UserRuns, UserWait};
pub use forget::{
    ForgetCounts, ForgetFound, ForgetRecord, ForgetSlice, ForgetWalk, ForgottenAction, ForgottenEvents,
    ForgottenTriggers,
};
pub use idempotency_generation::{EndedGeneration, GenerationSize};
pub use issue::IssueRecord;
pub use job_lease::JobLease;
pub use log_search::{ActionFilter, LogSearchEntry, LogSegment, RecipientFilter};
pub use mapping::MappingRecord;
pub use node::{NewNode, NodeRecord, SharedVersion};
pub use operational_event::{
    DueOperationalEvent, OperationalAttempt, OperationalEventQuery, OperationalEventRecord, OperationalEventStatus,
    Raised,
};
pub use page::{BoundedPage, Cursor, Looked, Page, ReadMemory};
pub use plugin_version::{
    LATEST, NewPluginVersion, PluginUse, PluginVersion, PluginVersionAgain, PreviousPlugin, PublisherPin,
};
pub use quarantine::QuarantineRecord;
pub use recipient::{FirstNames, RecipientQuery, RecipientRecord, TextMatches};
pub use refused_request::{NewRefused, RefusedDismissal, RefusedRequest};
pub use rehearsal::{Rehearsal, RehearsedRecipient};
pub use relation::{MemberPosition, MemberRecord, SubscriptionQuery, SubscriptionRecord, SubscriptionSide};
pub use replay::{NewReplay, ReplayFilter, ReplayProgress, ReplayRecord, ReplayState, ReplayTally};
pub use retention::{Bodies, Pruned, PrunedBodies, PrunedRecords};
pub use run::{Canceled, ExpandedRun, ExpansionShare, RecentWorkflow, RunQuery, RunRecord, StoredRecipient};
pub use session::{SessionRecord, SignInLinkRecord};
pub use source::{
    API_LOG, EndpointRotation, NewSource, NewSourceEnvironment, PreviousSecret, PreviousToken, SourceEnvironmentRecord,
    SourceEnvironmentUpdate, SourceRecord, SourceUpdate,
};
pub use statistics::{
    COARSE_STEP_S, FINE_KEPT_S, FINE_STEP_S, Measure, StatisticsCount, StatisticsRange, StatisticsRow,
};
pub use target::{ChangedHealth, NewTarget, TargetHealth, TargetRecord, TargetSecrets, TargetState};
pub use unrouted::UnroutedRecord;
pub use variable::{NewVariable, VariableRecord};
