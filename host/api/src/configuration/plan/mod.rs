//! Plans the changes that a document asks for, without making them.
//!
//! Mappings are checked against the variables and the targets that the document leads to, so that one document may bring both.

mod environments;
mod secrets;
mod source_environments;
mod sources;
mod unused;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use inlet_api_types::{
    RawJson,
    configuration::{
        Configuration, KeptResource, PlannedAction, PlannedChange, PlannedField, PlannedSecret, SecretState,
    },
};
use inlet_core::{
    Uuid,
    configuration::{FieldDifference, differences},
    nearest::nearest,
    variables::Variables,
};
use inlet_engine::{
    ChangedPart, ConfigurationChange,
    snapshot::{Endpoint, Snapshot},
};
use inlet_store::{Environment, MappingRecord};
use serde::Serialize;

use crate::{auth::Operator, error::ApiError, stored_json::stored_json};

/// The changes that a document asks for.
#[derive(Default)]
pub struct Plan {
    /// The writes, in their order.
    pub parts: Vec<ChangedPart>,
    /// The changes for the operator.
    pub changes: Vec<PlannedChange>,
    /// The secrets that the document names.
    pub secrets: Vec<PlannedSecret>,
    /// The resources that the document does not name and that stay.
    pub kept: Vec<KeptResource>,
    /// Notes about values that were changed before they are saved.
    pub warnings: Vec<String>,
    /// The source environments whose mappings change, for further checks.
    pub proposed: Vec<ProposedMappings>,
}

/// A source environment as it would be, with the mappings that are new or different.
pub struct ProposedMappings {
    /// The source environment.
    pub endpoint: Arc<Endpoint>,
    /// Its environment.
    pub environment: Environment,
    /// The ids of the mappings.
    pub mappings: Vec<Uuid>,
    /// The path of the list in the document.
    pub field: String,
}

/// Plans one document.
pub struct Planner<'a> {
    change: &'a ConfigurationChange,
    operator: &'a Operator,
    snapshot: Arc<Snapshot>,
    /// True to delete what a map of the document does not name.
    deletes: bool,
    /// True if nothing is written: secrets that are missing are told all at once.
    dry_run: bool,
    plan: Plan,
    /// Writes that come after all others.
    deletions: Vec<ChangedPart>,
    /// The variables that there will be, by environment; none is the value of a secret one.
    variables: BTreeMap<i64, BTreeMap<String, Option<String>>>,
    /// The targets that there will be, by environment.
    targets: BTreeMap<i64, BTreeSet<String>>,
    /// The mappings that there will be, of the source environments whose mappings change.
    mappings: HashMap<i64, Vec<MappingRecord>>,
    deleted_sources: HashSet<String>,
}

/// The subject of a planned change.
struct Resource<'a> {
    name: String,
    environment: Option<&'a str>,
}

impl<'a> Resource<'a> {
    fn in_environment(name: String, environment: &'a Environment) -> Self {
        Self { name, environment: Some(&environment.slug) }
    }
}

impl<'a> Planner<'a> {
    /// Begins with the configuration in force.
    pub fn new(change: &'a ConfigurationChange, operator: &'a Operator, deletes: bool, dry_run: bool) -> Self {
        let snapshot = change.snapshot();
        let ids = || snapshot.environments.iter().map(|environment| environment.id);
        let variables = |id| snapshot.variables_of(id).map(|found| (found.key.clone(), found.value.clone())).collect();
        let targets = |id| snapshot.targets_of(id).map(|found| found.key.clone()).collect();
        Self {
            variables: ids().map(|id| (id, variables(id))).collect(),
            targets: ids().map(|id| (id, targets(id))).collect(),
            mappings: HashMap::new(),
            deleted_sources: HashSet::new(),
            plan: Plan::default(),
            deletions: Vec::new(),
            change,
            operator,
            snapshot,
            deletes,
            dry_run,
        }
    }

    /// Plans the document. The first error is returned; nothing is written.
    pub async fn plan(mut self, document: &Configuration) -> Result<Plan, ApiError> {
        for (slug, wanted) in document.environments.iter().flatten() {
            let environment = self.environment(slug, "environments")?.clone();
            self.plan_environment(&environment, wanted).await?;
        }
        if let Some(sources) = &document.sources {
            for (key, wanted) in sources {
                self.plan_source(key, wanted).await?;
            }
            self.plan_deleted_sources(sources)?;
        }
        self.check_references()?;
        self.plan.parts.append(&mut self.deletions);
        Ok(self.plan)
    }

    /// Finds an environment that the token gives access to. `place` is the path of the member that names it.
    fn environment(&self, slug: &str, place: &str) -> Result<&Environment, ApiError> {
        let Some(environment) = self.snapshot.environment(slug) else {
            self.operator.may_know_of_others()?;
            let slugs = || self.snapshot.environments.iter().map(|environment| environment.slug.as_str());
            let hint = match nearest(slug, slugs()) {
                Some(near) => format!("the nearest is {near:?}"),
                None => format!("expected {}", slugs().collect::<Vec<_>>().join(" or ")),
            };
            let message = format!("there is no environment {slug:?}; {hint}, or create it first");
            return Err(ApiError::invalid(format!("{place}.{slug}"), message));
        };
        self.operator.may_see(environment)?;
        Ok(environment)
    }

    /// Returns the variables that there will be, as mappings see them.
    fn variables_after(&self, environment: &Environment) -> Variables {
        let all = self.variables.get(&environment.id).into_iter().flatten();
        Variables::new(all.map(|(key, value)| (key.as_str(), value.as_deref())))
    }

    /// Notes a change, with the fields that differ between two documents and `more`. A change without fields is none,
    /// except that of something new.
    fn note_change(
        &mut self,
        resource: Resource<'_>,
        action: PlannedAction,
        before: Option<&impl Serialize>,
        after: &impl Serialize,
        more: Vec<PlannedField>,
    ) {
        let text = |value: &_| serde_json::to_string(value).unwrap_or_default();
        let before = before.map_or_else(|| "{}".to_owned(), |before| serde_json::to_string(before).unwrap_or_default());
        let found = differences(&before, &text(after));
        let destroys = found.iter().any(FieldDifference::removes_mapping);
        let fields: Vec<_> = found.into_iter().map(planned_field).chain(more).collect();
        if fields.is_empty() && action == PlannedAction::Update {
            return;
        }
        let environment = resource.environment.map(str::to_owned);
        self.plan.changes.push(PlannedChange { resource: resource.name, environment, action, destroys, fields });
    }

    /// Notes the deletion of a resource, or that it is kept because nothing is to be deleted. Returns true if it is deleted.
    fn note_unnamed(&mut self, resource: Resource<'_>) -> bool {
        let (resource, environment) = (resource.name, resource.environment.map(str::to_owned));
        match self.deletes {
            true => self.plan.changes.push(PlannedChange {
                resource,
                environment,
                action: PlannedAction::Delete,
                destroys: true,
                fields: Vec::new(),
            }),
            false => self.plan.kept.push(KeptResource { resource, environment }),
        }
        self.deletes
    }

    fn note_secret(&mut self, resource: &str, environment: &Environment, name: &str, state: SecretState) {
        self.plan.secrets.push(PlannedSecret {
            resource: resource.to_owned(),
            environment: environment.slug.clone(),
            name: name.to_owned(),
            state,
        });
    }
}

fn planned_field(found: FieldDifference) -> PlannedField {
    let FieldDifference { field, mapping, before, after } = found;
    PlannedField { field, mapping, before: before.map(stored_json), after: after.map(stored_json) }
}

/// Returns the field of a secret that is set or replaced.
fn secret_field(field: String, state: SecretState) -> Option<PlannedField> {
    let (before, after) = match state {
        SecretState::Kept | SecretState::Missing => return None,
        SecretState::Set => (None, "\"set\""),
        SecretState::Changed => (Some("\"set\""), "\"changed\""),
    };
    let json = |text: &str| stored_json(text);
    Some(PlannedField { field, mapping: None, before: before.map(json), after: Some(json(after)) })
}

/// Returns the texts of a JSON member, or of none.
fn raw_text(value: Option<&RawJson>) -> Option<&str> {
    value.map(RawJson::as_text)
}
