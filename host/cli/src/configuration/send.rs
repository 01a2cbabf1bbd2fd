//! Sending a document to a server.

use anyhow::Context as _;
use inlet_api_types::{
    ErrorBody,
    configuration::{Configuration, ConfigurationPlan},
};
use ureq::http::Method;

use super::problem::Places;
use crate::client::{Client, Content, ServerError, encoded};

/// The path of the API.
const PATH: &str = "/v1/configuration";

/// The options with which a document is sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sending<'a> {
    /// True to have it planned only.
    pub dry_run: bool,
    /// True to delete what its lists do not name.
    pub deletes: bool,
    /// The version that the plan was made from.
    pub version: Option<&'a str>,
}

/// A plan, and the JSON text of the answer.
pub struct Planned {
    pub plan: ConfigurationPlan,
    pub text: String,
}

/// Returns the configuration of a server, of one environment or of all.
pub fn get(client: &Client, environment: Option<&str>) -> anyhow::Result<Configuration> {
    let query = environment.map(|slug| format!("?environment={}", encoded(slug))).unwrap_or_default();
    client.get(&format!("{PATH}{query}"))
}

/// Sends a document and returns the plan.
pub fn put(client: &Client, document: &Configuration, sending: Sending<'_>) -> anyhow::Result<Planned> {
    let Sending { dry_run, deletes, version } = sending;
    let path = format!("{PATH}?dry_run={dry_run}&delete={deletes}");
    let content = Content::json(document)?;
    let text = match version {
        Some(version) => client.send_if_match(Method::PUT, &path, version, content)?,
        None => client.send_for_text(Method::PUT, &path, content)?,
    };
    let plan = serde_json::from_str(&text).context(crate::client::OTHER_VERSION)?;
    Ok(Planned { plan, text })
}

/// Puts the place in a file in front of a server's error about a member of the document.
pub fn at_its_place(error: anyhow::Error, places: &Places, folder: &std::path::Path) -> anyhow::Error {
    let Some(ServerError(body)) = error.downcast_ref::<ServerError>() else { return error };
    let Some(place) = body.field.as_deref().and_then(|field| places.find(field)) else { return error };
    let ErrorBody { code, message, .. } = body.clone();
    let message = format!("{}/{place}: {message}", folder.display());
    anyhow::Error::new(ServerError(ErrorBody { code, message, field: None }))
}
