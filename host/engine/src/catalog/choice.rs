//! The choice of the plugin of a source environment.

use inlet_core::settings::{self, BadSetting, Settings};
use inlet_sandbox::Plugin;
use inlet_store::LATEST;

use super::{Catalog, plugin_requirements::PluginRequirements};

impl Catalog {
    /// Returns the plugin of a source environment. `pinned` is the plugin as it is stored, `before` the digest of the one
    /// in force. A source that follows the latest version gets the last added one that meets its requirements: another
    /// scheme, and a plugin that does not take the source's options, come into force only by an operator's choice.
    pub fn in_force(
        &self,
        key: &str,
        pinned: Option<&str>,
        requirements: PluginRequirements<'_>,
        before: Option<&str>,
    ) -> Option<&Plugin> {
        match pinned {
            None => self.own_in_force(key, requirements, before),
            Some(LATEST) => {
                let last = |fits: &dyn Fn(&Plugin) -> bool| self.added(key).rev().find(|plugin| fits(plugin));
                // Options that no plugin takes are no reason to have no plugin.
                last(&|plugin| requirements.are_met_by(plugin))
                    .or_else(|| last(&|plugin| requirements.has_scheme_of(plugin)))
                    .or_else(|| self.own_in_force(key, requirements, before))
            }
            Some(digest) => self.by_digest(key, digest),
        }
    }

    /// Chooses among the plugins that the server came with. A source keeps the plugin that it has if that was removed from
    /// the directory, or if the one in its place does not meet the requirements.
    fn own_in_force(&self, key: &str, requirements: PluginRequirements<'_>, before: Option<&str>) -> Option<&Plugin> {
        let own = self.own(key);
        let had = before.and_then(|digest| self.all_own(key).into_iter().find(|plugin| plugin.digest() == digest));
        match (had, own) {
            (Some(had), Some(own)) => {
                let is_removed = self.directory.gone_file(had.digest()).is_some() && self.directory.get(key).is_none();
                Some(if is_removed || !requirements.are_met_by(own) { had } else { own })
            }
            (had, own) => had.or(own),
        }
    }
}

/// Returns the settings that a new source with this plugin starts with.
pub fn default_settings(plugin: &Plugin) -> Result<Settings, BadSetting> {
    let manifest = plugin.manifest();
    let base = Settings::default();
    let terms = settings::ChangeContext {
        has_public_url: true,
        defaults: &base,
        has_secret: false,
        has_write_key: false,
        scheme: manifest.verification.as_ref(),
        kept_headers: &manifest.headers,
        // A manifest sets no max_items.
        max_items_limit: 0,
    };
    base.change(&manifest.defaults.settings, terms).map(|changed| changed.settings)
}
