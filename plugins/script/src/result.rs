//! The result of `main`, as items.

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string, property::PropertyKey,
};
use inlet_plugin::{Event, Item, Kind, Notice, Request, Translation, Value, empty_batch, too_many_items};

use crate::{failure::Failure, from_json, to_json};

/// The members of an event.
const MEMBERS: [&str; 7] = ["event", "user_id", "data", "idempotency_key", "occurred_at", "original", "warning"];

/// The code of an item that is not what an item may be.
const BAD_RESULT: &str = "bad_result";

/// The result of `at("/order")`: a value that the host cuts out of the body.
#[derive(Debug, Trace, Finalize, JsData)]
struct Pointer {
    #[unsafe_ignore_trace]
    pointer: String,
}

/// Returns a value that stands for another in the body.
pub(crate) fn pointer(pointer: JsString, context: &mut Context) -> JsObject {
    let pointer = Pointer { pointer: pointer.to_std_string_lossy() };
    JsObject::from_proto_and_data(Some(context.intrinsics().constructors().object().prototype()), pointer)
}

/// Reads the value that `main` returned.
pub(crate) fn translation(returned: &JsValue, request: &Request, context: &mut Context) -> Result<Translation, Notice> {
    let item = |value: &JsValue, place: &str, context: &mut Context| {
        item(value, place, request, context).unwrap_or_else(|failure| {
            let sentence = failure.sentence();
            Item::Rejected(Notice::new(BAD_RESULT, sentence))
        })
    };
    let Some(array) = returned.as_object().filter(JsObject::is_array) else {
        return Ok(Translation::from(item(returned, "main returned", context)));
    };
    let length = array.get(js_string!("length"), context).and_then(|length| length.to_length(context));
    let length = length.map_err(|error| Failure::thrown(&error, context).notice())?;
    if usize::try_from(length).map_or(true, |length| length > request.max_items()) {
        return Err(too_many_items(request));
    }
    if length == 0 {
        return Ok(Translation::from(empty_batch("")));
    }
    let mut items = Vec::new();
    for index in 0..length {
        let element = array.get(index, context).map_err(|error| Failure::thrown(&error, context).notice())?;
        items.push(item(&element, &format!("element {index} of what main returned is"), context));
    }
    Ok(Translation::from(items))
}

/// Reads one event. `place` begins the sentence about a value that is none.
fn item(value: &JsValue, place: &str, request: &Request, context: &mut Context) -> Result<Item, Failure> {
    if value.is_null_or_undefined() {
        return Ok(Item::Ignored(Notice::new("ignored", "The script returned no event.")));
    }
    let Some(object) = value.as_object().filter(|object| !object.is_callable() && !object.is_array()) else {
        return Err(Failure::new(format!("{place} {}; expected an event as an object, or null.", described(value))));
    };
    let members = Members { object, place };
    if let Some(reason) = members.get("ignore", context)? {
        let reason = reason.as_string().map(|reason| reason.to_std_string_lossy());
        let reason = reason.filter(|reason| !reason.is_empty());
        return Ok(Item::Ignored(Notice::new(
            "ignored",
            reason.unwrap_or_else(|| "The script ignored it.".to_owned()),
        )));
    }
    if let Some(reason) = members.get("reject", context)? {
        let reason = reason.as_string().map(|reason| reason.to_std_string_lossy());
        let reason = reason.filter(|reason| !reason.is_empty());
        return Ok(Item::Rejected(Notice::new(
            "rejected",
            reason.unwrap_or_else(|| "The script rejected it.".to_owned()),
        )));
    }
    if let Some(verified) = members.get("verified", context)? {
        return verified_item(&members, &verified, request, context);
    }
    members.check_names(context)?;
    let event_type = match members.get("event", context)? {
        Some(event) => match event.as_string() {
            Some(event) => event.to_std_string_lossy(),
            None => {
                return Err(members.wrong("event", &event, "expected the event's type as a string"));
            }
        },
        None if request.fact("event_type_path").is_some() => String::new(),
        None => {
            return Err(Failure::new(format!(
                "{place} an object without `event`; expected the event's type as a string."
            )));
        }
    };
    let mut event = Event::new(event_type);
    event.user_id = members.value("user_id", context)?;
    event.data = members.value("data", context)?;
    event.idempotency_key = members.value("idempotency_key", context)?;
    event.occurred_at = members.value("occurred_at", context)?;
    if let Some(original) = members.get("original", context)? {
        match original.as_string() {
            Some(pointer) => event.original = Some(pointer.to_std_string_lossy()),
            None => {
                return Err(members.wrong("original", &original, "expected the JSON Pointer of the event in the body"));
            }
        }
    }
    if let Some(warning) = members.get("warning", context)? {
        match warning.as_string() {
            Some(warning) => event.warn(warning.to_std_string_lossy()),
            None => return Err(members.wrong("warning", &warning, "expected a sentence")),
        }
    }
    Ok(Item::Event(event))
}

/// Reads what a script of Knock's custom source returns: `{ verified, … }`. The event is the body, and the other members are
/// its `data.preprocess`.
fn verified_item(
    members: &Members<'_>,
    verified: &JsValue,
    request: &Request,
    context: &mut Context,
) -> Result<Item, Failure> {
    if !verified.to_boolean() {
        let sentence = "The script did not verify the request: `verified` is not true.";
        return Ok(Item::Rejected(Notice::new("not_verified", sentence)));
    }
    let text = request.text().unwrap_or_default();
    let body = from_json::parse(text, context).and_then(|body| body.as_object()).filter(|body| !body.is_array());
    let Some(body) = body else {
        let sentence = "main returned `verified`, so the event is the body, but the body is no JSON object.";
        return Err(Failure::new(sentence.to_owned()));
    };
    let event_type = if request.fact("event_type_path").is_some() {
        String::new()
    } else {
        let kind = body.get(js_string!("type"), context).map_err(|error| Failure::thrown(&error, context))?;
        let kind = kind.as_string().map(|kind| kind.to_std_string_lossy());
        kind.ok_or_else(|| {
            let sentence = "main returned `verified`, so the event's type is the body's `type`, but that is no string; set an \
                            event_type_path, or return `event`.";
            Failure::new(sentence.to_owned())
        })?
    };
    let mut event = Event::new(event_type);
    let extras = JsObject::with_object_proto(context.intrinsics());
    let copied: JsResult<bool> = (|| {
        let mut any = false;
        for key in members.object.own_property_keys(context)? {
            if key != PropertyKey::from(js_string!("verified")) {
                let value = members.object.get(key.clone(), context)?;
                extras.create_data_property(key, value, context)?;
                any = true;
            }
        }
        if any {
            body.create_data_property(js_string!("preprocess"), extras.clone(), context)?;
        }
        Ok(any)
    })();
    event.data = Some(match copied.map_err(|error| Failure::thrown(&error, context))? {
        true => Value::Made(to_json::text(&body.into(), context)?.unwrap_or_default()),
        false => Value::at(""),
    });
    Ok(Item::Event(event))
}

/// The members of an object that stands for an item.
struct Members<'a> {
    object: JsObject,
    place: &'a str,
}

impl Members<'_> {
    /// Returns a member; none for null and undefined.
    fn get(&self, name: &str, context: &mut Context) -> Result<Option<JsValue>, Failure> {
        let value = self.object.get(JsString::from(name), context).map_err(|error| Failure::thrown(&error, context))?;
        Ok(Some(value).filter(|value| !value.is_null_or_undefined()))
    }

    /// Returns a member as a value of an event: `at(…)`, or the JSON that it is.
    fn value(&self, name: &str, context: &mut Context) -> Result<Option<Value>, Failure> {
        let Some(value) = self.get(name, context)? else { return Ok(None) };
        let pointer =
            value.as_object().and_then(|object| object.downcast_ref::<Pointer>().map(|at| at.pointer.clone()));
        if let Some(pointer) = pointer {
            return match pointer.is_empty() || pointer.starts_with('/') {
                true => Ok(Some(Value::At(pointer))),
                false => Err(Failure::new(format!(
                    "at({pointer:?}) is no JSON Pointer; expected \"\" or one that begins with a slash, such as \"/order\"."
                ))),
            };
        }
        Ok(to_json::text(&value, context)?.map(Value::Made))
    }

    /// Refuses a member that an event does not have: it is a slip, and would be lost.
    fn check_names(&self, context: &mut Context) -> Result<(), Failure> {
        let keys = self.object.own_property_keys(context).map_err(|error| Failure::thrown(&error, context))?;
        let names = keys.iter().map(ToString::to_string);
        match names.into_iter().find(|name| !MEMBERS.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Failure::new(format!(
                "{} an object with the member {name:?}, which an event does not have; expected some of {}.",
                self.place,
                MEMBERS.join(", ")
            ))),
        }
    }

    fn wrong(&self, name: &str, found: &JsValue, expected: &str) -> Failure {
        Failure::new(format!("{} an object whose `{name}` is {}; {expected}.", self.place, described(found)))
    }
}

/// Returns the kind of a value, for a sentence.
pub(crate) fn described(value: &JsValue) -> String {
    match value.as_object() {
        Some(object) if object.is_array() => Kind::Array.to_string(),
        Some(object) if object.is_callable() => "a function".to_owned(),
        Some(_) => Kind::Object.to_string(),
        None => match value.type_of() {
            "string" => Kind::String.to_string(),
            "number" => Kind::Number.to_string(),
            other => format!("a {other}"),
        },
    }
}
