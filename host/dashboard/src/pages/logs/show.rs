//! `GET /e/{environment}/logs/{source}/{id}`

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use inlet_api::Scope;
use inlet_api_types::{
    deliveries::Delivery,
    logs::{SourceLog, SourceLogList},
    traces::EventTrace,
};
use inlet_core::mapping::matched_by;

use super::{
    API_LOG, Place, curl, request, row, stages, under_way, value,
    values::{self, Field},
};
use crate::{
    components::{
        Html,
        actions::{self, Action},
        copy,
        cure::{self, Cause, Cure},
        icon,
        json_tree::JsonTree,
        outcome, time,
        waterfall::waterfall,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::{source_place::SourcePlace, targets::new_target_address},
    respond,
};

#[derive(Template)]
#[template(path = "pages/logs/show.html", blocks = ["pane"])]
struct EventPage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    entry: SourceLog,
    trace: Option<EventTrace>,
    /// Why there is no trace.
    no_trace: Option<String>,
    fields: Vec<Field>,
    is_pane: bool,
}

impl EventPage<'_> {
    fn badge(&self) -> outcome::Badge {
        outcome::entry(&self.entry)
    }

    fn why(&self) -> Option<String> {
        row::why(&self.entry)
    }

    fn stages(&self) -> Html {
        waterfall(&stages::stages(&self.entry, self.trace.as_ref()))
    }

    fn item(&self) -> Option<Html> {
        Some(values::item(self.entry.original.as_ref()?.as_text(), &self.fields, &value::parts(self.place)))
    }

    fn headers(&self) -> Option<Html> {
        Some(JsonTree::new(self.entry.headers.as_ref()?.as_text(), "the headers").html())
    }

    /// The whole request of an item that failed or could not be read.
    fn request(&self) -> Option<Html> {
        self.trace.as_ref()?.request.as_ref().map(request::request)
    }

    fn plugin_logs(&self) -> Option<Html> {
        let logs = self.entry.logs.as_text();
        (logs != "[]").then(|| JsonTree::new(logs, "the plugin's log").html())
    }

    fn row_id(&self, row: &usize) -> String {
        values::row_id(*row)
    }

    fn curl(&self) -> Option<String> {
        curl::curl(&self.entry)
    }

    /// True if the item can be a test case of its plugin.
    fn has_case(&self) -> bool {
        self.place.source != API_LOG && !self.entry.body_removed && !self.entry.personal_data_hidden
    }

    /// The command that makes a masked test case of the item.
    fn capture(&self) -> Html {
        let Place { environment, source, id } = self.place;
        copy::value(&format!("inlet plugin capture {id} --source {source}@{environment}"), "Copy the command")
    }

    /// Returns what to do about an entry that needs attention.
    fn cause(&self) -> Option<Cause<'_>> {
        let Place { environment, source, .. } = self.place;
        let code = self.entry.code.as_deref().filter(|_| self.entry.needs_attention && source != API_LOG)?;
        let kind = &self.entry.outcome;
        Some(Cause { environment, source, kind, code, what_to_do: "" })
    }

    /// Returns the cure of an event that had no effect, although nothing failed.
    fn effect(&self) -> Option<Html> {
        let Place { environment, source, .. } = self.place;
        let entry = &self.entry;
        let is_of_source = source != API_LOG && !entry.event_type.is_empty() && entry.rerun_as.is_empty();
        let is_of_type = |event_type: &str| matched_by(event_type).contains(&entry.event_type);
        let no_mapping = || {
            let trace = self.trace.as_ref();
            trace.is_some_and(|trace| !trace.mappings.iter().any(|mapping| is_of_type(&mapping.event_type)))
        };
        let cure: Cure = match entry.outcome.as_str() {
            "skipped" if is_of_source => cure::of_nobody(environment, source),
            "logged" if is_of_source && entry.event_type != "identify" && no_mapping() => {
                cure::of_unmapped(environment, source, std::slice::from_ref(&entry.event_type))
            }
            _ => return None,
        };
        Some(cure.html(&self.layout))
    }

    fn are_under_way(&self) -> bool {
        !self.is_pane && under_way::are_under_way(self.deliveries())
    }

    fn new_target(&self) -> Option<String> {
        self.layout.page.can(Scope::Operate).then(|| new_target_address(&self.place.environment))
    }

    fn is_enforced(&self) -> bool {
        self.entry.verification_status.starts_with("enforced:")
    }

    fn idempotency(&self) -> outcome::Badge {
        outcome::idempotency(idempotency_verdict(&self.entry))
    }

    fn mappings(&self) -> Option<Html> {
        let place = SourcePlace::new(&self.place.environment, &self.place.source);
        let page = |id: &str| place.page(&format!("mappings/{}", url_part(id)));
        self.trace.as_ref().map(|trace| actions::mappings(&trace.mappings, trace.mappings_left_out, Some(&page)))
    }

    fn actions(&self) -> Html {
        let place = SourcePlace::new(&self.place.environment, &self.place.source);
        let page = |id: &str| {
            let label = format!("mapping of {}", self.entry.event_type);
            (place.page(&format!("mappings/{}", url_part(id))), label)
        };
        let actions = self.entry.actions.iter().flatten().map(|logged| {
            let (action, parts) = (Action::from(logged), Some(value::action_parts(self.place, &logged.id)));
            Action { mapping_page: action.mapping.map(page), parts, ..action }
        });
        actions::actions(&actions.collect::<Vec<_>>())
    }

    /// The actions of all events of this type and source; empty for an item without a type.
    fn actions_alike(&self) -> String {
        let [environment, source, event] =
            [&self.place.environment, &self.place.source, &self.entry.event_type].map(|part| url_part(part));
        match event.is_empty() {
            true => String::new(),
            false => format!("/e/{environment}/actions?source={source}&event={event}"),
        }
    }

    fn deliveries(&self) -> &[Delivery] {
        self.entry.deliveries.as_deref().unwrap_or_default()
    }

    /// The runs of the event, each with whether a target gets it.
    fn runs(&self) -> Vec<(String, bool)> {
        let runs = self.entry.actions.iter().flatten().flat_map(|action| Action::from(action).runs());
        // Of very many deliveries only the newest are here.
        let is_whole = self.deliveries().len() < 100;
        let has_target = |run: &str| self.deliveries().iter().any(|delivery| delivery.workflow_run_id == run);
        runs.map(|run| (run.clone(), !is_whole || has_target(&run))).collect()
    }

    fn delivery_badge(&self, delivery: &Delivery) -> Html {
        outcome::delivery(outcome::delivery_status(delivery)).html()
    }

    fn may_repair(&self) -> bool {
        self.layout.page.can(Scope::Operate) && self.place.source != API_LOG
    }

    /// True if something was carried out that "Run again" would not repeat by itself.
    fn may_force(&self) -> bool {
        matches!(self.entry.outcome.as_str(), "executed" | "replayed") && self.entry.idempotency_key.is_some()
    }
}

/// The verdict of idempotency, as rehearsals name it; `no_key` without a key.
pub fn idempotency_verdict(entry: &SourceLog) -> &'static str {
    match entry {
        entry if entry.idempotent || entry.replay_of.is_some() => "replays",
        entry if entry.resumes.is_some() => "resumes",
        entry if entry.idempotency_key.is_none() => "no_key",
        _ => "none",
    }
}

/// Leads to the page of an entry whose source is not known.
pub async fn find(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let entry: SourceLog = page.get(&format!("/v1/logs/{}", url_part(&id))).await?;
    if entry.environment != environment {
        return Err(PageError::not_found("there is no such entry in this environment; it may be past its retention"));
    }
    Ok(Redirect::to(&row::href(&entry)).into_response())
}

/// Shows an event, as a page or in the pane of the list.
pub async fn show(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source, id };
    let [source, id, environment] = [&place.source, &place.id, &place.environment].map(|part| url_part(part));
    let entry_path = format!("/v1/sources/{source}/logs?environment={environment}&id={id}");
    let trace_path = place.api("trace");
    let (list, trace) = tokio::join!(page.get::<SourceLogList>(&entry_path), async {
        match place.source == API_LOG {
            true => None,
            false => Some(page.get::<EventTrace>(&trace_path).await),
        }
    });
    let gone = || PageError::not_found("there is no such entry here; it may be past its retention");
    let entry = list?.entries.into_iter().next().ok_or_else(gone)?;
    let (trace, no_trace) = match trace {
        None => (None, None),
        Some(Ok(trace)) => (Some(trace), None),
        Some(Err(failure)) => (None, Some(failure.body.message)),
    };
    let traced = trace.as_ref().map(|trace| trace.values.entries.as_slice()).unwrap_or_default();
    let fields = values::fields(&entry, traced, &value::parts(&place));
    let title = if entry.event_type.is_empty() { "Item without a type" } else { &entry.event_type };
    let layout = Layout::new(&page, title).under("Logs", place.list());
    let is_pane = page.fills("pane");
    let view = EventPage { layout, place: &place, entry, trace, no_trace, fields, is_pane };
    Ok(match is_pane {
        true => respond::html(&view.as_pane()),
        false => respond::html(&view),
    })
}
