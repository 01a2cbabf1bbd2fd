//! Fetching a list of workflows.

use crate::{
    answer::{Answer, AnswerEnd},
    targets::WorkflowListing,
    way_out::WayOut,
};

/// The most workflows of a list.
const MAX_WORKFLOWS: usize = 1000;
/// The longest key that is kept, in bytes.
const MAX_KEY: usize = 256;

/// Fetches a list page by page: the keys, and true if these are all. The error is a sentence without secrets and bodies.
pub(super) async fn fetch(way_out: &WayOut, listing: &WorkflowListing) -> Result<(Vec<Box<str>>, bool), String> {
    let (mut keys, mut is_complete, mut offset): (Vec<Box<str>>, bool, usize) = (Vec::new(), true, 0);
    loop {
        let answer = way_out.send(listing.request(offset)).await.map_err(|error| error.to_string())?;
        let (found, entries) = listing.read(text(&answer)?).ok_or("the answer holds no list of workflows")?;
        for key in found {
            match !key.is_empty() && key.len() <= MAX_KEY && keys.len() < MAX_WORKFLOWS {
                true => keys.push(key.into()),
                false => is_complete = false,
            }
        }
        offset += entries;
        if listing.is_last(entries) {
            break;
        }
        if offset >= MAX_WORKFLOWS {
            is_complete = false;
            break;
        }
    }
    keys.sort_unstable();
    keys.dedup();
    Ok((keys, is_complete))
}

/// Returns the body of an answer; an error if it is not one of success, or was not read whole.
fn text(answer: &Answer) -> Result<&str, String> {
    if !answer.status.is_success() {
        return Err(format!("the request for the list was answered {}", answer.status.as_u16()));
    }
    let reason = match answer.end {
        AnswerEnd::Whole => "the answer is not UTF-8",
        AnswerEnd::Cut => "the answer is longer than 64 KiB",
        AnswerEnd::TimedOut => "the answer did not arrive in time",
        AnswerEnd::Broken => "the connection broke within the answer",
    };
    answer.text().ok_or_else(|| reason.to_owned())
}
