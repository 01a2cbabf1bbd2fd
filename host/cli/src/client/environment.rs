//! The argument that selects an environment.

use anyhow::bail;

use super::{Client, encoded};
use crate::exit_code::Usage;

/// The environment.
#[derive(Debug, clap::Args)]
pub struct EnvironmentArgument {
    /// The environment [default: that of the profile]
    #[arg(long, value_name = "SLUG", env = "INLET_ENVIRONMENT")]
    env: Option<String>,
}

impl EnvironmentArgument {
    /// Returns the slug.
    pub fn slug<'a>(&'a self, client: &'a Client) -> anyhow::Result<&'a str> {
        match self.env.as_deref().or(client.environment.as_deref()) {
            Some(slug) => Ok(slug),
            None => bail!(Usage("which environment? Name it with --env, for example --env production".to_owned())),
        }
    }

    /// Returns an error if another environment than `slug`, which the command line names elsewhere, is given here.
    pub fn agrees_with(&self, slug: &str) -> anyhow::Result<()> {
        match self.env.as_deref().filter(|given| *given != slug) {
            Some(given) => bail!(Usage(format!(
                "found two environments: {slug} behind the @, and {given} from --env or INLET_ENVIRONMENT; expected one"
            ))),
            None => Ok(()),
        }
    }

    /// Returns the query parameter, without a separator.
    pub fn query(&self, client: &Client) -> anyhow::Result<String> {
        Ok(format!("environment={}", encoded(self.slug(client)?)))
    }
}
