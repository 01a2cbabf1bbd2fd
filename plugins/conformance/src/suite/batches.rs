//! The law about batches: a batch gives the same items as its elements one by one.
//!
//! The law applies to what a plugin shows that it accepts:
//!
//! - an array among its examples or cases,
//! - an array inside a body, such as `records`, if the plugin's events point at it as their origin,
//! - an array made of other examples, if the plugin reads it as a batch.
//!
//! A plugin whose manifest allows several events per request must show a request with several.

use inlet_core::{
    contract::{Item, Notice, TranslatedEvent, Translation, Value},
    json::{self, Kind},
};

use super::{
    Findings, Subject,
    pointers::resolved,
    sample::{Sample, events, offset},
};

/// Longest array that is checked. It is enough for every kind of mistake, and each element costs two calls.
const ELEMENTS: usize = 32;

/// Checks the law. The returned note says how many arrays were compared, so that the author of a plugin without arrays
/// sees it.
pub(super) async fn batches(subject: &Subject<'_>, findings: &mut Findings) -> String {
    shows_a_batch(subject, findings).await;
    let (mut given, mut made) = (0, 0);
    for sample in &subject.samples {
        given += u32::from(compare_with_elements(subject, findings, sample).await);
    }
    let takes_arrays = subject.examples().any(|sample| Kind::of(sample.text()) == Kind::Array);
    for a in subject.examples().filter(|sample| json::members(sample.text()).is_some()) {
        let first = match read_as_array(subject, a).await {
            ArrayReading::Read(items) => items,
            ArrayReading::OwnForm => continue,
            ArrayReading::NotTaken if !takes_arrays => continue,
            ArrayReading::NotTaken | ArrayReading::Misread => {
                findings.add(format!(
                    "an array of {} alone: expected what it gives by itself, found something else",
                    a.name
                ));
                continue;
            }
        };
        for b in subject.examples().filter(|b| b.request.headers == a.request.headers) {
            let ArrayReading::Read(second) = read_as_array(subject, b).await else { continue };
            let both = subject.translation(&a.with_body(&array_of(&[a.text(), b.text()]))).await;
            let mut expected = first.clone();
            expected.extend(second.into_iter().map(|item| moved_to(item, "", 0, 1)));
            made += 1;
            if both.map(|translation| translation.items) != Some(expected) {
                findings.add(format!(
                    "an array of {} and {}: expected what each gives alone, found something else",
                    a.name, b.name
                ));
            }
        }
    }
    format!("{given} arrays given, {made} made of examples")
}

/// Joins JSON texts into an array.
pub(super) fn array_of(elements: &[&str]) -> String {
    format!("[{}]", elements.join(","))
}

/// Requires an example of a batch if the manifest allows several events per request. Without one the law could not be
/// checked.
async fn shows_a_batch(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(most) = subject.plugin.manifest().sender.as_ref().and_then(|sender| sender.batch_max) else { return };
    if most < 2 {
        return;
    }
    for sample in &subject.samples {
        if subject.translation(&sample.request).await.is_some_and(|translation| translation.items.len() > 1) {
            return;
        }
    }
    findings.add(format!(
        "the manifest says that a request holds up to {most} events (sender.batch_max), and no example or case holds more than \
         one; add one that does"
    ));
}

/// Compares a batch with its elements, each in a batch of its own. Returns true if the sample is a batch.
async fn compare_with_elements(subject: &Subject<'_>, findings: &mut Findings, sample: &Sample) -> bool {
    let Some(whole) = subject.translation(&sample.request).await else { return false };
    let Some(batch) = Batch::of(sample.text(), &whole) else { return false };
    let mut expected = Vec::new();
    for (index, element) in batch.elements.iter().enumerate() {
        let Some(alone) = subject.translation(&sample.with_body(&batch.with(&[element]))).await else {
            findings.add(format!(
                "{}: expected its element {index} to be translated alone too, found a rejection",
                sample.name
            ));
            return true;
        };
        let of_element = alone.items.into_iter().filter(|item| batch.holds(item));
        expected.extend(of_element.map(|item| moved_to(item, &batch.at, 0, index)));
    }
    let found: Vec<Item> = whole.items.into_iter().filter(|item| batch.holds(item)).collect();
    if let Some(place) = first_difference(&expected, &found) {
        findings.add(format!(
            "{}: expected what its elements give one by one, found something else at item {place}",
            sample.name
        ));
    }
    true
}

/// An array in a body whose elements are events.
pub(super) struct Batch<'a> {
    body: &'a str,
    /// JSON Pointer to the array.
    at: String,
    array: &'a str,
    elements: Vec<&'a str>,
}

impl<'a> Batch<'a> {
    /// Finds the batch: the body itself, or the array that the events of its translation point at as their origin, such
    /// as `/records`.
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

    /// Returns the body with these elements instead of its own.
    pub(super) fn with(&self, elements: &[&str]) -> String {
        // NDJSON has no array; `of` leaves it out.
        let before = offset(self.body, self.array).unwrap_or_default();
        let (before, after) = (&self.body[..before], &self.body[before + self.array.len()..]);
        [before, &array_of(elements), after].concat()
    }

    /// Returns true unless an item says that it comes from elsewhere in the body, such as from another batch: a body of
    /// batches within batches holds several arrays of items.
    fn holds(&self, item: &Item) -> bool {
        let place = match item {
            Item::Event(event) => event.original.as_deref(),
            Item::Ignored(notice) | Item::Rejected(notice) => notice.at.as_deref(),
        };
        place.is_none_or(|place| place.strip_prefix(&self.at).is_some_and(|rest| rest.starts_with('/')))
    }

    pub(super) fn elements(&self) -> &[&'a str] {
        &self.elements
    }

    /// Returns the JSON Pointer to the array.
    pub(super) fn at(&self) -> &str {
        &self.at
    }
}

fn first_difference(expected: &[Item], found: &[Item]) -> Option<usize> {
    let length = expected.len().max(found.len());
    (0..length).find(|index| expected.get(*index) != found.get(*index))
}

/// The way in which a plugin reads an array.
pub(super) enum ArrayReading {
    /// Not applicable: the element is itself a batch in a form of its own, which must not stand in another.
    OwnForm,
    /// Differently: not as a batch.
    NotTaken,
    /// Wrongly: as a batch whose element differs from the same element alone.
    Misread,
    /// Correctly, as a batch.
    Read(Vec<Item>),
}

/// Tries an array with this sample as its only element. It counts as read as a batch if its events point at the element
/// as their origin.
pub(super) async fn read_as_array(subject: &Subject<'_>, sample: &Sample) -> ArrayReading {
    let Some(alone) = subject.translation(&sample.request).await else { return ArrayReading::NotTaken };
    let is_item = events(&alone).all(|event| event.original.as_deref().unwrap_or_default().is_empty());
    let otherwise = if is_item { ArrayReading::NotTaken } else { ArrayReading::OwnForm };
    let array = subject.translation(&sample.with_body(&array_of(&[sample.text()]))).await;
    let Some(array) = array.filter(|array| !array.items.is_empty()) else { return otherwise };
    if !events(&array).all(|event| event.original.as_deref().is_some_and(|at| at.starts_with("/0"))) {
        return otherwise;
    }
    let types =
        |translation: &Translation| events(translation).map(|event| event.event_type.clone()).collect::<Vec<_>>();
    match types(&array) {
        inside if inside == types(&alone) => ArrayReading::Read(array.items),
        // All items were rejected: the plugin says that it accepts no arrays.
        inside if inside.is_empty() => otherwise,
        _ if is_item => ArrayReading::Misread,
        _ => otherwise,
    }
}

/// Returns an item of the array's element `from` with its pointers moved to the element `index`.
pub(super) fn moved_to(item: Item, array: &str, from: usize, index: usize) -> Item {
    let before = format!("{array}/{from}");
    let place = |at: String| match at.strip_prefix(&before) {
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
