//! Two laws that need only cases, without a manifest's examples.
//!
//! The bodies are those of the cases, damaged from a fixed seed, so failures are reproducible.

use inlet_core::contract::Request;
use inlet_sandbox::{Limits, Plugin};

use crate::{
    case::{Case, body_of},
    case_run::as_received,
};

/// Checks that the same request gives the same translation. The error names the first case that differs.
pub async fn same_input_same_output(plugin: &Plugin, cases: &[Case], limits: &Limits) -> Result<(), String> {
    for case in cases {
        let request = as_received(plugin.manifest(), &case.request)?;
        let first = plugin.translate(&request, limits).await.result;
        let second = plugin.translate(&request, limits).await.result;
        if first != second {
            return Err(format!("{}: first {first:?}, then {second:?}", case.name));
        }
    }
    Ok(())
}

/// Checks that no damaged body makes the plugin fault: it must be rejected with a reason, or translated as far as it
/// can be read. Every case is damaged in `rounds` ways. The error shows the first body that faults.
pub async fn no_body_faults(
    plugin: &Plugin,
    cases: &[Case],
    limits: &Limits,
    seed: u64,
    rounds: u32,
) -> Result<(), String> {
    let mut random = Random(seed);
    for case in cases {
        let request = as_received(plugin.manifest(), &case.request)?;
        for _ in 0..rounds {
            let body = damaged(request.body.as_bytes(), &mut random);
            let request = Request { body: body_of(body), ..request.clone() };
            if let Err(fault) = plugin.translate(&request, limits).await.result {
                let body = String::from_utf8_lossy(request.body.as_bytes()).into_owned();
                return Err(format!("{}: {fault}\nthe body was {body:?}", case.name));
            }
        }
    }
    Ok(())
}

/// Byte sequences that readers of JSON may not handle.
const SPLINTERS: [&[u8]; 16] = [
    b"{", b"}", b"[", b"]", b"\"", b"\\", b",", b":", b"null", b"1E400", b"-0", b"\\ud800", b"\xff", b"\0", b"\n",
    b"{\"\":",
];

pub(crate) fn damaged(body: &[u8], random: &mut Random) -> Vec<u8> {
    let mut body = body.to_vec();
    match random.below(4) {
        0 => body.truncate(random.below(body.len() + 1)),
        1 => {
            let (from, to) = random.range(body.len());
            body.drain(from..to);
        }
        2 => {
            let (from, to) = random.range(body.len());
            let twice = body[from..to].to_vec();
            body.splice(to..to, twice);
        }
        _ => {
            for _ in 0..=random.below(4) {
                let (from, to) = random.range(body.len());
                let to = to.min(from + random.below(3));
                body.splice(from..to, SPLINTERS[random.below(SPLINTERS.len())].iter().copied());
            }
        }
    }
    body
}

/// The SplitMix64 generator: sufficient for damage, and identical on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn range(&mut self, length: usize) -> (usize, usize) {
        let (a, b) = (self.below(length + 1), self.below(length + 1));
        (a.min(b), a.max(b))
    }
}
