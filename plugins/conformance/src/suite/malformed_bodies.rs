//! The law that no body makes a plugin fault, checked with bodies that no platform sends.

use inlet_core::contract::Request;

use super::{
    Findings, Subject,
    sample::{Sample, with_members},
};
use crate::{
    case::body_of,
    laws::{Random, damaged},
};

/// Number of samples that are damaged. The law tests a plugin's reader, so a few suffice.
const SAMPLES: usize = 12;

pub(super) async fn no_faults(subject: &Subject<'_>, findings: &mut Findings) {
    let mut random = Random(subject.seed);
    for sample in subject.samples.iter().take(SAMPLES) {
        let body = sample.request.body.as_bytes();
        for round in 1..=subject.rounds {
            try_body(subject, findings, sample, damaged(body, &mut random), &format!("damaged, round {round}")).await;
            let cut = random.below(body.len() + 1);
            try_body(subject, findings, sample, body[..cut].to_vec(), &format!("cut at byte {cut}")).await;
            let length = random.below(64);
            let noise = (0..length).map(|_| random.below(256) as u8).collect();
            try_body(subject, findings, sample, noise, &format!("replaced by noise, round {round}")).await;
        }
        // The hard members come first in an object that the reader expects. A body of nothing else could be rejected at
        // its first byte.
        for (level, object) in sample.objects().into_iter().enumerate() {
            for (what, member) in hard_members() {
                let Some(body) = with_members(sample.text(), object, &member) else { continue };
                try_body(subject, findings, sample, body.into_bytes(), &format!("with {what} in object {level}")).await;
            }
        }
    }
    let nothing = Sample::nothing();
    let sample = subject.samples.first().unwrap_or(&nothing);
    for (what, body) in extreme_bodies() {
        try_body(subject, findings, sample, body, what).await;
    }
}

fn nested(levels: usize) -> String {
    ["[".repeat(levels), "]".repeat(levels)].concat()
}

/// Members that are expensive or difficult to skip.
fn hard_members() -> [(&'static str, String); 4] {
    let long = "x".repeat(1 << 20);
    let objects = ["{\"a\":".repeat(100_000), "1".to_owned(), "}".repeat(100_000)].concat();
    [
        ("120 levels", format!("\"inlet_deep\":{}", nested(120))),
        ("100000 levels", format!("\"inlet_deep\":{}", nested(100_000))),
        ("100000 objects in each other", format!("\"inlet_deep\":{objects}")),
        ("a text of 1 MiB", format!("\"inlet_long\":\"{long}\"")),
    ]
}

fn extreme_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let large = format!("{{\"type\":\"track\",\"event\":\"E\",\"properties\":{{\"a\":\"{}\"}}}}", "x".repeat(4 << 20));
    vec![
        ("replaced by nothing", Vec::new()),
        ("replaced by 129 levels", nested(129).into_bytes()),
        ("replaced by 100000 levels", nested(100_000).into_bytes()),
        ("replaced by 100000 open brackets", "[".repeat(100_000).into_bytes()),
        ("replaced by bytes that are not UTF-8", vec![0xff, 0xfe, 0x80, b'{', b'}']),
        ("replaced by an object of 4 MiB", large.into_bytes()),
        ("replaced by a number of 100000 digits", "9".repeat(100_000).into_bytes()),
    ]
}

async fn try_body(subject: &Subject<'_>, findings: &mut Findings, sample: &Sample, body: Vec<u8>, what: &str) {
    let request = Request { body: body_of(body), ..sample.request.clone() };
    if let Err(fault) = subject.answer(&request).await {
        findings.add(format!("{} {what}: expected a translation or a rejection, found a fault: {fault}", sample.name));
    }
}
