//! Sources, with their settings, mappings, plugins and status.

mod comparison;
mod endpoint;
mod event_type;
mod mapping;
mod plugin;
mod send;
mod settings;
mod source;
mod status;
mod upsert;

pub use comparison::{MappingDifference, PluginInForce, PluginsInForce, SettingDifference, SourceComparison};
pub use endpoint::{RotateEndpoint, RotatedEndpoint};
pub use event_type::{EventActivity, SourceEvent, SourceEventField, SourceEventFields, SourceEvents};
pub use mapping::{MappingRequest, SourceMapping};
pub use plugin::{ComparePlugins, ComparedPlugins, PluginChange, PluginDifference, UsePlugin, UsedPlugin};
pub use send::{SendToSource, SentEvent, SentToSource};
pub use settings::{IdempotencyKeyPath, OnReject, PreprocessScript, SettingsRequest, SourceSettings};
pub use source::{Source, SourceEnvironmentSettings, SourceList};
pub use status::{AttentionCause, NeedsAttention, SkippedRecipients, SourceEnvironmentStatus, SourceStatus};
pub use upsert::{EnvironmentRequest, SourceRequest, UpsertSource, UpsertedSource, WouldChange};
