//! Failures of a script, each in one sentence with its line and column.

use boa_engine::{Context, JsError, JsNativeErrorKind, JsValue};
use inlet_plugin::Notice;

/// The name of the script in the engine's stack traces.
pub(crate) const FILE: &str = "script.js";

/// The longest message of a thrown value, in characters.
const MAX_MESSAGE: usize = 500;

/// A reason why a script gave no events.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
}

impl Failure {
    /// Creates a failure with a whole sentence.
    pub(crate) fn new(sentence: String) -> Self {
        Self { sentence }
    }

    /// The script is no JavaScript. The engine's message ends with the position.
    pub(crate) fn syntax(error: &JsError, context: &mut Context) -> Self {
        let message = message(error, context);
        let split =
            message.rsplit_once(" at line ").and_then(|(words, place)| Some((words, place.split_once(", col ")?)));
        let (message, position) = match split {
            Some((words, (line, column))) => (words, format!(" at {line}:{column}")),
            None => (message.as_str(), String::new()),
        };
        // The engine says no more about what is missing.
        if message.ends_with("abrupt end") {
            return Self::new(
                "The script ends in the middle: a bracket, a quote or a comment is not closed.".to_owned(),
            );
        }
        Self::new(format!("The script has an error{position}: {message}."))
    }

    /// The script threw a value, or the engine stopped it.
    pub(crate) fn thrown(error: &JsError, context: &mut Context) -> Self {
        let position = position(error).map(|position| format!(" at {position}")).unwrap_or_default();
        let mut message = message(error, context);
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        let end = if message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
        Self::new(format!("The script failed{position}: {message}{end}"))
    }

    /// Returns the sentence.
    pub(crate) fn sentence(self) -> String {
        self.sentence
    }

    /// Returns the reason why a request is rejected.
    pub(crate) fn notice(self) -> Notice {
        Notice::new("script_failed", self.sentence)
    }
}

/// Returns the line and the column of the innermost call that is in the script. Only the engine's text has them.
fn position(error: &JsError) -> Option<String> {
    let trace = error.to_string();
    let mut calls = trace.lines().filter_map(|line| line.trim_start().strip_prefix("at "));
    let position = calls.find_map(|call| call.rsplit_once(&format!("({FILE}:"))?.1.strip_suffix(')'))?;
    let digits = position.split(':').all(|number| number.parse::<u32>().is_ok());
    digits.then(|| position.to_owned())
}

fn message(error: &JsError, context: &mut Context) -> String {
    if let Ok(native) = error.try_native(context) {
        let kind = match native.kind() {
            JsNativeErrorKind::Type => "TypeError",
            JsNativeErrorKind::Range => "RangeError",
            JsNativeErrorKind::Reference => "ReferenceError",
            JsNativeErrorKind::Syntax => "SyntaxError",
            JsNativeErrorKind::Eval => "EvalError",
            JsNativeErrorKind::Uri => "URIError",
            JsNativeErrorKind::Aggregate(_) => "AggregateError",
            // The message alone: most are the script's own.
            _ => return native.message().to_owned(),
        };
        return format!("{kind}: {}", native.message());
    }
    match error.as_opaque() {
        Some(value) => thrown_value(value),
        // A limit of the engine.
        None => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

fn thrown_value(value: &JsValue) -> String {
    match value.as_string() {
        Some(text) => text.to_std_string_lossy(),
        None => value.display().to_string(),
    }
}
