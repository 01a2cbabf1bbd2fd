//! The bar of long work, on standard error and only on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Returns a bar of `total` steps, or a counter if the total is not known. Elsewhere than on a terminal it draws nothing.
pub fn progress_bar(total: Option<u64>, noun: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{bar:30} {human_pos}/{human_len} {msg} {per_sec} {eta}",
        None => "{spinner} {human_pos} {msg} {per_sec}",
    };
    // The templates are valid: a test reads both.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(noun.to_owned());
    bar
}
