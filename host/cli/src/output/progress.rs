//! The bar of long work, on standard error and only on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The time between two steps of a spinner.
const TICK: Duration = Duration::from_millis(200);

const STEPS: &str = "{bar:30} {human_pos}/{human_len} {msg} {per_sec} {eta}";
const UNCOUNTED_STEPS: &str = "{spinner} {human_pos} {msg} {per_sec}";
const BYTES: &str = "{bar:30} {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta}";
const UNCOUNTED_BYTES: &str = "{spinner} {bytes} {msg} {bytes_per_sec}";
const WAITING: &str = "{spinner} {msg}";

/// Returns a bar of `total` steps, or a counter if the total is not known. Elsewhere than on a terminal it draws nothing.
pub fn progress_bar(total: Option<u64>, noun: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    bar.set_style(style(if total.is_some() { STEPS } else { UNCOUNTED_STEPS }));
    bar.set_message(noun.to_owned());
    bar
}

/// Turns a counter into a bar, once the total is known.
pub fn set_total(bar: &ProgressBar, total: u64) {
    if bar.length() != Some(total) {
        bar.set_length(total);
        bar.set_style(style(STEPS));
    }
}

/// Returns a spinner for work that does not say how far it is. Elsewhere than on a terminal it draws nothing.
pub fn spinner(message: &str) -> ProgressBar {
    let bar = progress_bar(None, message);
    bar.set_style(style(WAITING));
    bar.enable_steady_tick(TICK);
    bar
}

/// Returns a bar of so many bytes, or a counter of bytes if their number is not known.
pub fn byte_bar(total: Option<u64>, noun: &str) -> ProgressBar {
    let bar = progress_bar(total, noun);
    bar.set_style(style(if total.is_some() { BYTES } else { UNCOUNTED_BYTES }));
    bar
}

fn style(template: &str) -> ProgressStyle {
    // The templates are valid: a test reads them.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_valid() {
        for template in [STEPS, UNCOUNTED_STEPS, BYTES, UNCOUNTED_BYTES, WAITING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
