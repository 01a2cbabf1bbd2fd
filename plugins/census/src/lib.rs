//! Translates requests of Census (Fivetran Activations): method calls of its Custom Destination, and records of its
//! HTTP Request destination, rendered by a user's template.
//!
//! A custom destination speaks JSON-RPC 2.0. Records use Inlet's own field names. Each record gets a result of its own
//! from the outcome of its event, because Census may never send again a record that it was told is synced.

mod batch;
mod methods;

use inlet_plugin::{Answerer, Notice, Outcome, Plugin, Reply, Request, Translation, jsonrpc, posted};

/// Translator for Census.
#[derive(Debug)]
pub struct Census;

inlet_plugin::export_answering!(Census);

impl Plugin for Census {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        match request.call()? {
            jsonrpc::Posted::Call(call) => Ok(methods::dispatch(request, &call)),
            jsonrpc::Posted::Malformed(refused) => Ok(*refused),
            jsonrpc::Posted::Other(body) => posted::translate(request, body),
        }
    }
}

impl Answerer for Census {
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply {
        jsonrpc::answer(&memo, &outcomes, batch::results)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Census>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
