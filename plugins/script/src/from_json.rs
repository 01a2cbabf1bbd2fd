//! JSON text as JavaScript values, in one pass. The engine's own `JSON.parse` compiles the text as a script.

use boa_engine::{
    Context, JsBigInt, JsResult, JsString, JsValue,
    object::{JsObject, builtins::JsArray},
};
use inlet_plugin::{Kind, Node};

use crate::to_json::MAX_DEPTH;

/// The largest integer up to which a JavaScript number holds every one. A larger one becomes a BigInt: it is an identifier, and
/// rounded it would be another's.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The longest integer that becomes a BigInt, in characters. Reading one takes time that grows with the square of its length, and no
/// identifier is longer.
const MAX_DIGITS: usize = 40;

/// Returns the value of a JSON text, or `None` if the text is not JSON, or nested deeper than the host takes.
pub(crate) fn parse(text: &str, context: &mut Context) -> Option<JsValue> {
    if is_too_deep(text) {
        return None;
    }
    value(&Node::parse(text, "").ok()?, context).ok()
}

/// Returns true if the text is nested deeper than the host takes. Reading a level reads all that is in it.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn value(node: &Node<'_>, context: &mut Context) -> JsResult<JsValue> {
    Ok(match node.kind() {
        Kind::Null => JsValue::null(),
        Kind::Boolean => (node.raw() == "true").into(),
        Kind::Number => number(node.raw()),
        // A lone surrogate is no text, and the host rejects an item that holds one.
        Kind::String => node.as_str().map_or(JsValue::undefined(), |text| JsString::from(&*text).into()),
        Kind::Array => {
            let elements: Vec<JsValue> =
                node.items().map(|element| value(&element, context)).collect::<JsResult<_>>()?;
            JsArray::from_iter(elements, context).into()
        }
        Kind::Object => {
            let object = JsObject::with_object_proto(context.intrinsics());
            for (name, member) in node.members() {
                let member = value(&member, context)?;
                // A member of its own, also for the name `__proto__`.
                object.create_data_property(JsString::from(&*name), member, context)?;
            }
            object.into()
        }
    })
}

fn number(raw: &str) -> JsValue {
    let is_integer = !raw.contains(['.', 'e', 'E']) && raw != "-0";
    match (is_integer, raw.parse::<i64>()) {
        (true, Ok(integer)) if integer.unsigned_abs() <= MAX_SAFE => integer.into(),
        (true, _) if raw.len() <= MAX_DIGITS => JsBigInt::from_string(raw).map_or(JsValue::nan(), JsValue::from),
        // A number beyond the range of JavaScript is infinite, as with `JSON.parse`.
        _ => raw.parse::<f64>().unwrap_or(f64::NAN).into(),
    }
}
