//! The mark of a platform: its initials on a colour of its own. A mark loads nothing from elsewhere.

use super::Html;
use crate::html::escape;

/// The number of colours in `lists.css`.
const COLOURS: u32 = 8;

/// The mark of a provider, by its key and its name.
pub fn provider_mark(key: &str, name: &str) -> Html {
    let colour = key.bytes().fold(7u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % COLOURS;
    let words = name.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut initials: String = words.filter_map(|word| word.chars().next()).take(2).collect();
    if initials.chars().count() < 2 {
        initials = name.chars().filter(|character| character.is_alphanumeric()).take(2).collect();
    }
    Html::trusted(format!(
        r#"<span class="mark mark-{colour}" aria-hidden="true">{}</span>"#,
        escape(&initials.to_uppercase())
    ))
}
