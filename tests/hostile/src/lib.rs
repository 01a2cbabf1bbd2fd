//! A plugin that misbehaves on request.
//!
//! The request's path selects the misbehaviour, so one small component serves every test of the sandbox's limits. It is
//! built with the real SDK, so these tests cover what a stranger's plugin can do.

mod laws;
mod outputs;
mod resources;

use inlet_plugin::{Answerer, Event, Item, Notice, Outcome, Plugin, Reply, Request, Translation};

/// A plugin that misbehaves on request.
#[derive(Debug)]
pub struct Hostile;

impl Plugin for Hostile {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        if let Some(law) = laws::requested_law(request) {
            return laws::translate(request, law);
        }
        let translated = match request.path.as_str() {
            "/ok" => Ok(Translation::from(ok())),
            "/empty" => Ok(Translation { items: Vec::new(), ..Translation::from(ok()) }),
            "/loop" => resources::spin(),
            "/memory" => resources::take_memory(),
            "/deep-recursion" => resources::recurse(),
            "/abort" => resources::crash(),
            "/giant-line" => Ok(resources::log_giant_lines()),
            "/log-flood" => Ok(resources::flood_the_log()),
            "/memory-of-earlier" => Ok(resources::count_calls()),
            "/lift" => Ok(outputs::giant()),
            "/large" => Ok(outputs::large()),
            "/items" => Ok(outputs::many_items()),
            "/long-string" => Ok(outputs::long_string()),
            "/deep-json" => Ok(outputs::made(outputs::nested(200))),
            "/bad-json" => Ok(outputs::made(r#"{"plan":"#)),
            "/lone-surrogate" => Ok(outputs::made(r#"{"name":"\ud800"}"#)),
            "/bad-pointer" => Ok(outputs::pointing("userId")),
            "/pointer-nowhere" => Ok(outputs::pointing("/no/such/place")),
            "/long-pointer" => Ok(outputs::pointing(&"/x".repeat(1 << 19))),
            "/long-memo" => return Ok(outputs::long_memo()),
            "/html-reply" => Ok(outputs::html_reply()),
            "/full-reply" => Ok(outputs::full_reply()),
            "/json-reply" => Ok(outputs::reply("application/json", "{")),
            "/deep-reply" => Ok(outputs::reply("application/json", &outputs::nested(200))),
            "/bad-notice" => Err(Notice::new("unsupported", "x".repeat(1 << 20))),
            "/reject" => Err(Notice::new("unsupported", "Rejected as asked.").at("/0")),
            "/echo" => outputs::echo(request),
            "/echo-bytes" => Ok(outputs::echo_bytes(request)),
            "/values/at" => outputs::values(request, outputs::point),
            "/values/made" => outputs::values(request, outputs::write_out),
            other => Err(Notice::new("unknown_type", format!("No misbehaviour is called {other:?}."))),
        };
        // The answerer receives only the memo, which selects its misbehaviour.
        translated.map(|translation| Translation { memo: memo(request), ..translation })
    }
}

impl Answerer for Hostile {
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply {
        match memo.as_str() {
            "html" => Reply { content_type: "text/html".to_owned(), ..Reply::text("<script>alert(1)</script>") },
            "empty" => Reply::empty().header("x-hook-secret", "s"),
            "loop" => resources::spin(),
            "memory" => resources::take_memory(),
            "deep-recursion" => resources::recurse(),
            "abort" => resources::crash(),
            "giant" => Reply::text("x".repeat(48 << 20)),
            "long" => Reply::text("x".repeat(9 << 20)),
            "deep" => Reply::json(outputs::nested(200)),
            _ => Reply::json(outputs::describe(&memo, &outcomes)),
        }
    }
}

inlet_plugin::export_answering!(Hostile);

fn ok() -> Item {
    Item::Event(Event::new("hostile/ok"))
}

/// Returns the body if it is short: it selects the answerer's misbehaviour. Long memos are another test.
fn memo(request: &Request) -> String {
    request.text().ok().filter(|text| text.len() < 100).unwrap_or_default().to_owned()
}
