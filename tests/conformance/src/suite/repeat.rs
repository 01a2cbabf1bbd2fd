//! Laws about the same request asked for again, and about parts of a request.

use inlet_core::contract::{Item, Notice, Request, TranslatedEvent, Translation, Value};
use inlet_core::json::{self, Kind};

use super::{
    Found, Run,
    sample::{Sample, events},
};

type Answer = Result<Translation, Notice>;

pub(super) async fn same_output(run: &Run<'_>, found: &mut Found) {
    for sample in &run.samples {
        if run.answer(&sample.request).await != run.answer(&sample.request).await {
            found.add(format!("{}: expected the same translation twice, found two that differ", sample.name));
        }
    }
}

pub(super) async fn no_memory(run: &Run<'_>, found: &mut Found) {
    for (sample, other) in run.samples.iter().zip(run.samples.iter().skip(1)) {
        let before = run.answer(&sample.request).await;
        let _other = run.answer(&other.request).await;
        if before != run.answer(&sample.request).await {
            found.add(format!(
                "{}: expected the same translation after {} as before it, found another",
                sample.name, other.name
            ));
        }
    }
}

/// The name of a member that no platform sends.
const UNKNOWN: &str = "inlet_conformance_unknown";

pub(super) async fn unknown_members(run: &Run<'_>, found: &mut Found) {
    for sample in run.examples() {
        let members = format!("\"{UNKNOWN}\":{{\"type\":\"x\",\"n\":[1,null]}}");
        let Some(request) = sample.with_members(&members) else { continue };
        let (Some(before), Some(after)) = (run.translation(&sample.request).await, run.translation(&request).await)
        else {
            found.add(format!("{}: expected a translation with an unknown member too, found none", sample.name));
            continue;
        };
        if shown(&before) != shown(&after) {
            found.add(format!(
                "{}: expected an unknown member to change nothing, found another translation",
                sample.name
            ));
        }
    }
}

/// A translation but for what an unknown member may reach: an object that is passed on whole.
fn shown(translation: &Translation) -> Vec<Item> {
    let mut items = translation.items.clone();
    for item in &mut items {
        let Item::Event(event) = item else { continue };
        match &mut event.data {
            Some(Value::Assembled(members)) => members.retain(|(name, _)| name != UNKNOWN),
            Some(Value::Made(_)) => event.data = None,
            Some(Value::At(_)) | None => {}
        }
    }
    items
}

pub(super) async fn batches(run: &Run<'_>, found: &mut Found) {
    for a in run.examples() {
        let Some(first) = taken_as_array(run, a).await else { continue };
        for b in run.examples().filter(|b| b.request.headers == a.request.headers) {
            let Some(second) = taken_as_array(run, b).await else { continue };
            let both = run.answer(&a.with_body(&format!("[{},{}]", a.text(), b.text()))).await;
            let mut expected = first.clone();
            expected.extend(second.into_iter().map(moved));
            if both.ok().and_then(Result::ok).map(|translation| translation.items) != Some(expected) {
                found.add(format!(
                    "an array of {} and {}: expected what each gives alone, found something else",
                    a.name, b.name
                ));
            }
        }
    }
}

/// What an array of this sample alone gives, if the plugin reads it as it reads the sample.
async fn taken_as_array(run: &Run<'_>, sample: &Sample) -> Option<Vec<Item>> {
    if Kind::of(sample.text()) != Kind::Object || json::members(sample.text()).is_none() {
        return None;
    }
    let alone = run.translation(&sample.request).await?;
    let array = run.translation(&sample.with_body(&format!("[{}]", sample.text()))).await?;
    let types =
        |translation: &Translation| events(translation).map(|event| event.event_type.clone()).collect::<Vec<_>>();
    let by_item = events(&array).all(|event| event.original.as_deref().is_some_and(|at| at.starts_with("/0")));
    (by_item && !array.items.is_empty() && types(&alone) == types(&array)).then_some(array.items)
}

/// An item of the first element as it would be in the second.
fn moved(item: Item) -> Item {
    let place = |at: String| match at.strip_prefix("/0") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/1{rest}"),
        _ => at,
    };
    let value = |value: Value| match value {
        Value::At(at) => Value::At(place(at)),
        Value::Assembled(members) => {
            Value::Assembled(members.into_iter().map(|(name, at)| (name, place(at))).collect())
        }
        Value::Made(text) => Value::Made(text),
    };
    let notice = |notice: Notice| Notice { at: notice.at.map(place), ..notice };
    match item {
        Item::Event(event) => Item::Event(TranslatedEvent {
            user_id: event.user_id.map(value),
            data: event.data.map(value),
            idempotency_key: event.idempotency_key.map(value),
            occurred_at: event.occurred_at.map(value),
            original: event.original.map(place),
            ..event
        }),
        Item::Ignored(found) => Item::Ignored(notice(found)),
        Item::Rejected(found) => Item::Rejected(notice(found)),
    }
}

impl Run<'_> {
    /// What a request becomes; a fault is another law's finding, and equals itself.
    pub(super) async fn answer(&self, request: &Request) -> Result<Answer, String> {
        self.plugin.translate(request, &self.limits).await.result.map_err(|fault| fault.to_string())
    }

    /// What a request becomes, if it is translated at all.
    pub(super) async fn translation(&self, request: &Request) -> Option<Translation> {
        self.answer(request).await.ok()?.ok()
    }
}
