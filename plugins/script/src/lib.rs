//! Translates requests with a JavaScript function that the operator writes: `main({body, rawBody, headers, query, method, path,
//! vars})` returns one event, several, or none.
//!
//! The engine is Boa. [`engine`] builds it once, when the plugin is packed; a request finds it ready. [`argument`] makes
//! what `main` gets, [`result`] reads what it returns, [`failure`] words what goes wrong.

mod argument;
mod engine;
mod failure;
mod from_json;
mod result;
mod to_json;

use boa_engine::{Context, JsValue};
use inlet_plugin::{Body, Item, Notice, Plugin, Request, Translation};

/// The plugin.
#[derive(Debug)]
pub struct Script;

inlet_plugin::export!(Script);

/// The fact by which the host asks to check the options instead of a translation.
const CHECK_OPTIONS: &str = "check_options";

/// The option that holds the script, in the options.
const OPTION: &str = "/script";

/// The code of a rejection that is the fault of the options.
const BAD_OPTIONS: &str = "bad_options";

impl Plugin for Script {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let options = request.option("script");
        let Some(source) = options.as_ref().and_then(|script| script.as_str()) else {
            let sentence = "There is no script. Set the source's option `script` to JavaScript with a function `main`.";
            return Err(Notice::new(BAD_OPTIONS, sentence).at(OPTION));
        };
        engine::with(request.received_at_ms, |context| match request.fact(CHECK_OPTIONS) {
            Some(_) => check(&source, context),
            None => translate(request, &source, context),
        })
    }
}

/// Checks the syntax of a script and that it defines `main`. Its top level runs, as it does before every request.
fn check(source: &str, context: &mut Context) -> Result<Translation, Notice> {
    engine::load(source, context).map_err(|failure| Notice::new(BAD_OPTIONS, failure.sentence()).at(OPTION))?;
    Ok(Translation::from(Item::Ignored(Notice::new("checked", "The script was checked."))))
}

fn translate(request: &Request, source: &str, context: &mut Context) -> Result<Translation, Notice> {
    let text = match &request.body {
        Body::Text(text) => text,
        // Says which binary format it is, or at which byte it is not UTF-8.
        Body::Bytes(_) => request.text()?,
    };
    let main = engine::load(source, context).map_err(|failure| failure.notice())?;
    let argument = argument::object(request, text, context).map_err(|failure| failure.notice())?;
    let returned = main.call(&JsValue::undefined(), &[argument.into()], context);
    let returned = returned.and_then(|value| engine::settled(value, context));
    let returned = returned.map_err(|error| failure::Failure::thrown(&error, context).notice())?;
    result::translation(&returned, request, context)
}
