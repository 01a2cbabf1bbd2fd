//! The sample beside the form: a recent event of its type, else an example of the plugin.

use std::collections::BTreeMap;

use axum::http::Method;
use inlet_api_types::{
    RawJson,
    hints::EventHints,
    logs::{SourceLog, SourceLogList},
    providers::{ExamplePayload, SourceProvider},
    rehearsals::{Rehearsal, RehearseSource},
};
use inlet_core::{json, mapping::matched_by};

use crate::{
    components::{Html, json_tree::JsonTree},
    context::Page,
    html::url_part,
    pages::source_place::SourcePlace,
};

/// The events that can be chosen.
const EVENTS: usize = 10;
/// The value of a choice that is an example, before its name.
const EXAMPLE: &str = "example:";

/// A sample.
#[derive(Default)]
pub struct Sample {
    /// The value and the label of each sample that can be chosen.
    pub choices: Vec<(String, String)>,
    /// The value of the chosen one.
    pub chosen: String,
    /// The address of the event's page.
    pub href: Option<String>,
    /// The values that paths find first, as a tree.
    pub event: Option<Html>,
    /// The item as it came.
    pub body: Option<Html>,
    /// The headers.
    pub headers: Option<Html>,
    /// True if personal data is hidden.
    pub is_hidden: bool,
}

/// The examples of a source's plugin, by event type.
pub type Examples = BTreeMap<String, Vec<ExamplePayload>>;

/// Reads the plugin's examples. A plugin that this server does not have gives none.
async fn examples(page: &Page, key: &str) -> Examples {
    let path = format!("/v1/source_providers/{}?include=example_payloads", url_part(key));
    match page.get::<SourceProvider>(&path).await {
        Ok(provider) => provider.example_payloads.unwrap_or_default(),
        Err(_) => Examples::default(),
    }
}

/// Finds the sample for an event type: the wanted one, else the newest event, else an example.
pub async fn find(page: &Page, place: &SourcePlace, provider_key: &str, event_type: &str, wanted: &str) -> Sample {
    let of_type = if event_type.is_empty() { String::new() } else { format!("&event={}", url_part(event_type)) };
    let logs = format!("{}{of_type}&limit={EVENTS}", place.api("/logs"));
    let (events, examples) = tokio::join!(page.get::<SourceLogList>(&logs), examples(page, provider_key));
    let events = events.map(|list| list.entries).unwrap_or_default();
    let types = matched_by(event_type);
    let mut choices: Vec<(String, String)> = events.iter().map(|event| (event.id.clone(), label(event))).collect();
    let fitting = examples.keys().filter(|name| event_type.is_empty() || types.contains(name));
    choices.extend(fitting.map(|name| (format!("{EXAMPLE}{name}"), format!("Example: {name}"))));
    let is_offered = choices.iter().any(|(value, _)| value == wanted);
    let first = choices.first().map(|(value, _)| value.clone()).unwrap_or_default();
    let chosen = if is_offered { wanted.to_owned() } else { first };
    let sample = Sample { choices, chosen, ..Sample::default() };
    if let Some(name) = sample.chosen.strip_prefix(EXAMPLE) {
        let example = examples.get(name).and_then(|examples| examples.first());
        return match example {
            Some(example) => of_example(page, place, sample, example).await,
            None => sample,
        };
    }
    match events.into_iter().find(|event| event.id == sample.chosen) {
        Some(event) => of_event(page, place, sample, event).await,
        None => sample,
    }
}

fn label(event: &SourceLog) -> String {
    let at = event.received_at.get(..19).unwrap_or(&event.received_at).replacen('T', " ", 1);
    let user = event.user_id.as_deref().map(|user| format!(", {user}")).unwrap_or_default();
    format!("{} UTC{user}", at)
}

async fn of_event(page: &Page, place: &SourcePlace, sample: Sample, mut event: SourceLog) -> Sample {
    if event.data.is_none() && !event.body_removed {
        // A list leaves long values out.
        let path = format!("{}&id={}", place.api("/logs"), url_part(&event.id));
        if let Ok(list) = page.get::<SourceLogList>(&path).await
            && let Some(whole) = list.entries.into_iter().next()
        {
            event = whole;
        }
    }
    Sample {
        href: Some(place.entry(&event.id)),
        is_hidden: event.personal_data_hidden,
        ..sample.with(
            Common { user_id: event.user_id.as_deref(), hints: event.hints.as_ref(), data: event.data.as_ref() },
            event.original.as_ref(),
            event.headers.as_ref(),
        )
    }
}

async fn of_example(page: &Page, place: &SourcePlace, sample: Sample, example: &ExamplePayload) -> Sample {
    let request = RehearseSource {
        body: Some(example.raw_body.clone()),
        method: Some(example.method.clone()),
        path: Some(example.path.clone()),
        query: Some(example.query.iter().map(|(name, value)| (name.clone(), quoted(value))).collect()),
        headers: Some(example.headers.iter().map(|(name, value)| (name.clone(), quoted(value))).collect()),
        ..RehearseSource::default()
    };
    match page.send::<Rehearsal>(Method::POST, &place.api("/rehearse"), &request).await {
        Ok(Rehearsal { items, .. }) => match items.first() {
            Some(item) => sample.with(
                Common { user_id: item.user_id.as_deref(), hints: item.hints.as_ref(), data: item.data.as_ref() },
                item.original.as_ref(),
                item.headers.as_ref(),
            ),
            None => sample,
        },
        // A reader may not rehearse, and sees the example as it would be sent.
        Err(_) => sample.with(Common::default(), example.body.as_ref(), None),
    }
}

/// Returns a text as JSON.
pub fn quoted(text: &str) -> RawJson {
    RawJson::parse(json::quote(text)).unwrap_or_else(|_| RawJson::null())
}

/// The parts of the common event that a mapping reads.
#[derive(Default)]
struct Common<'a> {
    user_id: Option<&'a str>,
    hints: Option<&'a EventHints>,
    data: Option<&'a RawJson>,
}

impl Sample {
    fn with(self, common: Common<'_>, body: Option<&RawJson>, headers: Option<&RawJson>) -> Self {
        let user_id = common.user_id.map_or_else(|| "null".to_owned(), json::quote);
        let hints = common.hints.and_then(|hints| serde_json::to_string(hints).ok());
        let event = common.data.map(|data| {
            let members =
                [("user_id", Some(user_id.as_str())), ("data", Some(data.as_text())), ("hints", hints.as_deref())];
            let text = json::object(members.into_iter().filter_map(|(name, value)| Some((name, value?))));
            JsonTree::new(&text, "the event").open_depth(3).picks("").html()
        });
        let body =
            body.map(|body| JsonTree::new(body.as_text(), "the item as it came").open_depth(1).picks("body").html());
        let headers = headers.filter(|headers| headers.as_text() != "{}");
        let headers = headers.map(|headers| JsonTree::new(headers.as_text(), "the headers").picks("headers").html());
        Self { event, body, headers, ..self }
    }

    /// True if there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.event.is_none() && self.body.is_none()
    }
}
