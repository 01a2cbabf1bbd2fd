//! The law about batches: an array gives what its elements give one by one.
//!
//! What a plugin takes is read off what it shows: an array among its examples or cases binds it; of other examples an array
//! is made and looked at where the plugin reads it. One that says that a request holds many has to show one that does.

use inlet_core::{
    contract::{Item, Notice, TranslatedEvent, Translation, Value},
    json::{self, Kind},
};

use super::{
    Found, Run,
    sample::{Sample, events},
};

/// Elements of an array that are looked at: enough for every kind of mistake, and few enough for two calls each.
const ELEMENTS: usize = 32;

pub(super) async fn batches(run: &Run<'_>, found: &mut Found) {
    shown(run, found).await;
    for sample in &run.samples {
        one_by_one(run, found, sample).await;
    }
    let takes_arrays = run.examples().any(|sample| Kind::of(sample.text()) == Kind::Array);
    for a in run.examples() {
        let Some(first) = taken_as_array(run, a).await else {
            if takes_arrays && Kind::of(a.text()) == Kind::Object {
                found.add(format!(
                    "an array of {} alone: expected what it gives by itself, found something else",
                    a.name
                ));
            }
            continue;
        };
        for b in run.examples().filter(|b| b.request.headers == a.request.headers) {
            let Some(second) = taken_as_array(run, b).await else { continue };
            let both = run.translation(&a.with_body(&array_of(&[a.text(), b.text()]))).await;
            let mut expected = first.clone();
            expected.extend(second.into_iter().map(|item| moved(item, 1)));
            if both.map(|translation| translation.items) != Some(expected) {
                found.add(format!(
                    "an array of {} and {}: expected what each gives alone, found something else",
                    a.name, b.name
                ));
            }
        }
    }
}

/// An array of texts that are JSON.
pub(super) fn array_of(elements: &[&str]) -> String {
    format!("[{}]", elements.join(","))
}

/// A sender of batches is shown with one: else nothing could be said of them.
async fn shown(run: &Run<'_>, found: &mut Found) {
    let Some(most) = run.plugin.manifest().sender.as_ref().and_then(|sender| sender.batch_max) else { return };
    if most < 2 {
        return;
    }
    for sample in &run.samples {
        if run.translation(&sample.request).await.is_some_and(|translation| translation.items.len() > 1) {
            return;
        }
    }
    found.add(format!(
        "the manifest says that a request holds up to {most} events (sender.batch_max), and no example or case holds more than \
         one; add one that does"
    ));
}

/// An array that the plugin shows, against each of its elements in an array of its own.
async fn one_by_one(run: &Run<'_>, found: &mut Found, sample: &Sample) {
    let Some(elements) = json::items(sample.text()).filter(|elements| (2..=ELEMENTS).contains(&elements.len())) else {
        return;
    };
    let Some(whole) = run.translation(&sample.request).await else { return };
    let mut expected = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let Some(alone) = run.translation(&sample.with_body(&array_of(&[element]))).await else {
            found.add(format!(
                "{}: expected its element {index} to be translated alone too, found a rejection",
                sample.name
            ));
            return;
        };
        expected.extend(alone.items.into_iter().map(|item| moved(item, index)));
    }
    if let Some(place) = differing(&expected, &whole.items) {
        found.add(format!(
            "{}: expected what its elements give one by one, found something else at item {place}",
            sample.name
        ));
    }
}

fn differing(expected: &[Item], found: &[Item]) -> Option<usize> {
    let length = expected.len().max(found.len());
    (0..length).find(|index| expected.get(*index) != found.get(*index))
}

/// What an array of this sample alone gives, if the plugin reads it as it reads the sample.
async fn taken_as_array(run: &Run<'_>, sample: &Sample) -> Option<Vec<Item>> {
    if Kind::of(sample.text()) != Kind::Object || json::members(sample.text()).is_none() {
        return None;
    }
    let alone = run.translation(&sample.request).await?;
    let array = run.translation(&sample.with_body(&array_of(&[sample.text()]))).await?;
    let types =
        |translation: &Translation| events(translation).map(|event| event.event_type.clone()).collect::<Vec<_>>();
    let by_item = events(&array).all(|event| event.original.as_deref().is_some_and(|at| at.starts_with("/0")));
    (by_item && !array.items.is_empty() && types(&alone) == types(&array)).then_some(array.items)
}

/// An item of an array's only element as it would be in another place.
fn moved(item: Item, index: usize) -> Item {
    let place = |at: String| match at.strip_prefix("/0") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/{index}{rest}"),
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
