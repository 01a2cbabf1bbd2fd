//! The settings, variables and targets of an environment.

use std::collections::BTreeMap;

use inlet_api_types::{
    Patch,
    configuration::{
        EnvironmentConfiguration, EnvironmentSettings, PlannedAction, SecretState, TargetConfiguration,
        VariableConfiguration,
    },
    environments::CreateEnvironment,
    retention::Retention,
    targets::TargetRequest,
    variables::VariableRequest,
};
use inlet_core::{
    delivery::check_target_key,
    variables::{MAX_BYTES, MAX_VARIABLES, VariableType, check_key},
};
use inlet_delivery::targets::secret_members;
use inlet_engine::ChangedPart;
use inlet_store::{Environment, EnvironmentSettings as SettingsRecord, KeepBodies, TargetRecord, VariableRecord};

use super::{Planner, Resource, secret_field, secrets};
use crate::{
    configuration::document::{self, target_settings},
    environments::request,
    error::ApiError,
    scope::Scope,
    targets::{put::MAX_TARGETS, settings},
    variables::put::new_variable,
};

impl Planner<'_> {
    /// Plans the configuration of an environment, without its sources.
    pub(super) async fn plan_environment(
        &mut self,
        environment: &Environment,
        wanted: &EnvironmentConfiguration,
    ) -> Result<(), ApiError> {
        if let Some(settings) = &wanted.settings {
            self.plan_settings(environment, settings)?;
        }
        if let Some(variables) = &wanted.variables {
            self.plan_variables(environment, variables)?;
        }
        if let Some(targets) = &wanted.targets {
            self.plan_targets(environment, targets).await?;
        }
        Ok(())
    }

    fn plan_settings(&mut self, environment: &Environment, wanted: &EnvironmentSettings) -> Result<(), ApiError> {
        let place = |field: &str| format!("environments.{}.settings.{field}", environment.slug);
        let EnvironmentSettings { name, retention_days, body_retention_days, keep_bodies, hide_personal_data } =
            wanted.clone();
        let whole = CreateEnvironment {
            slug: environment.slug.clone(),
            name,
            retention_days,
            body_retention_days,
            keep_bodies,
            hide_personal_data,
        };
        let (_, settings) = request::create(whole).map_err(|error| error.at(place))?;
        let present = environment.settings();
        if settings == present {
            return Ok(());
        }
        self.operator.may(Scope::Admin)?;
        let deleted = retention(&present).deleted_by(&retention(&settings));
        if !deleted.is_empty() {
            let field = format!("environments.{}.settings", environment.slug);
            let deleted = deleted.join(", and ");
            self.plan.warnings.push(format!("{field}: this deletes {deleted}; it cannot be restored"));
        }
        let (before, after) = (document::environment_settings(&present), document::environment_settings(&settings));
        let resource = Resource::in_environment(format!("environments/{}", environment.slug), environment);
        self.note_change(resource, PlannedAction::Update, Some(&before), &after, Vec::new());
        self.plan.parts.push(ChangedPart::Environment(environment.clone(), settings));
        Ok(())
    }

    fn plan_variables(
        &mut self,
        environment: &Environment,
        wanted: &BTreeMap<String, VariableConfiguration>,
    ) -> Result<(), ApiError> {
        let list = format!("environments.{}.variables", environment.slug);
        let snapshot = self.snapshot.clone();
        let present: BTreeMap<&str, &VariableRecord> =
            snapshot.variables_of(environment.id).map(|found| (found.key.as_str(), found)).collect();
        let mut bytes = 0;
        for (key, wanted) in wanted {
            let place = format!("{list}.{key}");
            check_key(key).map_err(|message| ApiError::invalid(place.as_str(), message))?;
            let value = self.plan_variable(environment, present.get(key.as_str()).copied(), key, wanted, &place)?;
            let stored = present.get(key.as_str()).and_then(|found| usize::try_from(found.bytes).ok());
            bytes += value.as_ref().map(String::len).or(stored).unwrap_or_default();
        }
        for (key, found) in present.iter().filter(|(key, _)| !wanted.contains_key(**key)) {
            if self.note_unnamed(Resource::in_environment(format!("variables/{key}"), environment)) {
                self.deletions.push(ChangedPart::DeletedVariable(environment.clone(), (*found).clone()));
                self.variables.entry(environment.id).or_default().remove(*key);
            } else {
                bytes += usize::try_from(found.bytes).unwrap_or_default();
            }
        }
        let count = self.variables.get(&environment.id).map_or(0, BTreeMap::len);
        if count > MAX_VARIABLES {
            let message = format!("the environment would have {count} variables; at most {MAX_VARIABLES} are kept");
            return Err(ApiError::invalid(list, message));
        }
        if bytes > MAX_BYTES {
            let message = format!(
                "the values of the environment's variables would have {bytes} bytes in all; at most {MAX_BYTES} are kept"
            );
            return Err(ApiError::invalid(list, message));
        }
        Ok(())
    }

    /// Plans a variable. Returns the value that the document gives.
    fn plan_variable(
        &mut self,
        environment: &Environment,
        present: Option<&VariableRecord>,
        key: &str,
        wanted: &VariableConfiguration,
        place: &str,
    ) -> Result<Option<String>, ApiError> {
        let description = wanted.description.clone().map_or(Patch::Clear, Patch::Set);
        let variable_type = wanted.variable_type.clone().or_else(|| Some(VariableType::Public.as_str().to_owned()));
        let request =
            VariableRequest { variable_type, value: wanted.value.clone(), description, ..VariableRequest::default() };
        let resource = format!("variables/{key}");
        let asks_for_secret = wanted.variable_type.as_deref() == Some(VariableType::Secret.as_str());
        if self.dry_run && present.is_none() && asks_for_secret && wanted.value.is_none() {
            self.note_secret(&resource, environment, "value", SecretState::Missing);
            self.variables.entry(environment.id).or_default().insert(key.to_owned(), None);
            let resource = Resource::in_environment(resource, environment);
            self.note_change(resource, PlannedAction::Create, None::<&VariableConfiguration>, wanted, Vec::new());
            return Ok(None);
        }
        let new = new_variable(environment, key, request, present)
            .map_err(|error| error.at(|field| field.replacen("variable", place, 1)))?;
        let is_secret = new.variable_type == VariableType::Secret;
        let mut more = Vec::new();
        if is_secret {
            // A secret value is never read back, so that one that is given counts as another one.
            let state = match (present, &new.value) {
                (None, _) => SecretState::Set,
                (Some(_), Some(_)) => SecretState::Changed,
                (Some(_), None) => SecretState::Kept,
            };
            self.note_secret(&resource, environment, "value", state);
            more.extend(secret_field("value".to_owned(), state));
        }
        let value = if is_secret { None } else { new.value.clone().or(present.and_then(|found| found.value.clone())) };
        self.variables.entry(environment.id).or_default().insert(key.to_owned(), value.clone());
        let after = VariableConfiguration {
            variable_type: is_secret.then(|| new.variable_type.as_str().to_owned()),
            value,
            description: new.description.clone(),
        };
        let before = present.map(document::variable);
        if before.as_ref() == Some(&after) && more.is_empty() {
            return Ok(new.value);
        }
        let action = if present.is_some() { PlannedAction::Update } else { PlannedAction::Create };
        self.note_change(Resource::in_environment(resource, environment), action, before.as_ref(), &after, more);
        let given = new.value.clone();
        self.plan.parts.push(ChangedPart::Variable(environment.clone(), present.cloned(), new));
        Ok(given)
    }

    async fn plan_targets(
        &mut self,
        environment: &Environment,
        wanted: &BTreeMap<String, TargetConfiguration>,
    ) -> Result<(), ApiError> {
        let list = format!("environments.{}.targets", environment.slug);
        let snapshot = self.snapshot.clone();
        for (key, wanted) in wanted {
            let place = format!("{list}.{key}");
            check_target_key(key).map_err(|message| ApiError::invalid(place.as_str(), message))?;
            self.plan_target(environment, snapshot.target(environment.id, key), key, wanted, &place).await?;
            self.targets.entry(environment.id).or_default().insert(key.clone());
        }
        for found in snapshot.targets_of(environment.id).filter(|found| !wanted.contains_key(&found.key)) {
            if self.note_unnamed(Resource::in_environment(format!("targets/{}", found.key), environment)) {
                self.deletions.push(ChangedPart::DeletedTarget(environment.clone(), found.clone()));
                self.targets.entry(environment.id).or_default().remove(&found.key);
            }
        }
        let count = self.targets.get(&environment.id).map_or(0, std::collections::BTreeSet::len);
        if count > MAX_TARGETS {
            let message = format!("the environment would have {count} targets; at most {MAX_TARGETS} are kept");
            return Err(ApiError::invalid(list, message));
        }
        Ok(())
    }

    async fn plan_target(
        &mut self,
        environment: &Environment,
        present: Option<&TargetRecord>,
        key: &str,
        wanted: &TargetConfiguration,
        place: &str,
    ) -> Result<(), ApiError> {
        let stored = match present.filter(|present| present.has_secrets) {
            Some(present) => self.change.engine().store.target_secrets(present.id).await?,
            None => None,
        };
        // A kind that there is not is refused below.
        if let Some(known) = secret_members(&wanted.kind) {
            wanted.secrets.keys().try_for_each(|name| secrets::check_name(name, known, place))?;
        }
        let mut request = TargetRequest {
            kind: Some(wanted.kind.clone()),
            url: wanted.url.clone().map_or(Patch::Clear, Patch::Set),
            options: wanted.options.clone().map_or(Patch::Clear, Patch::Set),
            workflows: wanted.workflows.clone().map_or(Patch::Clear, Patch::Set),
            ..TargetRequest::default()
        };
        secrets::fill(&mut request, &wanted.secrets, stored.as_ref());
        let new = settings::change(environment.id, key, &request, present, stored.as_ref())
            .map_err(|error| error.at(|field| target_field(field, place)))?;
        let resource = format!("targets/{key}");
        let mut more = Vec::new();
        for (name, value) in &wanted.secrets {
            let state = secrets::state(secrets::present(stored.as_ref(), name), super::raw_text(value.as_ref()));
            self.note_secret(&resource, environment, name, state);
            more.extend(secret_field(format!("secrets.{name}"), state));
        }
        let is_same = present.is_some_and(|present| {
            new.settings == present.settings && new.routing == present.routing && new.secrets.is_none()
        });
        if is_same {
            return Ok(());
        }
        let workflows = new.routing.workflows.as_ref();
        let after = TargetConfiguration {
            workflows: workflows.map(|keys| keys.iter().map(|key| key.to_string()).collect()),
            ..target_settings(&new.kind, &new.settings)
        };
        let before = present.map(|present| document::target(present, None));
        let action = if present.is_some() { PlannedAction::Update } else { PlannedAction::Create };
        let resource = Resource::in_environment(resource, environment);
        self.note_change(resource, action, before.as_ref(), &after, more);
        self.plan.parts.push(ChangedPart::Target(environment.clone(), present.cloned(), new));
        Ok(())
    }
}

/// Returns the path in the document of a member of a request about a target.
fn target_field(field: &str, place: &str) -> String {
    let member = field.strip_prefix("target").unwrap_or(field);
    let name = member.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default();
    let is_secret = TargetRequest::default().secrets().iter().any(|(secret, _)| *secret == name);
    match is_secret {
        true => format!("{place}.secrets{member}"),
        false => format!("{place}{member}"),
    }
}

fn retention(settings: &SettingsRecord) -> Retention {
    Retention {
        days: settings.retention_days,
        body_days: settings.body_retention_days,
        only_failures: settings.keep_bodies == KeepBodies::Failures,
    }
}
