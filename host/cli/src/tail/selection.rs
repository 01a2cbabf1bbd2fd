//! The sources whose events a command follows: one, several, or all of an environment.

use anyhow::bail;
use inlet_api_types::logs::SourceLog;

use crate::{
    client::{Client, EnvironmentArgument, encoded},
    exit_code::Usage,
    plugin::reference::SourceRef,
};

/// The sources.
#[derive(Debug, clap::Args)]
pub struct Selection {
    /// The sources, for example shop@development crm@development; without one, all sources of --env
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    pub sources: Vec<SourceRef>,
    #[command(flatten)]
    environment: EnvironmentArgument,
}

impl Selection {
    /// Returns the path of their stream, with its query.
    pub fn stream(&self, client: &Client) -> anyhow::Result<String> {
        let [first, others @ ..] = self.sources.as_slice() else {
            return Ok(format!("/v1/logs/stream?{}", self.environment.query(client)?));
        };
        if others.iter().any(|other| other.environment != first.environment) {
            bail!(Usage("the sources are in several environments; follow those of one at a time".to_owned()));
        }
        let environment = encoded(&first.environment);
        Ok(match others {
            [] => format!("/v1/sources/{}/logs/stream?environment={environment}", encoded(&first.source)),
            _ => format!("/v1/logs/stream?environment={environment}"),
        })
    }

    /// Returns true if an event of the stream is of these sources.
    pub fn selects(&self, event: &SourceLog) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|reference| reference.source == event.source)
    }
}
