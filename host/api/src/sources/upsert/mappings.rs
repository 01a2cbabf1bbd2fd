//! Computes the new mappings of a source environment from the complete list in a request. Existing mappings are recognised,
//! so that they keep their id and their creation time.

use std::collections::{HashMap, HashSet};

use inlet_core::{
    Uuid, actions,
    json::{self, Kind},
    mapping::{self, BadMapping},
};
use inlet_engine::snapshot::new_id;
use inlet_store::MappingRecord;

use crate::{body::Given, error::ApiError};

/// The most mappings of one source environment.
const MAX_MAPPINGS: usize = 1000;

/// The identity of a mapping: event type, action type, and parameters as [`canonical`] text.
type Content = (String, String, String);

/// A mapping of the request, checked.
struct Asked<'a> {
    given: Given<'a>,
    id: Option<Uuid>,
    content: Content,
    parameters: String,
    active: bool,
}

/// Returns the mappings after the change.
pub fn change(given: &Given<'_>, present: &[MappingRecord], now_ms: i64) -> Result<Vec<MappingRecord>, ApiError> {
    let mut asked = Vec::new();
    for item in given.items()? {
        asked.extend(read(item)?);
    }
    if asked.len() > MAX_MAPPINGS {
        return Err(given.refuse(format!("found {} mappings, expected at most {MAX_MAPPINGS}", asked.len())));
    }
    check_duplicates(&asked)?;
    let by_id: HashMap<Uuid, &MappingRecord> = present.iter().map(|record| (record.id, record)).collect();
    let named: HashSet<Uuid> = asked.iter().filter_map(|asked| asked.id).collect();
    // A mapping with an id is matched by the id alone, so its record is not matched by content.
    let by_content: HashMap<Content, &MappingRecord> = present
        .iter()
        .filter(|record| !named.contains(&record.id))
        .map(|record| (content_of(record), record))
        .collect();
    asked
        .into_iter()
        .map(|asked| match asked.id {
            None => Ok(asked.settle(by_content.get(&asked.content).copied(), now_ms)),
            Some(id) => match by_id.get(&id) {
                Some(record) => Ok(asked.settle(Some(record), now_ms)),
                None => {
                    let message = format!("there is no mapping {id} here; leave the id out to make a new mapping");
                    Err(ApiError::invalid(format!("{}.id", asked.given.field), message))
                }
            },
        })
        .collect()
}

impl Asked<'_> {
    /// Returns the record after the change, which is the present record if nothing differs.
    fn settle(&self, present: Option<&MappingRecord>, now_ms: i64) -> MappingRecord {
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
fn read(given: Given<'_>) -> Result<Option<Asked<'_>>, ApiError> {
    let mut members = given.object()?;
    if members.take_some("is_deleted").map(|given| given.bool()).transpose()? == Some(true) {
        return Ok(None);
    }
    let id = members.take_some("id").map(|given| read_id(&given)).transpose()?;
    let event_type = members.take_required("event_type", "a string")?.string()?;
    let action_type = members.take_required("action_type", "a string")?.string()?;
    let parameters = members.take_some("action_parameters").map_or("{}", |given| given.text.trim()).to_owned();
    let active = members.take_some("active").map(|given| given.bool()).transpose()?.unwrap_or(true);
    members.ignore(&["created_at", "updated_at"]);
    members.finish()?;
    let named = |error: BadMapping| ApiError::invalid(format!("{}.{}", given.field, error.field), error.message);
    mapping::check_event_type(&event_type).map_err(named)?;
    actions::parse_action(&action_type, &parameters).map_err(named)?;
    let content = (event_type, action_type, canonical(&parameters));
    Ok(Some(Asked { given, id, content, parameters, active }))
}

fn read_id(given: &Given<'_>) -> Result<Uuid, ApiError> {
    Uuid::try_parse(&given.string()?).map_err(|_| given.refuse("it is not an id as this API gives them (a UUID)"))
}

fn check_duplicates(asked: &[Asked<'_>]) -> Result<(), ApiError> {
    let mut ids: HashMap<Uuid, &str> = HashMap::new();
    let mut contents: HashMap<&Content, &str> = HashMap::new();
    for Asked { given, id, content, .. } in asked {
        let twin = id.and_then(|id| ids.insert(id, &given.field)).or(contents.insert(content, &given.field));
        if let Some(twin) = twin {
            return Err(given.refuse(format!("it is the same mapping as {twin}; give each once")));
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

    fn apply(list: &str, present: &[MappingRecord], now_ms: i64) -> Result<Vec<MappingRecord>, String> {
        change(&Given { text: list, field: "m".to_owned() }, present, now_ms)
            .map_err(|error| format!("{}: {error}", error.field().unwrap_or("-")))
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
        insta::assert_snapshot!(error(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, r#","actve":true"#))), @"m[0].actve: there is no such member; see /openapi.json for those there are");
        let many: Vec<_> = (0..1001).map(|n| trigger(&n.to_string(), r#"{"key":"k"}"#, "")).collect();
        insta::assert_snapshot!(error(&format!("[{}]", many.join(","))), @"m: found 1001 mappings, expected at most 1000");
    }
}
