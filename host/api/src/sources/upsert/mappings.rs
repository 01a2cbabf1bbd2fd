//! Computes the new mappings of a source environment from the complete list in a request. Existing mappings are recognised,
//! so that they keep their id and their creation time.

use std::collections::{HashMap, HashSet};

use inlet_api_types::{RawJson, sources::MappingRequest};
use inlet_core::{
    Uuid,
    actions::{self, Syntax},
    json::{self, Kind},
    mapping::{self, BadMapping, Condition, condition},
    variables::Variables,
};
use inlet_engine::snapshot::new_id;
use inlet_store::MappingRecord;

use crate::error::ApiError;

/// The most mappings of one source environment.
const MAX_MAPPINGS: usize = 1000;

/// The identity of a mapping: event type, action type, and parameters and condition as [`json::canonical`] text.
type Content = (String, String, String, Option<String>);

/// A mapping of the request, checked.
struct CheckedMapping {
    /// The path in the request.
    field: String,
    id: Option<Uuid>,
    content: Content,
    when: Option<String>,
    parameters: String,
    active: bool,
    /// The refusal of the parameters. A mapping that was saved before there were forms is kept as it is nevertheless.
    refusal: Option<ApiError>,
    /// The refusal of what can be parsed and can never work. A mapping that was saved before is kept as it is nevertheless.
    unworkable: Option<ApiError>,
}

/// Returns the mappings after the change. `field` is the path of the list in the request.
pub fn change(
    requests: &[MappingRequest],
    field: &str,
    present: &[MappingRecord],
    variables: &Variables,
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
            None => {
                let present = by_content.get(&mapping.content).copied();
                mapping.record(present, variables, now_ms)
            }
            Some(id) => match by_id.get(&id) {
                Some(record) => mapping.record(Some(record), variables, now_ms),
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
    fn record(
        self,
        present: Option<&MappingRecord>,
        variables: &Variables,
        now_ms: i64,
    ) -> Result<MappingRecord, ApiError> {
        let same = present.filter(|record| content_of(record) == self.content);
        if let Some(record) = same.filter(|record| record.active == self.active) {
            return Ok(record.clone());
        }
        // What was saved before there were variables may read a member `vars` of the item, and stays.
        if same.is_none() {
            self.check_variables(variables)?;
        }
        // What an earlier version saved stays, even if it can never work.
        if let (None, Some(unworkable)) = (same, self.unworkable) {
            return Err(unworkable);
        }
        // What was saved before there were forms keeps its meaning until it is changed.
        let forms = same.is_none_or(|record| record.forms);
        if let (true, Some(refusal)) = (forms, self.refusal) {
            return Err(refusal);
        }
        let (event_type, action_type, ..) = self.content;
        Ok(MappingRecord {
            // New mappings of one request have the same creation time. Their increasing ids keep their order.
            id: present.map_or_else(new_id, |record| record.id),
            event_type,
            action_type,
            when: self.when,
            parameters: self.parameters,
            forms,
            active: self.active,
            created_at_ms: present.map_or(now_ms, |record| record.created_at_ms),
            updated_at_ms: now_ms,
        })
    }
}

impl CheckedMapping {
    fn check_variables(&self, variables: &Variables) -> Result<(), ApiError> {
        let refused = |member: &str, message| Err(ApiError::invalid(format!("{}.{member}", self.field), message));
        for name in actions::variable_references(&self.parameters, None) {
            variables.check_reference(&name).or_else(|message| refused("action_parameters", message))?;
        }
        for name in actions::variable_references("{}", self.when.as_deref()) {
            variables.check_reference(&name).or_else(|message| refused("when", message))?;
        }
        Ok(())
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
    let when = request.when.as_ref().map(RawJson::as_text).filter(|text| Kind::of(text) != Kind::Null);
    when.map(Condition::parse).transpose().map_err(named)?;
    let when = when.map(str::to_owned);
    let refusal = match actions::parse_action(&action_type, &parameters) {
        Ok(_) => None,
        Err(error) => {
            let was_valid = actions::parse_action_in(Syntax::Plain, &action_type, &parameters).is_ok();
            let refusal = named(error);
            if !was_valid {
                return Err(refusal);
            }
            Some(refusal)
        }
    };
    let workable = if refusal.is_none() { actions::check_workable(&action_type, &parameters) } else { Ok(()) };
    let workable = workable.and_then(|()| when.as_deref().map_or(Ok(()), condition::check_constants));
    let unworkable = workable.map_err(named).err();
    let content = (event_type, action_type, json::canonical(&parameters), when.as_deref().map(json::canonical));
    let active = request.active.unwrap_or(true);
    Ok(Some(CheckedMapping { field, id, content, when, parameters, active, refusal, unworkable }))
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
    let when = record.when.as_deref().map(json::canonical);
    (record.event_type.clone(), record.action_type.clone(), json::canonical(&record.parameters), when)
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
        let changed = body.read::<Body>().and_then(|body| change(&body.m, "m", present, &Variables::default(), now_ms));
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
            apply(&format!("[{}]", trigger("a", r#"{"key":"k","data":{"n":{"value":9007199254740993}}}"#, "")), &[], 1);
        let present = present.unwrap();
        assert_eq!(present[0].parameters, r#"{"key":"k","data":{"n":{"value":9007199254740993}}}"#);
        let other = trigger("a", r#"{"key":"k","data":{"n":{"value":9007199254740992}}}"#, "");
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
    fn a_condition_is_part_of_a_mapping() {
        let with = |when: &str| trigger("a", r#"{"key":"k"}"#, &format!(r#","when":{when}"#));
        let list = format!("[{},{}]", with(r#"{"data.plan":"pro"}"#), with("null"));
        let present = apply(&list, &[], 10).unwrap();
        let conditions: Vec<_> = present.iter().map(|record| record.when.as_deref()).collect();
        assert_eq!(conditions, [Some(r#"{"data.plan":"pro"}"#), None], "two mappings with one action");
        let again = format!("[{},{}]", with(r#"{ "data.plan" : "pro" }"#), trigger("a", r#"{"key":"k"}"#, ""));
        assert_eq!(apply(&again, &present, 20).unwrap(), present);
        let id = format!(r#","id":"{}","when":{{"data.plan":"team"}}"#, present[0].id);
        let changed = apply(&format!("[{}]", trigger("a", r#"{"key":"k"}"#, &id)), &present, 20).unwrap();
        assert_eq!((changed[0].id, changed[0].created_at_ms, changed[0].updated_at_ms), (present[0].id, 10, 20));
        let error = |list: &str| apply(list, &[], 1).unwrap_err();
        insta::assert_snapshot!(error(&format!("[{}]", with(r#"{"data.total":{"$gte ":1}}"#))), @r#"m[0].when.data.total.$gte : there is no operator "$gte "; the nearest is "$gte""#);
        insta::assert_snapshot!(error(&format!("[{}]", with("true"))), @r#"m[0].when: it is a boolean; expected a filter, such as {"data.total": {"$gte": 100}}"#);
        let deep = format!(r#"{}{{"data.a":1}}{}"#, r#"{"$not":"#.repeat(100), "}".repeat(100));
        insta::assert_snapshot!(error(&format!("[{}]", with(&deep))), @"m[0].when: it is nested deeper than 32 levels; send a flatter object");
    }

    #[test]
    fn what_was_saved_before_there_were_forms_keeps_its_meaning_until_it_is_changed() {
        let plain = r#"{"key":"k","data":{"a":{"$template":"data.name"},"b":{"$in":"data.x"}}}"#;
        let old = MappingRecord {
            id: new_id(),
            event_type: "a".to_owned(),
            action_type: "workflows_trigger".to_owned(),
            when: None,
            parameters: plain.to_owned(),
            forms: false,
            active: true,
            created_at_ms: 1,
            updated_at_ms: 1,
        };
        let present = [old.clone()];
        let list = |more: &str| format!("[{}]", trigger("a", plain, more));
        assert_eq!(apply(&list(""), &present, 2).unwrap(), present, "the list as it was read");
        let by_id = format!(r#","id":"{}","active":false"#, old.id);
        let off = apply(&list(&by_id), &present, 2).unwrap().remove(0);
        assert_eq!((off.id, off.forms, off.active), (old.id, false, false));
        insta::assert_snapshot!(apply(&list(""), &[], 2).unwrap_err(), @"m[0].action_parameters.data.b: $in stands alone; it belongs to one of $first, $template, $each and $lookup");
        let changed = plain.replace(r#","b":{"$in":"data.x"}"#, "");
        let by_id = format!(r#","id":"{}""#, old.id);
        let changed = apply(&format!("[{}]", trigger("a", &changed, &by_id)), &present, 2).unwrap().remove(0);
        assert_eq!((changed.id, changed.forms), (old.id, true));
    }

    #[test]
    fn what_can_never_work_is_refused_unless_it_was_saved_before() {
        let parameters = r#"{"key":"k","recipients":{"value":"a/b"}}"#;
        let list = |more: &str| format!("[{}]", trigger("a", parameters, more));
        let when = format!(r#","when":{{"data.a":"{}"}}"#, "x".repeat(20_000));
        let large = format!("[{}]", trigger("a", r#"{"key":"k"}"#, &when));
        let error = |list: &str| apply(list, &[], 1).unwrap_err();
        insta::assert_snapshot!(error(&list("")), @"m[0].action_parameters.recipients: it can never work: recipient 0: its id holds a slash, which no id may hold");
        insta::assert_snapshot!(error(&large), @"m[0].when.data.a: it takes 20002 bytes; a constant of a condition has at most 16384");
        let old = |parameters: &str, when: Option<String>| MappingRecord {
            id: new_id(),
            event_type: "a".to_owned(),
            action_type: "workflows_trigger".to_owned(),
            when,
            parameters: parameters.to_owned(),
            forms: true,
            active: true,
            created_at_ms: 1,
            updated_at_ms: 1,
        };
        let present = [old(parameters, None)];
        assert_eq!(apply(&list(""), &present, 2).unwrap(), present, "the list as it was read");
        let by_id = format!(r#","id":"{}""#, present[0].id);
        assert!(!apply(&list(&format!(r#"{by_id},"active":false"#)), &present, 2).unwrap()[0].active);
        assert!(apply(&list(&by_id).replace("a/b", "a/c"), &present, 2).is_err(), "it was changed");
        let present = [old(r#"{"key":"k"}"#, Some(format!(r#"{{"data.a":"{}"}}"#, "x".repeat(20_000))))];
        assert_eq!(apply(&large, &present, 2).unwrap(), present);
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
