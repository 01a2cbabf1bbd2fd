//! `GET /v1/actions`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    actions::{ActionFilterParams, ActionList, ListedAction},
};
use inlet_core::{Uuid, mapping::matched_by};
use inlet_engine::{Engine, snapshot::Endpoint};
use inlet_store::{ActionFilter, ActionPlace, ActionSearch, Cursor, EventQuery, ListedAction as StoredAction};

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    id::inserted_at,
    logs::{
        Endpoints, endpoints_in,
        filters::{read_recipient, read_status},
        page::searched,
    },
    page::{CursorText, PageRequest, page_info},
    query::Params,
    sources::{
        logs::personal_data::{HIDDEN, hide_quoted},
        lookup::find_log,
    },
};

/// Lists the actions of all events of an environment, those of the newest event first.
///
/// Calls of the recipients API are among them with `source=$api` only.
#[utoipa::path(
    get,
    path = "/v1/actions",
    operation_id = "listActions",
    tag = "sources",
    params(
        ("environment" = String, Query, description = "The environment"),
        ActionFilterParams,
        PageParams,
    ),
    responses((status = 200, description = "The actions", body = ActionList)),
)]
pub async fn list_actions(_: Operator, State(engine): State<Engine>, params: Params) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    let endpoints = match params.get("source") {
        None => endpoints_in(&snapshot, environment.id),
        Some(key) => {
            let endpoint = find_log(&snapshot, key, environment)?;
            Endpoints::from([(endpoint.id, endpoint.clone())])
        }
    };
    let PageRequest { cursor, limit } = PageRequest::<ActionPlace>::read(&params)?;
    let query = EventQuery {
        event_types: params.get("event").map(matched_by).unwrap_or_default(),
        user_id: params.get("user_id").map(str::to_owned),
        starting_at_ms: params.time_ms("starting_at")?,
        ending_at_ms: params.time_ms("ending_at")?,
        action: Some(ActionFilter {
            action_type: params.get("action_type").map(str::to_owned),
            mapping: params.id("mapping_id")?,
            workflow: params.get("workflow").map(str::to_owned),
            status: read_status(&params)?,
            recipient: params.get("recipient").map(read_recipient),
        }),
        ..EventQuery::newest(endpoints.keys().copied().collect(), limit)
    };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.actions(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let ActionSearch { page, edge } = page;
    let mut page_info = page_info(&page, limit, |action| action.place);
    let searched = edge.map(|edge| {
        // Behind every action of the event where the search ended.
        let ordinal = if matches!(cursor, Cursor::Before(_)) { 0 } else { i64::MAX };
        let next = ActionPlace { event: edge.last, ordinal };
        searched(&edge, next.write(), &cursor, &mut page_info)
    });
    let shown = |action: StoredAction| Some(response(&action, endpoints.get(&action.source_environment_id)?));
    let entries = page.items.into_iter().filter_map(shown).collect();
    memory.answer(ActionList { entries, page_info, searched })
}

/// Returns an action. Where personal data is hidden, so is what may come from an event.
fn response(action: &StoredAction, endpoint: &Endpoint) -> ListedAction {
    let hides = endpoint.hides_personal_data;
    let sentence = |text: &String| if hides { hide_quoted(text) } else { text.clone() };
    let user = |user: &String| if hides { HIDDEN.to_owned() } else { user.clone() };
    ListedAction {
        id: action.id.to_string(),
        event_id: action.place.event.to_string(),
        source: endpoint.source.clone(),
        environment: endpoint.environment.clone(),
        event_type: action.event_type.clone(),
        user_id: action.user_id.as_ref().map(user),
        mapping_id: action.mapping.map(|id| id.to_string()),
        action_type: action.action_type.clone(),
        action_status: action.status.as_str().to_owned(),
        workflow: action.workflow.clone(),
        workflow_run_ids: action.runs.iter().map(Uuid::to_string).collect(),
        recipients_count: action.recipients,
        skipped_recipients_count: action.skipped_recipients,
        reason: action.reason.as_ref().map(sentence),
        warnings: action.warnings.iter().map(sentence).collect(),
        inserted_at: inserted_at(action.place.event),
    }
}

impl CursorText for ActionPlace {
    fn write(&self) -> String {
        format!("{}-{}", self.event.write(), self.ordinal)
    }

    fn read(text: &str) -> Option<Self> {
        let (event, ordinal) = text.split_once('-')?;
        Some(Self { event: Uuid::read(event)?, ordinal: i64::read(ordinal)? })
    }
}
