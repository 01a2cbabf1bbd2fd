//! Laws about the parts of a request beside its body: the time of arrival, the headers and the method.

use inlet_core::contract::{Field, Item, Request, Translation};

use super::{Findings, Subject, determinism::first_difference, sample::Sample};

/// Milliseconds between two arrivals of the same request: some 400 days, and no whole second, minute or hour.
const LATER_MS: u64 = 400 * 86_400_000 + 12_345_678;

/// Checks that the time of arrival is at most the time of an event, never its content.
pub(super) async fn arrival_time(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        let later = Request { received_at_ms: sample.request.received_at_ms + LATER_MS, ..sample.request.clone() };
        let before = subject.answer(&sample.request).await.map(|answer| answer.map(timeless));
        let after = subject.answer(&later).await.map(|answer| answer.map(timeless));
        if let Some(difference) = first_difference(&before, &after) {
            findings.add(format!(
                "{} at another received-at-ms: expected the same event types, users, data and keys, found others: \
                 {difference}",
                sample.name
            ));
        }
    }
}

/// Returns a translation without what may name the time of arrival.
fn timeless(mut translation: Translation) -> Translation {
    for item in &mut translation.items {
        if let Item::Event(event) = item {
            event.occurred_at = None;
            event.extras.clear();
        }
    }
    Translation { reply: None, memo: String::new(), ..translation }
}

/// Headers that senders, their libraries and proxies set. A plugin may read them only if its manifest lists them.
const COMMON_HEADERS: [&str; 40] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "baggage",
    "cf-connecting-ip",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "digest",
    "event-type",
    "forwarded",
    "from",
    "host",
    "idempotency-key",
    "origin",
    "referer",
    "signature",
    "svix-id",
    "svix-timestamp",
    "traceparent",
    "user-agent",
    "via",
    "webhook-id",
    "webhook-timestamp",
    "x-api-key",
    "x-correlation-id",
    "x-event",
    "x-event-id",
    "x-event-name",
    "x-event-type",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
    "x-signature",
    "x-topic",
    "x-webhook-id",
];

/// Values of the added headers: one that nobody sends, and one that selects another reading of the body.
const VALUES: [&str; 2] = ["inlet-conformance", "application/x-www-form-urlencoded"];

/// Checks that headers which the manifest does not list change nothing: an operator's `keep_headers` may pass any.
pub(super) async fn undeclared_headers(subject: &Subject<'_>, findings: &mut Findings) {
    let manifest = subject.plugin.manifest();
    let schemes = manifest.verification.iter();
    let verification = schemes.flat_map(|scheme| scheme.credential_headers().map(str::to_ascii_lowercase));
    let left_out = subject.samples.iter().flat_map(|sample| sample.left_out.iter().cloned());
    let mut names: Vec<String> =
        COMMON_HEADERS.into_iter().map(str::to_owned).chain(verification).chain(left_out).collect();
    names.retain(|name| !manifest.headers.contains(name));
    for sample in &subject.samples {
        let before = subject.answer(&sample.request).await;
        for value in VALUES {
            let all: Vec<Field> = names.iter().map(|name| Field::new(name.as_str(), value)).collect();
            if subject.answer(&with_headers(sample, &all)).await == before {
                continue;
            }
            let mut read = "some of them together".to_owned();
            for header in all {
                let name = header.name.clone();
                if subject.answer(&with_headers(sample, &[header])).await != before {
                    read = format!("the header {name:?}");
                    break;
                }
            }
            findings.add(format!(
                "{} with headers that the manifest does not list: expected the same translation, found one that depends on \
                 {read}; list what the plugin reads in headers",
                sample.name
            ));
            break;
        }
    }
}

fn with_headers(sample: &Sample, added: &[Field]) -> Request {
    let mut request = sample.request.clone();
    request.headers.extend(added.iter().cloned());
    request
}

/// Checks that something which is sent with each method of the manifest is translated, and that no example faults with
/// one. A method whose requests differ from the examples needs a case.
pub(super) async fn methods(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.shows_an_event().await {
        return;
    }
    for method in &subject.plugin.manifest().methods {
        let mut is_translated = false;
        let mut refused = String::new();
        for sample in &subject.samples {
            // A case is a request as the platform sends it, method included.
            if sample.event_type.is_none() && sample.request.method != *method {
                continue;
            }
            let request = Request { method: method.clone(), ..sample.request.clone() };
            match subject.answer(&request).await {
                Err(fault) => findings
                    .add(format!("{} sent with {method}: expected a translation, found a fault: {fault}", sample.name)),
                Ok(Err(notice)) => refused = format!("; the last one was rejected as {:?}", notice.code),
                Ok(Ok(translation)) => {
                    is_translated |= translation.items.iter().any(|item| !matches!(item, Item::Rejected(_)));
                }
            }
        }
        if !is_translated {
            findings.add(format!(
                "the manifest lists the method {method}: expected an example or a case that is translated when it is sent \
                 with it, found none{refused}; add a case with \"method\": \"{method}\", or leave the method out"
            ));
        }
    }
}
