//! Laws about the same request asked for again, as it is or nearly so.

use inlet_core::contract::{Item, Notice, Request, Translation, Value};

use super::{Found, Run};

type Answer = Result<Translation, Notice>;

pub(super) async fn same_output(run: &Run<'_>, found: &mut Found) {
    for sample in &run.samples {
        let (first, second) = (run.answer(&sample.request).await, run.answer(&sample.request).await);
        found.extend(differing(&sample.name, "twice", &first, &second));
    }
}

pub(super) async fn no_memory(run: &Run<'_>, found: &mut Found) {
    for (sample, other) in run.samples.iter().zip(run.samples.iter().skip(1)) {
        let before = run.answer(&sample.request).await;
        let _other = run.answer(&other.request).await;
        let after = run.answer(&sample.request).await;
        found.extend(differing(&sample.name, &format!("before and after {}", other.name), &before, &after));
    }
}

/// Apart from the calls, because in this sandbox no plugin can break these two laws: only a host can.
fn differing(
    name: &str,
    when: &str,
    first: &Result<Answer, String>,
    second: &Result<Answer, String>,
) -> Option<String> {
    (first != second).then(|| format!("{name}: expected the same translation {when}, found two that differ"))
}

/// The name of a member that no platform sends.
const UNKNOWN: &str = "inlet_conformance_unknown";

pub(super) async fn unknown_members(run: &Run<'_>, found: &mut Found) {
    for sample in run.examples() {
        let members = format!("\"{UNKNOWN}\":{{\"type\":\"x\",\"n\":[1,null]}}");
        let Some(request) = sample.with_members(&members) else { continue };
        let (Some(before), Some(after)) = (run.translation(&sample.request).await, run.translation(&request).await)
        else {
            found.add(format!("{}: expected a translation with an unknown member too, found none", sample.name));
            continue;
        };
        if shown(&before) != shown(&after) {
            found.add(format!(
                "{}: expected an unknown member to change nothing, found another translation",
                sample.name
            ));
        }
    }
}

/// A translation but for what an unknown member may reach: an object that is passed on whole.
fn shown(translation: &Translation) -> Vec<Item> {
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

impl Run<'_> {
    /// What a request becomes; a fault is another law's finding, and equals itself.
    pub(super) async fn answer(&self, request: &Request) -> Result<Answer, String> {
        self.plugin.translate(request, &self.limits).await.result.map_err(|fault| fault.to_string())
    }

    /// What a request becomes, if it is translated at all.
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
        assert_eq!(differing("example 1", "twice", &memo("a"), &memo("a")), None);
        insta::assert_snapshot!(differing("example 1", "twice", &memo("a"), &memo("b")).unwrap_or_default(), @"example 1: expected the same translation twice, found two that differ");
        let fault = Err("the plugin crashed".to_owned());
        insta::assert_snapshot!(differing("example 2", "before and after case x", &memo("a"), &fault).unwrap_or_default(), @"example 2: expected the same translation before and after case x, found two that differ");
    }
}
