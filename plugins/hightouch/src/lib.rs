//! Translates requests of Hightouch: method calls of its Embedded Destination, and rows of its HTTP Request
//! destination, rendered by a user's template, or of the deprecated Webhook destination, an array of bare rows.
//!
//! An embedded destination speaks JSON-RPC 2.0. Rows use the customer's column names and come with a mapping to Inlet's
//! fields. The plugin applies it by pointing at each value under its new name.

mod configuration;
mod methods;
mod rows;

use inlet_plugin::{Answerer, Notice, Outcome, Plugin, Reply, Request, Translation, jsonrpc, posted};

/// Translator for Hightouch.
#[derive(Debug)]
pub struct Hightouch;

inlet_plugin::export_answering!(Hightouch);

impl Plugin for Hightouch {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        match request.call()? {
            jsonrpc::Posted::Call(call) => Ok(methods::dispatch(request, &call)),
            jsonrpc::Posted::Malformed(refused) => Ok(*refused),
            jsonrpc::Posted::Other(body) => posted::translate(request, body),
        }
    }
}

impl Answerer for Hightouch {
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply {
        jsonrpc::answer(&memo, &outcomes, rows::rejected_rows)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Hightouch>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
