//! Computes the new mappings of a source environment from the complete list in a request. Existing mappings are recognised,
//! so that they keep their id and their creation time.

use std::collections::{HashMap, HashSet};

use inlet_api_types::{RawJson, sources::MappingRequest};
use inlet_core::{
    Uuid, actions,
    json::{self, Kind},
    mapping::{self, BadMapping},
};
use inlet_engine::snapshot::new_id;
use inlet_store::MappingRecord;

use crate::error::ApiError;

/// The most mappings of one source environment.
const MAX_MAPPINGS: usize = 1000;

/// The identity of a mapping: event type, action type, and parameters as [`canonical`] text.
type Content = (String, String, String);

/// A mapping of the request, checked.
struct CheckedMapping {
    /// The path in the request.
    field: String,
    id: Option<Uuid>,
    content: Content,
    parameters: String,
    active: bool,
}

/// Returns the mappings after the change. `field` is the path of the list in the request.
pub fn change(
    requests: &[MappingRequest],
    field: &str,
    present: &[MappingRecord],
    now_ms: i64,
) -> Result<Vec<MappingRecord>, ApiError> {
    let mut checked = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        checked.extend(check(request, format!("{field}[{index}]"))?);
    }
    if checked.len() > MAX_MAPPINGS {
        let message = format!("found {} mappings, expected at most {MAX_MAPPINGS}", checked.len());
        return Err(ApiError::invalid(field, message));
    }
    check_duplicates(&checked)?;
    let by_id: HashMap<Uuid, &MappingRecord> = present.iter().map(|record| (record.id, record)).collect();
    let named: HashSet<Uuid> = checked.iter().filter_map(|mapping| mapping.id).collect();
    // A mapping with an id is matched by the id alone, so its record is not matched by content.
    let by_content: HashMap<Content, &MappingRecord> = present
        .iter()
        .filter(|record| !named.contains(&record.id))
        .map(|record| (content_of(record), record))
        .collect();
    checked
        .into_iter()
        .map(|mapping| match mapping.id {
            None => Ok(mapping.record(by_content.get(&mapping.content).copied(), now_ms)),
            Some(id) => match by_id.get(&id) {
                Some(record) => Ok(mapping.record(Some(record), now_ms)),
                None => {
                    let message = format!("there is no mapping {id} here; leave the id out to make a new mapping");
                    Err(ApiError::invalid(format!("{}.id", mapping.field), message))
                }
            },
        })
        .collect()
}

impl CheckedMapping {
    /// Returns the record after the change, which is the present record if nothing differs.
    fn record(&self, present: Option<&MappingRecord>, now_ms: i64) -> MappingRecord {
        if let Some(record) = present
            && record.active == self.active
            && content_of(record) == self.content
        {
            return record.clone();
        }
        let (event_type, action_type, _) = self.content.clone();
        MappingRecord {
            // New mappings of one request have the same creation time. Their increasing ids keep their order.
            id: present.map_or_else(new_id, |record| record.id),
            event_type,
            action_type,
            parameters: self.parameters.clone(),
            active: self.active,
            created_at_ms: present.map_or(now_ms, |record| record.created_at_ms),
            updated_at_ms: now_ms,
        }
    }
}

/// Checks one mapping. Returns `None` if it is marked as deleted.
fn check(request: &MappingRequest, field: String) -> Result<Option<CheckedMapping>, ApiError> {
    if request.is_deleted == Some(true) {
        return Ok(None);
    }
    let id = request.id.as_deref().map(|text| parse_id(text, &field)).transpose()?;
    let event_type = required(request.event_type.as_ref(), &field, "event_type")?;
    let action_type = required(request.action_type.as_ref(), &field, "action_type")?;
    let parameters = request.action_parameters.as_ref().map_or("{}", RawJson::as_text).to_owned();
    let named = |error: BadMapping| ApiError::invalid(format!("{field}.{}", error.field), error.message);
    mapping::check_event_type(&event_type).map_err(named)?;
    actions::parse_action(&action_type, &parameters).map_err(named)?;
    let content = (event_type, action_type, canonical(&parameters));
    let active = request.active.unwrap_or(true);
    Ok(Some(CheckedMapping { field, id, content, parameters, active }))
}

fn parse_id(text: &str, field: &str) -> Result<Uuid, ApiError> {
    let message = "it is not an id as this API gives them (a UUID)";
    Uuid::try_parse(text).map_err(|_| ApiError::invalid(format!("{field}.id"), message))
}

/// The struct allows these members to be absent, because a deleted mapping needs none.
fn required(text: Option<&String>, field: &str, member: &str) -> Result<String, ApiError> {
    let missing = || ApiError::invalid(format!("{field}.{member}"), "it is missing; expected a string");
    text.cloned().ok_or_else(missing)
}

fn check_duplicates(mappings: &[CheckedMapping]) -> Result<(), ApiError> {
    let mut ids: HashMap<Uuid, &str> = HashMap::new();
    let mut contents: HashMap<&Content, &str> = HashMap::new();
    for CheckedMapping { field, id, content, .. } in mappings {
        let twin = id.and_then(|id| ids.insert(id, field)).or(contents.insert(content, field));
        if let Some(twin) = twin {
            return Err(ApiError::invalid(field, format!("it is the same mapping as {twin}; give each once")));
        }
    }
    Ok(())
}

fn content_of(record: &MappingRecord) -> Content {
    (record.event_type.clone(), record.action_type.clone(), canonical(&record.parameters))
}

/// Normalises JSON text: sorts members, removes white space, and rewrites escapes. Numbers keep their digits.
fn canonical(text: &str) -> String {
    match Kind::of(text) {
        Kind::Object => {
            let mut members: Vec<_> = json::members(text).unwrap_or_default().into_iter().collect();
            members.sort_unstable();
            let members: Vec<_> = members.into_iter().map(|(key, value)| (key, canonical(value))).collect();
            json::object(members.iter().map(|(key, value)| (key, value.as_str())))
        }
        Kind::Array => json::array(json::items(text).unwrap_or_default().into_iter().map(canonical)),
        Kind::String => json::string(text).map_or_else(|| text.trim().to_owned(), |text| json::quote(&text)),
        _ => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    /// A body with a path for the refusals.
    #[derive(serde::Deserialize)]
    struct Body {
        m: Vec<MappingRequest>,
    }

    fn apply(list: &str, present: &[MappingRecord], now_ms: i64) -> Result<Vec<MappingRecord>, String> {
        let body = JsonBody::of(&format!(r#"{{"m":{list}}}"#));
        let changed = body.read::<Body>().and_then(|body| change(&body.m, "m", present, now_ms));
        changed.map_err(|error| format!("{}: {error}", error.field().unwrap_or("-")))
    }

    fn trigger(event_type: &str, parameters: &str, more: &str) -> String {
        format!(
            r#"{{"event_type":"{event_type}","action_type":"workflows_trigger","action_parameters":{parameters}{more}}}"#
        )
    }

    #[test]
    fn unchanged_ones_keep_their_age_whatever_the_order_and_the_white_space() {
        let first = trigger("a", r#"{"key":"k","data":{"n":{"value":1.10},"s":"data.é"}}"#, "");
        let present = apply(&format!("[{first},{}]", trigger("b", r#"{"key":"k"}"#, "")), &[], 10).unwrap();
        assert!(present[0].id < present[1].id && present[0].active);
        let again = trigger("a", r#"{ "data": {"s":"data.\u00e9", "n": {"value": 1.10}}, "key":"k" }"#, "");
        let list = format!("[{},{again}]", trigger("c", r#"{"key":"k"}"#, ""));
        let next = apply(&list, &present, 20).unwrap();
        assert_eq!(next[1], present[0]);
        assert_eq!((next[0].created_at_ms, next[0].updated_at_ms), (20, 20));
        assert_eq!(next.len(), 2, "what is not in the list is gone");
    }

    #[test]
    fn digits_are_kept_and_count() {
        let present =
            apply(&format!("[{}]", trigger("a", r#"{"key":"k","data":{"value":9007199254740993}}"#, "")), &[], 1);
        let present = present.unwrap();
        assert_eq!(present[0].parameters, r#"{"key":"k","data":{"value":9007199254740993}}"#);
        let other = trigger("a", r#"{"key":"k","data":{"value":9007199254740992}}"#, "");
        assert_ne!(apply(&format!("[{other}]"), &present, 2).unwrap()[0].id, present[0].id);
    }

    #[test]
    fn an_id_keeps_the_age_of_a_changed_one() {
        let present = apply(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, "")), &[], 10).unwrap();
        let id = format!(r#","id":"{}""#, present[0].id);
        let changed = apply(&format!("[{}]", trigger("a", r#"{"key":"other"}"#, &id)), &present, 20).unwrap();
        assert_eq!(changed[0].id, present[0].id);
        assert_eq!((changed[0].created_at_ms, changed[0].updated_at_ms), (10, 20));
        // The old content beside it is a new mapping: the old one is taken.
        let both = format!("[{},{}]", trigger("a", r#"{"key":"k"}"#, ""), trigger("a", r#"{"key":"other"}"#, &id));
        let both = apply(&both, &present, 20).unwrap();
        assert_eq!((both[0].created_at_ms, both[1].created_at_ms), (20, 10));
        assert_ne!(both[0].id, both[1].id);
    }

    #[test]
    fn switching_one_off_changes_it_and_keeps_its_age() {
        let present = apply(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, "")), &[], 10).unwrap();
        let off = apply(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, r#","active":false"#)), &present, 20).unwrap();
        assert_eq!((off[0].id, off[0].active), (present[0].id, false));
        assert_eq!((off[0].created_at_ms, off[0].updated_at_ms), (10, 20));
    }

    #[test]
    fn what_is_deleted_is_left_out_and_parameters_may_be_absent() {
        let list = format!(
            r#"[{},{{"event_type":"identify","action_type":"users_identify","action_parameters":null,"is_deleted":false}}]"#,
            trigger("a", r#"{"key":"k"}"#, r#","is_deleted":true"#)
        );
        let records = apply(&list, &[], 1).unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].parameters, "{}");
        let again = r#"[{"event_type":"identify","action_type":"users_identify"}]"#;
        assert_eq!(apply(again, &records, 2).unwrap(), records);
    }

    #[test]
    fn refusals_name_the_mapping() {
        let error = |list: &str| apply(list, &[], 1).unwrap_err();
        let key = trigger("a", r#"{"key":"k"}"#, "");
        insta::assert_snapshot!(error("{}"), @"m: found an object, expected an array");
        insta::assert_snapshot!(error(r#"[{"action_type":"users_identify"}]"#), @"m[0].event_type: it is missing; expected a string");
        insta::assert_snapshot!(error(&format!("[{key},{}]", trigger("b", "{}", ""))), @"m[1].action_parameters.key: it is missing; expected a string");
        insta::assert_snapshot!(error(&format!("[{}]", trigger("", r#"{"key":"k"}"#, ""))), @r#"m[0].event_type: it is empty; expected for example "track/Order Completed""#);
        insta::assert_snapshot!(error(&format!("[{key},{}]", trigger("a", r#"{ "key":"k"}"#, r#","active":false"#))), @"m[1]: it is the same mapping as m[0]; give each once");
        insta::assert_snapshot!(error(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, r#","id":"7""#))), @"m[0].id: it is not an id as this API gives them (a UUID)");
        insta::assert_snapshot!(error(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, r#","id":"00000000-0000-7000-8000-000000000000""#))), @"m[0].id: there is no mapping 00000000-0000-7000-8000-000000000000 here; leave the id out to make a new mapping");
        insta::assert_snapshot!(error(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, r#","actve":true"#))), @r#"m[0].actve: there is no such member; the nearest is "active""#);
        let many: Vec<_> = (0..1001).map(|n| trigger(&n.to_string(), r#"{"key":"k"}"#, "")).collect();
        insta::assert_snapshot!(error(&format!("[{}]", many.join(","))), @"m: found 1001 mappings, expected at most 1000");
    }
}
