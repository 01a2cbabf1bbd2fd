//! JavaScript values as JSON text, by the rules of `JSON.stringify`, but bounded: a cycle or a deep value is a sentence and
//! not a crash.

use boa_engine::{Context, JsError, JsObject, JsValue, js_string, property::PropertyKey, value::JsVariant};

use crate::failure::Failure;

/// The deepest nesting that the host takes.
pub(crate) const MAX_DEPTH: usize = 128;

/// Returns the JSON text of a value; none for what JSON leaves out: undefined, functions and symbols.
pub(crate) fn text(value: &JsValue, context: &mut Context) -> Result<Option<String>, Failure> {
    let mut writer = Writer { out: String::new(), above: Vec::new() };
    Ok(writer.value(value, context)?.then_some(writer.out))
}

struct Writer {
    out: String,
    /// The objects that the present one is in.
    above: Vec<JsObject>,
}

impl Writer {
    /// Writes a value. Returns false if JSON leaves it out.
    fn value(&mut self, value: &JsValue, context: &mut Context) -> Result<bool, Failure> {
        match value.variant() {
            JsVariant::Undefined | JsVariant::Symbol(_) => return Ok(false),
            JsVariant::Null => self.out.push_str("null"),
            JsVariant::Boolean(value) => self.out.push_str(if value { "true" } else { "false" }),
            JsVariant::Integer32(value) => self.out.push_str(&value.to_string()),
            JsVariant::Float64(number) if number.is_finite() => {
                let text = value.to_string(context).map_err(|error| Failure::thrown(&error, context))?;
                self.out.push_str(&text.to_std_string_lossy());
            }
            JsVariant::Float64(_) => self.out.push_str("null"),
            JsVariant::String(text) => self.string(&text.to_std_string_lossy()),
            JsVariant::BigInt(number) => self.out.push_str(&number.to_string()),
            JsVariant::Object(object) => return self.object(&object, context),
        }
        Ok(true)
    }

    fn object(&mut self, object: &JsObject, context: &mut Context) -> Result<bool, Failure> {
        let thrown = |error: JsError, context: &mut Context| Failure::thrown(&error, context);
        let to_json = object.get(js_string!("toJSON"), context).map_err(|error| thrown(error, context))?;
        if let Some(to_json) = to_json.as_callable() {
            let written = to_json.call(&object.clone().into(), &[], context).map_err(|error| thrown(error, context))?;
            // A `toJSON` that returns another object with one would not end.
            return match written.as_object() {
                Some(written) => self.members(&written, context),
                None => self.value(&written, context),
            };
        }
        if object.is_callable() {
            return Ok(false);
        }
        self.members(object, context)
    }

    fn members(&mut self, object: &JsObject, context: &mut Context) -> Result<bool, Failure> {
        let thrown = |error: JsError, context: &mut Context| Failure::thrown(&error, context);
        if self.above.iter().any(|above| JsObject::equals(above, object)) {
            return Err(Failure::new("main returned an object that contains itself; an event is a tree.".to_owned()));
        }
        if self.above.len() == MAX_DEPTH {
            let sentence = format!("main returned a value that is nested deeper than {MAX_DEPTH} levels.");
            return Err(Failure::new(sentence));
        }
        self.above.push(object.clone());
        if object.is_array() {
            let length = object.get(js_string!("length"), context).and_then(|length| length.to_length(context));
            let length = length.map_err(|error| thrown(error, context))?;
            self.out.push('[');
            for index in 0..length {
                if index > 0 {
                    self.out.push(',');
                }
                let element = object.get(index, context).map_err(|error| thrown(error, context))?;
                if !self.value(&element, context)? {
                    self.out.push_str("null");
                }
            }
            self.out.push(']');
        } else {
            self.out.push('{');
            let keys = object.own_property_keys(context).map_err(|error| thrown(error, context))?;
            let mut is_first = true;
            for key in keys {
                let name = match &key {
                    PropertyKey::Symbol(_) => continue,
                    PropertyKey::String(name) => name.to_std_string_lossy(),
                    PropertyKey::Index(index) => index.get().to_string(),
                };
                if !is_enumerable(object, &key, context).map_err(|error| thrown(error, context))? {
                    continue;
                }
                let member = object.get(key, context).map_err(|error| thrown(error, context))?;
                let start = self.out.len();
                if !is_first {
                    self.out.push(',');
                }
                self.string(&name);
                self.out.push(':');
                match self.value(&member, context)? {
                    true => is_first = false,
                    false => self.out.truncate(start),
                }
            }
            self.out.push('}');
        }
        self.above.pop();
        Ok(true)
    }

    fn string(&mut self, text: &str) {
        // Writing a string to a string cannot fail.
        self.out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

fn is_enumerable(object: &JsObject, key: &PropertyKey, context: &mut Context) -> Result<bool, JsError> {
    let descriptor = object.borrow().properties().get(key);
    match descriptor {
        Some(descriptor) => Ok(descriptor.enumerable().unwrap_or_default()),
        // A proxy, or another object whose properties are not its own.
        None => object.has_own_property(key.clone(), context),
    }
}
