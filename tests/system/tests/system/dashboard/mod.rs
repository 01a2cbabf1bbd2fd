//! The dashboard in Chromium (`tests/system/clients/dashboard`): one scenario for each test, on a server of its own.

mod administration;
mod attention;
mod deliveries;
mod failures;
mod first_event;
mod logs;
mod mappings;
mod pages;
mod sign_in;
mod source_events;
mod sources;
mod statistics;
mod streams;
mod users;
mod walk;

use inlet_system_tests::Server;
use serde_json::Value;

use super::{
    clients::{is_installed, script},
    toolchains::{is_there, skipped},
};

/// Returns false, and says so, if there is no browser.
pub fn has_browser() -> bool {
    let is_there = is_there("chromium-headless-shell");
    if !is_there {
        skipped("the dashboard", "chromium-headless-shell is not there");
    }
    is_there && is_installed()
}

/// Runs a scenario to its end. It fails on messages of the console, violations of the content security policy, requests to
/// elsewhere, and what axe-core calls serious.
/// Returns what it printed.
pub fn play(server: &Server, scenario: &str, token: &str, input: &Value) -> String {
    script("dashboard/run.mjs", &[scenario, &server.admin, token, &input.to_string()]).patience(400).run()
}

/// Runs a scenario that starts its own servers, and returns what it printed.
pub fn play_alone(scenario: &str, input: &Value) -> String {
    let input = input.to_string();
    script("dashboard/run.mjs", &[scenario, "http://127.0.0.1:9", "", &input]).patience(400).run()
}
