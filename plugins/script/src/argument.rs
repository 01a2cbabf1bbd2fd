//! The argument of `main`: the request as one object.

use boa_engine::{
    Context, JsResult, JsString, JsValue, js_string,
    object::{JsObject, builtins::JsArray},
};
use inlet_plugin::{Field, Request};

use crate::{failure::Failure, from_json};

/// Returns `{ body, rawBody, headers, query, method, path, vars }`. `text` is the body.
pub(crate) fn object(request: &Request, text: &str, context: &mut Context) -> Result<JsObject, Failure> {
    build(request, text, context).map_err(|error| Failure::thrown(&error, context))
}

fn build(request: &Request, text: &str, context: &mut Context) -> JsResult<JsObject> {
    let body = from_json::parse(text, context).unwrap_or_default();
    let vars = match request.fact("variables") {
        Some(variables) => from_json::parse(variables, context).unwrap_or_default(),
        None => JsObject::with_object_proto(context.intrinsics()).into(),
    };
    let headers = fields(&request.headers, context, |values, _| JsString::from(values.join(", ")).into())?;
    let query = fields(&request.query, context, |values, context| match values {
        [value] => JsString::from(*value).into(),
        _ => JsArray::from_iter(values.iter().map(|value| JsString::from(*value).into()), context).into(),
    })?;
    let members: [(JsString, JsValue); 7] = [
        (js_string!("body"), body),
        (js_string!("rawBody"), JsString::from(text).into()),
        (js_string!("headers"), headers.into()),
        (js_string!("query"), query.into()),
        (js_string!("method"), JsString::from(request.method.as_str()).into()),
        (js_string!("path"), JsString::from(request.path.as_str()).into()),
        (js_string!("vars"), vars),
    ];
    let argument = JsObject::with_object_proto(context.intrinsics());
    for (name, value) in members {
        argument.create_data_property(name, value, context)?;
    }
    Ok(argument)
}

/// Returns fields as an object. `value` makes one value of all that have the same name.
fn fields(
    fields: &[Field],
    context: &mut Context,
    value: impl Fn(&[&str], &mut Context) -> JsValue,
) -> JsResult<JsObject> {
    let object = JsObject::with_object_proto(context.intrinsics());
    for (index, field) in fields.iter().enumerate() {
        // Later ones of a name went with its first.
        if fields[..index].iter().any(|earlier| earlier.name == field.name) {
            continue;
        }
        let same = fields[index..].iter().filter(|other| other.name == field.name);
        let values: Vec<&str> = same.map(|other| other.value.as_str()).collect();
        let value = value(&values, context);
        object.create_data_property(JsString::from(field.name.as_str()), value, context)?;
    }
    Ok(object)
}
