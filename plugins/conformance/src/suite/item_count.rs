//! Laws about the number of items: each element of a batch is one item, whatever it is and however many there are.

use super::{
    Findings, Subject,
    batches::{ArrayReading, Batch, array_of, moved_to, read_as_array},
    sample::Sample,
};

/// Elements that are no events on any platform.
const JUNK: [&str; 5] = ["null", "true", "7", "\"x\"", "[]"];

/// Number of elements of a large batch.
const MANY: usize = 1000;

/// Checks that an element which is no event becomes an item of its own and changes no other.
pub(super) async fn junk_elements(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        check_junk(subject, findings, sample, sample.text(), &sample.name).await;
    }
    for sample in subject.examples() {
        if let ArrayReading::Read(_) = read_as_array(subject, sample).await {
            let three = array_of(&[sample.text(); 3]);
            check_junk(subject, findings, sample, &three, &format!("an array of {}", sample.name)).await;
        }
    }
}

async fn check_junk(subject: &Subject<'_>, findings: &mut Findings, sample: &Sample, body: &str, name: &str) {
    let Some(whole) = subject.translation(&sample.with_body(body)).await else { return };
    let Some(batch) = Batch::of(body, &whole) else { return };
    let count = batch.elements().len();
    if whole.items.len() != count {
        return;
    }
    // With neighbours on both sides, or else behind it.
    let place = (count - 1) / 2;
    for junk in JUNK {
        let mut elements = batch.elements().to_vec();
        elements[place] = junk;
        let found = match subject.answer(&sample.with_body(&batch.with(&elements))).await {
            Err(fault) => format!("a fault: {fault}"),
            Ok(Err(notice)) => format!("the request rejected as {:?}", notice.code),
            Ok(Ok(found)) if found.items.len() != count => format!("{} items", found.items.len()),
            Ok(Ok(found)) => {
                let differs = |index: &usize| *index != place && found.items.get(*index) != whole.items.get(*index);
                match (0..count).find(differs) {
                    Some(index) => format!("another item {index}"),
                    None => continue,
                }
            }
        };
        findings.add(format!(
            "{name} with {junk} in the place of element {place}: expected {count} items, its neighbours unchanged, found \
             {found}"
        ));
        return;
    }
}

/// Checks that a large batch has an item for each element.
pub(super) async fn many_items(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in subject.examples() {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        let array;
        let (body, whole) = match (Batch::of(sample.text(), &translation), read_as_array(subject, sample).await) {
            (Some(_), _) => (sample.text(), translation),
            (None, ArrayReading::Read(_)) => {
                array = array_of(&[sample.text(); 2]);
                let Some(whole) = subject.translation(&sample.with_body(&array)).await else { continue };
                (array.as_str(), whole)
            }
            (None, _) => continue,
        };
        let Some(batch) = Batch::of(body, &whole) else { continue };
        let given = batch.elements();
        if whole.items.len() != given.len() {
            continue;
        }
        let count = MANY.min(subject.largest_batch());
        let elements: Vec<&str> = given.iter().copied().cycle().take(count).collect();
        let found = match subject.answer(&sample.with_body(&batch.with(&elements))).await {
            Err(fault) => format!("a fault: {fault}"),
            Ok(Err(notice)) => format!("the request rejected as {:?}", notice.code),
            Ok(Ok(found)) if found.items.len() != count => format!("{} items", found.items.len()),
            Ok(Ok(found)) => {
                let differs = |index: &usize| {
                    let from = index % given.len();
                    let expected = whole.items.get(from).cloned().map(|item| moved_to(item, batch.at(), from, *index));
                    expected.as_ref() != found.items.get(*index)
                };
                match (0..count).find(differs) {
                    Some(index) => format!("another item {index}"),
                    None => continue,
                }
            }
        };
        findings.add(format!(
            "{} with {count} elements: expected {count} items, each as in a small batch, found {found}",
            sample.name
        ));
    }
}
