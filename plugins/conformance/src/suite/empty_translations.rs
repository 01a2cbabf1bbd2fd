//! The law about empty translations: a request without an item leaves its sender and its operator without a word.

use inlet_core::contract::Request;

use super::{Findings, Subject, batches::Batch, sample::Sample};

/// Bodies that hold no event on any platform.
const BODIES: [&str; 4] = ["{}", "[]", "[null]", "[{}]"];

pub(super) async fn empty_translations(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        check(subject, findings, &sample.request, &sample.name).await;
        let Some(whole) = subject.translation(&sample.request).await else { continue };
        if let Some(batch) = Batch::of(sample.text(), &whole) {
            let request = sample.with_body(&batch.with(&[]));
            check(subject, findings, &request, &format!("{} without its elements", sample.name)).await;
        }
    }
    let nothing = Sample::nothing();
    let sample = subject.samples.first().unwrap_or(&nothing);
    for body in BODIES {
        check(subject, findings, &sample.with_body(body), &format!("the body {body}")).await;
    }
}

async fn check(subject: &Subject<'_>, findings: &mut Findings, request: &Request, what: &str) {
    if subject.translation(request).await.is_some_and(|translation| translation.items.is_empty()) {
        findings.add(format!(
            "{what}: expected at least one item, found a translation without any; return an ignored item that says why, or \
             reject the request"
        ));
    }
}
