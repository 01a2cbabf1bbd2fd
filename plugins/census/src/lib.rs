//! Translates what Census (Fivetran Activations) sends: the calls of its Custom Destination, and what a user's template
//! makes of records in its HTTP Request destination.
//!
//! A custom destination is a conversation in JSON-RPC 2.0. Records come under our own field names. Each has its own result,
//! taken from what became of its event: what Census is told was synced it may never send again.

mod batch;
mod conversation;

use inlet_plugin::{Answerer, Notice, Outcome, Plugin, Reply, Request, Translation, jsonrpc, posted};

/// The plugin.
#[derive(Debug)]
pub struct Census;

inlet_plugin::export_answering!(Census);

impl Plugin for Census {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        match request.call() {
            Ok(jsonrpc::Posted::Call(call)) => Ok(conversation::carry_on(request, &call)),
            Ok(jsonrpc::Posted::Other(body)) => posted::translate(request, &body),
            Err(refused) => Ok(refused),
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
