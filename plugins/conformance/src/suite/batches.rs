//! The law about batches: an array gives what its elements give one by one.
//!
//! What a plugin takes is read off what it shows: an array among its examples or cases binds it, and so does one inside a
//! body, such as `records`, that its events say they came from; of other examples an array is made and looked at where the
//! plugin reads it. One that says that a request holds many has to show one that does.

use inlet_core::{
    contract::{Item, Notice, TranslatedEvent, Translation, Value},
    json::{self, Kind},
};

use super::{
    Found, Run,
    sample::{Sample, events, offset},
    values::resolved,
};

/// Elements of an array that are looked at: enough for every kind of mistake, and few enough for two calls each.
const ELEMENTS: usize = 32;

/// What it returns says how much was compared: a plugin that takes no arrays is told so.
pub(super) async fn batches(run: &Run<'_>, found: &mut Found) -> String {
    shown(run, found).await;
    let (mut given, mut made) = (0, 0);
    for sample in &run.samples {
        given += u32::from(one_by_one(run, found, sample).await);
    }
    let takes_arrays = run.examples().any(|sample| Kind::of(sample.text()) == Kind::Array);
    for a in run.examples().filter(|sample| json::members(sample.text()).is_some()) {
        let first = match as_array(run, a).await {
            Array::Read(items) => items,
            Array::OwnForm => continue,
            Array::NotTaken if !takes_arrays => continue,
            Array::NotTaken | Array::Misread => {
                found.add(format!(
                    "an array of {} alone: expected what it gives by itself, found something else",
                    a.name
                ));
                continue;
            }
        };
        for b in run.examples().filter(|b| b.request.headers == a.request.headers) {
            let Array::Read(second) = as_array(run, b).await else { continue };
            let both = run.translation(&a.with_body(&array_of(&[a.text(), b.text()]))).await;
            let mut expected = first.clone();
            expected.extend(second.into_iter().map(|item| moved(item, "", 1)));
            made += 1;
            if both.map(|translation| translation.items) != Some(expected) {
                found.add(format!(
                    "an array of {} and {}: expected what each gives alone, found something else",
                    a.name, b.name
                ));
            }
        }
    }
    format!("{given} arrays given, {made} made of examples")
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

/// A batch that the plugin shows, against each of its elements in a batch of its own. Whether it is one.
async fn one_by_one(run: &Run<'_>, found: &mut Found, sample: &Sample) -> bool {
    let Some(whole) = run.translation(&sample.request).await else { return false };
    let Some(batch) = Batch::of(sample.text(), &whole) else { return false };
    let mut expected = Vec::new();
    for (index, element) in batch.elements.iter().enumerate() {
        let Some(alone) = run.translation(&sample.with_body(&batch.with(&[element]))).await else {
            found.add(format!(
                "{}: expected its element {index} to be translated alone too, found a rejection",
                sample.name
            ));
            return true;
        };
        expected.extend(alone.items.into_iter().map(|item| moved(item, &batch.at, index)));
    }
    if let Some(place) = differing(&expected, &whole.items) {
        found.add(format!(
            "{}: expected what its elements give one by one, found something else at item {place}",
            sample.name
        ));
    }
    true
}

/// An array in a body whose elements are events each.
pub(super) struct Batch<'a> {
    body: &'a str,
    /// Where the array is.
    at: String,
    array: &'a str,
    elements: Vec<&'a str>,
}

impl<'a> Batch<'a> {
    /// The body itself, or the array that the events of its translation say they came from, such as `/records`.
    pub(super) fn of(body: &'a str, whole: &Translation) -> Option<Self> {
        let of_events = || {
            let originals = events(whole).filter_map(|event| event.original.as_deref());
            originals.filter_map(|at| Some(at.rsplit_once('/')?.0.to_owned())).next()
        };
        let at = if Kind::of(body) == Kind::Array { String::new() } else { of_events()? };
        let array = resolved(body, &at).filter(|_| json::members(body).is_some() || at.is_empty())?;
        let elements = json::items(array).filter(|elements| (2..=ELEMENTS).contains(&elements.len()))?;
        Some(Self { body, at, array, elements })
    }

    /// The body with these elements in the place of its own.
    pub(super) fn with(&self, elements: &[&str]) -> String {
        // Lines of JSON have no array to put them in; they are left out above.
        let before = offset(self.body, self.array).unwrap_or_default();
        let (before, after) = (&self.body[..before], &self.body[before + self.array.len()..]);
        [before, &array_of(elements), after].concat()
    }

    /// The elements.
    pub(super) fn elements(&self) -> &[&'a str] {
        &self.elements
    }
}

fn differing(expected: &[Item], found: &[Item]) -> Option<usize> {
    let length = expected.len().max(found.len());
    (0..length).find(|index| expected.get(*index) != found.get(*index))
}

/// How a plugin reads an array.
enum Array {
    /// The element is a batch itself, in a form of its own, and is not to stand in another.
    OwnForm,
    /// As something else than a batch, or not at all.
    NotTaken,
    /// As a batch, and its element as something else than the element by itself.
    Misread,
    /// As a batch.
    Read(Vec<Item>),
}

/// How an array of this sample alone is read. It is read as a batch where what comes of it says that it came from the element.
async fn as_array(run: &Run<'_>, sample: &Sample) -> Array {
    let Some(alone) = run.translation(&sample.request).await else { return Array::NotTaken };
    let is_item = events(&alone).all(|event| event.original.as_deref().unwrap_or_default().is_empty());
    let otherwise = if is_item { Array::NotTaken } else { Array::OwnForm };
    let array = run.translation(&sample.with_body(&array_of(&[sample.text()]))).await;
    let Some(array) = array.filter(|array| !array.items.is_empty()) else { return otherwise };
    if !events(&array).all(|event| event.original.as_deref().is_some_and(|at| at.starts_with("/0"))) {
        return otherwise;
    }
    let types =
        |translation: &Translation| events(translation).map(|event| event.event_type.clone()).collect::<Vec<_>>();
    match types(&array) {
        inside if inside == types(&alone) => Array::Read(array.items),
        // All of it rejected: it says that it takes none.
        inside if inside.is_empty() => otherwise,
        _ if is_item => Array::Misread,
        _ => otherwise,
    }
}

/// An item of an array's only element as it would be in another place.
fn moved(item: Item, array: &str, index: usize) -> Item {
    let first = format!("{array}/0");
    let place = |at: String| match at.strip_prefix(&first) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{array}/{index}{rest}"),
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
