//! The methods of an embedded destination.
//!
//! Hightouch first queries objects, sync modes and fields. Then it sends rows; only these create events.

use inlet_plugin::jsonrpc::{Call, quote};
use inlet_plugin::rows::{Object, RowLimits, UNKNOWN_OBJECT, identifies_nobody};
use inlet_plugin::{Node, Request, Translation};

use crate::configuration::Configuration;
use crate::rows::{self, Method};

/// Answers a query, or hands over the rows of a call.
pub(crate) fn dispatch(request: &Request, call: &Call<'_>) -> Translation {
    match call.method.as_ref() {
        "list_objects" => call.answered(&format!(r#"{{"objects":[{}]}}"#, each(&Object::ALL, object))),
        "list_modes" => answer_for_object(call, |object| format!(r#"{{"modes":{}}}"#, modes(object))),
        "list_fields" => answer_for_object(call, |object| format!(r#"{{"fields":[{}]}}"#, fields(request, object))),
        "list_options" => answer_for_object(call, |object| format!(r#"{{"options":{}}}"#, options(object))),
        "validate" => {
            let errors = match configured(call) {
                Ok(configuration) => configuration.faults(identifies_nobody(request)),
                Err(sentence) => vec![sentence],
            };
            call.answered(&format!(r#"{{"errors":[{}]}}"#, each(&errors, |error| message(error))))
        }
        "behavior" => match configured(call) {
            Ok(configuration) => call.answered(&behavior(request, &configuration)),
            Err(sentence) => call.wrong_params("wrong_type", sentence),
        },
        "add" => brought(request, call, Method::Add),
        "change" => brought(request, call, Method::Change),
        "remove" => brought(request, call, Method::Remove),
        _ => call.unknown_method(),
    }
}

fn brought(request: &Request, call: &Call<'_>, method: Method) -> Translation {
    let configuration = match configured(call) {
        Ok(configuration) => configuration,
        Err(sentence) => return call.wrong_params("wrong_type", sentence),
    };
    match rows::items(request, call, method, &configuration) {
        Ok(items) => call.brought(items),
        Err(notice) => call.wrong_params(&notice.code, notice.message),
    }
}

fn configured<'a>(call: &Call<'a>) -> Result<Configuration<'a>, String> {
    Configuration::read(call.param("configuration").as_ref())
}

/// Answers a query about an object.
fn answer_for_object(call: &Call<'_>, answer: impl FnOnce(Object) -> String) -> Translation {
    let asked = call.param("object").and_then(|object| Object::of(&object.as_str()?));
    match asked {
        Some(object) => call.answered(&answer(object)),
        None => call.wrong_params("unsupported", UNKNOWN_OBJECT),
    }
}

fn object(object: &Object) -> String {
    format!(r#"{{"id":"{}","label":"{}"}}"#, object.id(), object.label())
}

fn modes(object: Object) -> &'static str {
    match object {
        Object::User => {
            r#"[{"id":"upsert","label":"Upsert","description":"Send added and changed rows"},{"id":"mirror","label":"Mirror","description":"Also send removed rows, as delete events"}]"#
        }
        Object::Event => r#"[{"id":"insert","label":"Insert","description":"Send each added row as an event, once"}]"#,
    }
}

/// Returns the known fields, and those that the operator added in the source's options.
fn fields(request: &Request, object: Object) -> String {
    let own = object.fields().iter().map(|field| {
        let kind = if field.time { "DATETIME" } else { "STRING" };
        let identifier = if field.id == object.identifier() { r#","identifier":true"# } else { "" };
        format!(r#"{{"id":"{}","label":"{}","type":"{kind}"{identifier}}}"#, field.id, field.label)
    });
    let option = if object == Object::User { "user_fields" } else { "event_fields" };
    let listed = request.option(option);
    let custom = listed.iter().flat_map(Node::items).filter_map(|name| name.as_str()).map(|name| {
        let name = quote(&name);
        format!(r#"{{"id":{name},"label":{name},"type":"UNKNOWN"}}"#)
    });
    own.chain(custom).collect::<Vec<_>>().join(",")
}

/// Returns the options of a sync. A model of one kind of event rarely has a column with its name, so the name is an
/// option.
fn options(object: Object) -> &'static str {
    match object {
        Object::User => "null",
        Object::Event => {
            r#"{"schema":{"type":"object","properties":{"event_name":{"type":"string","title":"Event name","description":"The name of every event, where no column is mapped to it"}}},"uiSchema":{}}"#
        }
    }
}

fn behavior(request: &Request, configuration: &Configuration<'_>) -> String {
    let user = configuration.object == Object::User;
    format!(
        r#"{{"batchSize":{},"operations":{{"add":true,"change":{user},"remove":{}}},"skipInitialRun":false}}"#,
        RowLimits::of(request).batch_size(),
        user && configuration.mirror,
    )
}

fn message(sentence: &str) -> String {
    format!(r#"{{"message":{}}}"#, quote(sentence))
}

fn each<T>(list: &[T], written: impl Fn(&T) -> String) -> String {
    list.iter().map(written).collect::<Vec<_>>().join(",")
}
