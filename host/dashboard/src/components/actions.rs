//! Actions and matches of mappings, as the page of an event and every preview show them.

use askama::Template;
use inlet_api_types::{
    RawJson,
    logs::SourceLogAction,
    rehearsals::{RehearsedAction, RehearsedMapping},
};
use serde::Deserialize;

use super::{Html, icon, json_tree::JsonTree, outcome};

/// An action that was carried out, or would be.
pub struct Action<'a> {
    /// The action, such as `workflows_trigger`.
    pub action_type: &'a str,
    /// `success`, `skipped` or `error`.
    pub status: &'a str,
    /// The mapping; none for the built-in identify.
    pub mapping: Option<&'a str>,
    /// The page of the mapping and its name there, where it may be changed.
    pub mapping_page: Option<(String, String)>,
    /// The reason of a skip or an error.
    pub reason: Option<&'a str>,
    /// The sentences that an operator should know.
    pub warnings: &'a [String],
    /// The resolved parameters.
    pub payload: Option<&'a RawJson>,
    /// The result.
    pub result: Option<&'a RawJson>,
    /// The address of the parts of its payload and its result, which ends before `&of=` and the pointer; none if a tree is all
    /// that there is.
    pub parts: Option<String>,
}

impl<'a> From<&'a SourceLogAction> for Action<'a> {
    fn from(action: &'a SourceLogAction) -> Self {
        Self {
            action_type: &action.action_type,
            status: &action.action_status,
            mapping: action.mapping_id.as_deref(),
            mapping_page: None,
            reason: action.reason.as_deref(),
            warnings: &action.warnings,
            payload: action.action_payload.as_ref(),
            result: action.action_result.as_ref(),
            parts: None,
        }
    }
}

impl<'a> From<&'a RehearsedAction> for Action<'a> {
    fn from(action: &'a RehearsedAction) -> Self {
        Self {
            action_type: &action.action_type,
            status: &action.status,
            mapping: action.mapping.as_deref(),
            mapping_page: None,
            reason: action.reason.as_deref(),
            warnings: &action.warnings,
            payload: action.payload.as_ref(),
            result: action.result.as_ref(),
            parts: None,
        }
    }
}

impl Action<'_> {
    /// Returns the payload or the result, `of`, as a tree.
    fn tree(&self, text: &RawJson, of: &str, what: &str) -> Html {
        let tree = JsonTree::new(text.as_text(), what);
        match &self.parts {
            Some(parts) => tree.loading(&format!("{parts}&of={of}&pointer=")).html(),
            None => tree.html(),
        }
    }

    /// The result, where it is shown.
    fn shown_result(&self, is_resolved: &bool) -> Option<&RawJson> {
        self.result.filter(|_| !is_resolved)
    }

    /// The runs that the action created.
    pub fn runs(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Runs {
            workflow_run_id: Option<String>,
            #[serde(default)]
            workflow_run_ids: Vec<String>,
        }
        let Some(runs) = self.result.and_then(|result| serde_json::from_str::<Runs>(result.as_text()).ok()) else {
            return Vec::new();
        };
        match runs.workflow_run_ids.is_empty() {
            true => runs.workflow_run_id.into_iter().collect(),
            false => runs.workflow_run_ids,
        }
    }
}

#[derive(Template)]
#[template(path = "components/actions.html")]
struct Actions<'a> {
    actions: &'a [Action<'a>],
    /// True if only what is resolved is shown, and open.
    is_resolved: bool,
}

/// A list of actions, each with its payload and result folded.
pub fn actions(actions: &[Action<'_>]) -> Html {
    Html::of(&Actions { actions, is_resolved: false })
}

/// A list of actions that would be carried out by one mapping, with their payloads.
pub fn resolved(actions: &[Action<'_>]) -> Html {
    Html::of(&Actions { actions, is_resolved: true })
}

#[derive(Template)]
#[template(path = "components/mapping_matches.html")]
struct Mappings<'a> {
    mappings: &'a [RehearsedMapping],
    left_out: usize,
    /// The page of a mapping by its id; none where mappings need not be saved.
    page: Option<&'a dyn Fn(&str) -> String>,
}

impl Mappings<'_> {
    fn href(&self, mapping: &RehearsedMapping) -> Option<String> {
        self.page.map(|page| page(&mapping.id))
    }

    fn badge(&self, mapping: &RehearsedMapping) -> Html {
        outcome::mapping(mapping.matched, mapping.active).html()
    }
}

/// A table of mappings, each with its match or why not. `page` is the address of a mapping's page by its id.
pub fn mappings(mappings: &[RehearsedMapping], left_out: usize, page: Option<&dyn Fn(&str) -> String>) -> Html {
    Html::of(&Mappings { mappings, left_out, page })
}
