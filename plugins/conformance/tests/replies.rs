//! The SDK refuses a wrong reply where it is made, by the rules that the host checks every reply with.

use std::panic::{AssertUnwindSafe, catch_unwind};

use inlet_core::contract::{
    MAX_REPLY_HEADERS, REPLY_STATUSES, content_type_header, is_reply_header_name, is_reply_header_value,
};
use inlet_plugin::{Reply, reply};

/// Returns true if the SDK takes what is done.
fn is_taken<T>(build: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(build)).is_ok()
}

#[test]
fn the_sdk_and_the_host_take_the_same_statuses() {
    assert_eq!(reply::STATUSES, REPLY_STATUSES);
    for status in 0..=999 {
        let reply = || Reply::empty().status(status);
        assert_eq!(is_taken(reply), REPLY_STATUSES.contains(&status), "{status}");
    }
}

#[test]
fn the_sdk_and_the_host_take_the_same_headers() {
    assert_eq!(reply::MAX_HEADERS, MAX_REPLY_HEADERS);
    let beginnings = ["", "x-", "webhook-", "X-", "xx-", "x", "webhook", "set-", "content-"];
    let rests = [
        "",
        "a",
        "id",
        "9",
        "-",
        "A",
        "a b",
        "a:",
        "ä",
        "cookie",
        "type",
        "hook-secret",
        "content-type-options",
        "accel-redirect",
        "accel-buffering",
        "accelerated",
        "sendfile",
        "sendfile2",
        "lighttpd-send-file",
        "lighttpd-send2",
        "reproxy-url",
        "reproxied",
    ];
    let long = ["a".repeat(254), "a".repeat(255)];
    let rests = rests.into_iter().chain(long.iter().map(String::as_str));
    let names: Vec<String> = rests.flat_map(|rest| beginnings.map(|beginning| format!("{beginning}{rest}"))).collect();
    let taken: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| is_taken(|| Reply::empty().header(name, "v"))).collect();
    let expected: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_reply_header_name(name)).collect();
    assert_eq!(taken, expected);
    assert!(taken.contains(&"x-hook-secret") && !taken.contains(&"x-sendfile2"), "{taken:?}");

    let characters = (0..=255u8).map(|byte| char::from(byte).to_string());
    for value in characters.chain(["".to_owned(), "a".repeat(1024), "a".repeat(1025)]) {
        let found = Reply::empty().try_header("x-a", value.as_str()).is_ok();
        assert_eq!(found, is_reply_header_value(&value), "{value:?}");
    }
}

#[test]
fn the_host_knows_every_content_type_of_the_sdk() {
    for reply in [Reply::json("{}"), Reply::text("a"), Reply::xml("<a/>"), Reply::empty()] {
        assert!(content_type_header(&reply.content_type).is_some(), "{}", reply.content_type);
    }
}
