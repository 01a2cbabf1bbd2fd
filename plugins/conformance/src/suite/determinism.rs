//! Laws about repeated requests, identical or with an unknown member.

use inlet_core::contract::{Item, Notice, Request, Translation, Value};

use super::{Findings, Subject};
use crate::{describe::described, diff::differences};

pub(super) type Answer = Result<Translation, Notice>;

pub(super) async fn same_output(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        let (first, second) = (subject.answer(&sample.request).await, subject.answer(&sample.request).await);
        findings.extend(difference(&sample.name, "twice", &first, &second));
    }
}

pub(super) async fn no_memory(subject: &Subject<'_>, findings: &mut Findings) {
    for (sample, other) in subject.samples.iter().zip(subject.samples.iter().skip(1)) {
        let before = subject.answer(&sample.request).await;
        let _other = subject.answer(&other.request).await;
        let after = subject.answer(&sample.request).await;
        findings.extend(difference(&sample.name, &format!("before and after {}", other.name), &before, &after));
    }
}

/// A function of its own for the tests: in this sandbox no plugin can violate these two laws, only a faulty host can.
fn difference(
    name: &str,
    when: &str,
    first: &Result<Answer, String>,
    second: &Result<Answer, String>,
) -> Option<String> {
    (first != second).then(|| format!("{name}: expected the same translation {when}, found two that differ"))
}

/// Describes the first difference of two answers, or returns `None` if they are equal. An answer may be a fault.
pub(super) fn first_difference(before: &Result<Answer, String>, after: &Result<Answer, String>) -> Option<String> {
    match (before, after) {
        (before, after) if before == after => None,
        (Ok(before), Ok(after)) => {
            let first = differences(&described(before), &described(after)).into_iter().next();
            Some(first.unwrap_or_else(|| "a sentence or a memo differs".to_owned()))
        }
        (_, Err(fault)) => Some(format!("a fault: {fault}")),
        (Err(fault), _) => Some(format!("before, a fault: {fault}")),
    }
}

/// Name of a member that no platform sends.
const UNKNOWN: &str = "inlet_conformance_unknown";

pub(super) async fn unknown_members(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in subject.examples() {
        let members = format!("\"{UNKNOWN}\":{{\"type\":\"x\",\"n\":[1,null]}}");
        let Some(request) = sample.with_members(&members) else { continue };
        let (Some(before), Some(after)) =
            (subject.translation(&sample.request).await, subject.translation(&request).await)
        else {
            findings.add(format!("{}: expected a translation with an unknown member too, found none", sample.name));
            continue;
        };
        if comparable_items(&before) != comparable_items(&after) {
            findings.add(format!(
                "{}: expected an unknown member to change nothing, found another translation",
                sample.name
            ));
        }
    }
}

/// Returns the items without the parts that an unknown member may change: an object that is passed on whole.
fn comparable_items(translation: &Translation) -> Vec<Item> {
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

impl Subject<'_> {
    /// Translates a request. A fault is reported by another law; here it only has to be equal to itself.
    pub(super) async fn answer(&self, request: &Request) -> Result<Answer, String> {
        self.plugin.translate(request, &self.limits).await.result.map_err(|fault| fault.to_string())
    }

    /// Translates a request; `None` if it is rejected or the plugin faults.
    pub(super) async fn translation(&self, request: &Request) -> Option<Translation> {
        self.answer(request).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_translations_that_differ_are_told_and_two_that_do_not_are_not() {
        let memo = |memo: &str| Ok(Ok(Translation { items: Vec::new(), reply: None, memo: memo.to_owned() }));
        assert_eq!(difference("example 1", "twice", &memo("a"), &memo("a")), None);
        insta::assert_snapshot!(difference("example 1", "twice", &memo("a"), &memo("b")).unwrap_or_default(), @"example 1: expected the same translation twice, found two that differ");
        let fault = Err("the plugin crashed".to_owned());
        insta::assert_snapshot!(difference("example 2", "before and after case x", &memo("a"), &fault).unwrap_or_default(), @"example 2: expected the same translation before and after case x, found two that differ");
    }
}
