//! The mark of a platform: the icon of its plugin, else its initials on a colour of its own. A mark loads nothing from
//! elsewhere.

use inlet_api_types::providers::{SourceProviderBranding, SourceProviderPlatform};

use super::Html;
use crate::html::escape;

/// The number of colours in `lists.css`.
const COLOURS: u32 = 8;

/// The mark of a provider, by its key and its platform.
pub fn provider_mark(key: &str, platform: &SourceProviderPlatform) -> Html {
    mark(key, &platform.name, platform.branding.as_ref())
}

/// The mark of a platform, by the key, the name and the mark of its plugin.
pub fn mark(key: &str, name: &str, branding: Option<&SourceProviderBranding>) -> Html {
    match branding {
        Some(branding) => {
            let image = escape(&branding.icon_image);
            Html::trusted(format!(r#"<img class="mark" src="{image}" alt="" width="32" height="32">"#))
        }
        None => initials_mark(key, name),
    }
}

/// The mark of a provider without an icon, or of one that this server does not have.
pub fn initials_mark(key: &str, name: &str) -> Html {
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
