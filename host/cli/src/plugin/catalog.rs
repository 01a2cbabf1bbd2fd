//! `inlet plugin catalog`: lists the plugins that ship with this program, or with a running server.

use inlet_api_types::{
    PageInfo,
    catalog::{CatalogPlugin, CatalogPluginList, PluginSupport},
};
use inlet_plugin_archive::{ArchivedPlugin, Support};

use super::embedded_plugins;
use crate::{
    client::ServerArguments,
    output::{OutputArguments, print_json, print_text, table, whole_list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.server.is_named()? {
        let client = arguments.server.client()?;
        return whole_list(&client, "/v1/catalog", arguments.output, |entries: Vec<CatalogPlugin>| {
            let rows = entries.iter().map(|plugin| {
                let [key, name, support, categories] = columns(plugin);
                [key, name, support, installed(plugin), categories]
            });
            table(["KEY", "NAME", "SUPPORT", "INSTALLED", "CATEGORIES"], rows)
        });
    }
    let entries: Vec<CatalogPlugin> = embedded_plugins::catalog()?.plugins().iter().map(entry).collect();
    if arguments.output.json {
        let list = CatalogPluginList { page_info: PageInfo::whole(entries.len()), entries };
        return print_json(&serde_json::to_string(&list)?);
    }
    print_text(&table(["KEY", "NAME", "SUPPORT", "CATEGORIES"], entries.iter().map(columns)))
}

/// Returns the columns that the lists of a server and of this program have.
fn columns(plugin: &CatalogPlugin) -> [String; 4] {
    let support = plugin.support.as_ref().map_or("", |support| &support.level);
    let key = format!("{} {}", plugin.key, plugin.version);
    [key, plugin.name.clone(), support.to_owned(), plugin.categories.join(", ")]
}

/// Returns the version that the server has, or nothing.
fn installed(plugin: &CatalogPlugin) -> String {
    plugin.installed.as_ref().map_or_else(|| "-".to_owned(), |installed| installed.version.clone())
}

/// Returns the entry that a server gives, but for what it has installed and the mark, which only pages show.
fn entry(plugin: &ArchivedPlugin) -> CatalogPlugin {
    let support = plugin.support.clone();
    CatalogPlugin {
        key: plugin.key.clone(),
        version: plugin.version.clone(),
        digest: plugin.digest.clone(),
        size: plugin.size,
        name: plugin.name.clone(),
        description: plugin.description.clone(),
        categories: plugin.categories.clone(),
        branding: None,
        support: support.map(|Support { level, missing }| PluginSupport { level, missing }),
        installed: None,
    }
}
