//! Laws about bodies that no platform means to send.

use inlet_core::contract::Request;

use super::{Found, Run, sample::Sample};
use crate::{
    case::body_of,
    laws::{Random, damaged},
};

/// How many samples are damaged: the law is about readers, not about every case.
const SAMPLES: usize = 12;

pub(super) async fn no_faults(run: &Run<'_>, found: &mut Found) {
    let mut random = Random(run.seed);
    for sample in run.samples.iter().take(SAMPLES) {
        let body = sample.request.body.as_bytes();
        for round in 1..=run.rounds {
            try_body(run, found, sample, damaged(body, &mut random), &format!("damaged, round {round}")).await;
            let cut = random.below(body.len() + 1);
            try_body(run, found, sample, body[..cut].to_vec(), &format!("cut at byte {cut}")).await;
            let length = random.below(64);
            let noise = (0..length).map(|_| random.below(256) as u8).collect();
            try_body(run, found, sample, noise, &format!("replaced by noise, round {round}")).await;
        }
    }
    if let Some(sample) = run.samples.first() {
        for (what, body) in extremes() {
            try_body(run, found, sample, body, what).await;
        }
    }
}

fn extremes() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat().into_bytes();
    let large = format!("{{\"type\":\"track\",\"event\":\"E\",\"properties\":{{\"a\":\"{}\"}}}}", "x".repeat(4 << 20));
    vec![
        ("replaced by nothing", Vec::new()),
        ("replaced by 129 levels", deep(129)),
        ("replaced by 100000 levels", deep(100_000)),
        ("replaced by 100000 open brackets", "[".repeat(100_000).into_bytes()),
        ("replaced by bytes that are not UTF-8", vec![0xff, 0xfe, 0x80, b'{', b'}']),
        ("replaced by an object of 4 MiB", large.into_bytes()),
        ("replaced by a number of 100000 digits", "9".repeat(100_000).into_bytes()),
    ]
}

async fn try_body(run: &Run<'_>, found: &mut Found, sample: &Sample, body: Vec<u8>, what: &str) {
    let request = Request { body: body_of(body), ..sample.request.clone() };
    if let Err(fault) = run.answer(&request).await {
        found.add(format!("{} {what}: expected a translation or a rejection, found a fault: {fault}", sample.name));
    }
}
