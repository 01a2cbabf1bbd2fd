//! `inlet mapping set`: adds a mapping to a source, or changes one.

use anyhow::{Context as _, bail};
use inlet_api_types::{
    RawJson,
    sources::{EnvironmentRequest, MappingRequest, SourceMapping, SourceRequest},
};
use serde_json::{Map, Value};

use super::read;
use crate::{
    client::ServerArguments,
    exit_code::{NotFound, Usage},
    output::{OutputArguments, note, print},
    plugin::reference::SourceRef,
    settings_arguments::{Setting, apply},
    source::put::put_source,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The mapping to change; without it a new one is added
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    pub(super) mapping: MappingArguments,
    /// Switch it off: it matches nothing
    #[arg(long, conflicts_with = "active")]
    inactive: bool,
    /// Switch it on
    #[arg(long)]
    active: bool,
    /// Check it and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// The text of a mapping.
#[derive(Debug, clap::Args)]
pub struct MappingArguments {
    /// The event type, for example `track/Order Completed`
    #[arg(long, value_name = "TYPE")]
    event: Option<String>,
    /// The action, for example workflows_trigger
    #[arg(long)]
    action: Option<String>,
    /// A parameter: a path such as data.total=data.total, or JSON such as 'key={"value":"welcome"}'; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<Setting>,
    /// All parameters as a JSON object, in place of --param
    #[arg(long, value_name = "JSON", conflicts_with = "param")]
    params: Option<String>,
    /// The condition as JSON, for example '{"data.total":{"$gte":100}}'; null removes it
    #[arg(long, value_name = "JSON")]
    when: Option<String>,
}

impl MappingArguments {
    /// Returns true if nothing is given.
    pub(super) fn is_empty(&self) -> bool {
        let Self { event, action, param, params, when } = self;
        event.is_none() && action.is_none() && param.is_empty() && params.is_none() && when.is_none()
    }

    /// Changes a mapping by what is given.
    pub(super) fn apply(&self, mapping: &mut MappingRequest) -> anyhow::Result<()> {
        mapping.event_type = self.event.clone().or(mapping.event_type.take());
        mapping.action_type = self.action.clone().or(mapping.action_type.take());
        if let Some(params) = &self.params {
            mapping.action_parameters = Some(json("--params", params)?);
        } else if !self.param.is_empty() {
            // A mapping that is changed keeps the parameters that are not named.
            let text = mapping.action_parameters.take().map_or_else(|| "{}".to_owned(), RawJson::into_text);
            let mut parameters: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
            apply(&mut parameters, &self.param);
            mapping.action_parameters = Some(json("--param", &Value::Object(parameters).to_string())?);
        }
        if let Some(when) = &self.when {
            mapping.when = Some(json("--when", when)?).filter(|when| when.as_text() != "null");
        }
        Ok(())
    }

    /// Returns a new mapping.
    pub(super) fn new_mapping(&self) -> anyhow::Result<MappingRequest> {
        if self.event.is_none() || self.action.is_none() {
            bail!(Usage("a new mapping needs --event and --action; --id names one to change".to_owned()));
        }
        let mut mapping = MappingRequest::default();
        self.apply(&mut mapping)?;
        Ok(mapping)
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let present = read(&client, &arguments.source)?;
    let mut mappings: Vec<MappingRequest> = present.mappings.into_iter().map(request).collect();
    let changed = match &arguments.id {
        None => {
            mappings.push(arguments.mapping.new_mapping()?);
            mappings.last_mut()
        }
        Some(id) => mappings.iter_mut().find(|mapping| mapping.id.as_ref() == Some(id)),
    };
    let Some(changed) = changed else {
        let id = arguments.id.as_deref().unwrap_or_default();
        bail!(NotFound(format!("the source has no mapping {id:?}; `inlet mapping list` lists those there are")));
    };
    if arguments.id.is_some() {
        arguments.mapping.apply(changed)?;
    }
    if arguments.inactive || arguments.active {
        changed.active = Some(arguments.active);
    }
    let known: Vec<Option<String>> = mappings.iter().map(|mapping| mapping.id.clone()).collect();
    let change = of_mappings(&arguments.source.environment, mappings);
    let (source, version) = (&arguments.source, Some(present.version));
    let Some(upserted) = put_source(&client, source, &change, version, arguments.dry_run, arguments.output)? else {
        return Ok(());
    };
    let settings = upserted.source.and_then(|source| source.environment_settings).unwrap_or_default();
    let after = settings.get(&source.environment).map(|settings| settings.mappings.as_slice()).unwrap_or_default();
    let new = after.iter().find(|mapping| !known.contains(&Some(mapping.id.clone())));
    match (&arguments.id, new) {
        (Some(id), _) => print(id),
        (None, Some(mapping)) => print(&mapping.id),
        (None, None) => {
            note("note: there is the same mapping already; nothing was added");
            Ok(())
        }
    }
}

/// Returns the change that gives a source these mappings.
pub(super) fn of_mappings(environment: &str, mappings: Vec<MappingRequest>) -> SourceRequest {
    let environment_request = EnvironmentRequest { mappings: Some(mappings), ..EnvironmentRequest::default() };
    let environment_settings = Some([(environment.to_owned(), environment_request)].into());
    SourceRequest { environment_settings, ..SourceRequest::default() }
}

/// Returns a mapping as a request keeps it.
pub(super) fn request(mapping: SourceMapping) -> MappingRequest {
    let SourceMapping { id, event_type, action_type, when, action_parameters, active, .. } = mapping;
    MappingRequest {
        id: Some(id),
        event_type: Some(event_type),
        action_type: Some(action_type),
        when,
        action_parameters: Some(action_parameters),
        active: Some(active),
        ..MappingRequest::default()
    }
}

fn json(flag: &str, text: &str) -> anyhow::Result<RawJson> {
    RawJson::parse(text).with_context(|| format!("{flag} is no JSON: {text}"))
}
