//! The bar of long work, on standard error and only on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const STEPS: &str = "{bar:30} {human_pos}/{human_len} {msg} {per_sec} {eta}";
const UNCOUNTED_STEPS: &str = "{spinner} {human_pos} {msg} {per_sec}";
const BYTES: &str = "{bar:30} {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta}";
const UNCOUNTED_BYTES: &str = "{spinner} {bytes} {msg} {bytes_per_sec}";

/// Returns a bar of `total` steps, or a counter if the total is not known. Elsewhere than on a terminal it draws nothing.
pub fn progress_bar(total: Option<u64>, noun: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = if total.is_some() { STEPS } else { UNCOUNTED_STEPS };
    // The templates are valid: a test reads them.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(noun.to_owned());
    bar
}

/// Returns a bar of so many bytes, or a counter of bytes if their number is not known.
pub fn byte_bar(total: Option<u64>, noun: &str) -> ProgressBar {
    let bar = progress_bar(total, noun);
    let template = if total.is_some() { BYTES } else { UNCOUNTED_BYTES };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_valid() {
        for template in [STEPS, UNCOUNTED_STEPS, BYTES, UNCOUNTED_BYTES] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
