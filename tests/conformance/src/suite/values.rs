//! Laws about what pointers lead to.

use inlet_core::{contract::Value, json};

use super::{
    Found, Run,
    sample::{events, with_members},
};

pub(super) async fn originals(run: &Run<'_>, found: &mut Found) {
    for sample in &run.samples {
        let Some(translation) = run.translation(&sample.request).await else { continue };
        for at in events(&translation).filter_map(|event| event.original.as_deref()).filter(|at| !at.is_empty()) {
            if resolved(sample.text(), at).is_none() {
                found.add(format!("{}: expected the original at {at:?}, found nothing there", sample.name));
            }
        }
    }
}

/// Members that a reader of JSON may spoil.
const ODD: &str = concat!(
    r#""inlet_n":9007199254740993,"inlet_p":1.10,"inlet_e":-1E400,"inlet_u":"\u2603 ☃ \"\\\/","#,
    r#""$serde_json::private::Number":"1","$serde_json::private::RawValue":"2","inlet_d":1,"inlet_d":2"#
);

pub(super) async fn survive(run: &Run<'_>, found: &mut Found) {
    for sample in run.examples() {
        let Some(translation) = run.translation(&sample.request).await else { continue };
        for (index, event) in events(&translation).enumerate() {
            let Some(Value::At(at)) = &event.data else { continue };
            let Some(offset) = offset(sample.text(), at) else { continue };
            let Some(body) = with_members(sample.text(), offset, ODD) else { continue };
            let again = run.translation(&sample.with_body(&body)).await;
            let data = again.as_ref().and_then(|again| events(again).nth(index)?.data.clone());
            let kept = match &data {
                Some(Value::At(at)) => resolved(&body, at).is_some_and(|text| text.contains(ODD)),
                _ => false,
            };
            if !kept {
                found.add(format!(
                    "{} with odd members at {at:?}: expected data to be the very text that was sent, found something else",
                    sample.name
                ));
            }
        }
    }
}

/// What a pointer names in a body, be it one text or several on lines.
pub(super) fn resolved<'a>(body: &'a str, at: &str) -> Option<&'a str> {
    let mut cut = json::Cut::new();
    let slot = cut.add(at);
    cut.resolve(body).get(slot)
}

/// Where in a body the value of a pointer starts.
fn offset(body: &str, at: &str) -> Option<usize> {
    let value = resolved(body, at)?;
    value.starts_with('{').then(|| (value.as_ptr() as usize).checked_sub(body.as_ptr() as usize)).flatten()
}
