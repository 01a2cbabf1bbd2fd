//! The frame that every page has around its content.

use inlet_api_types::environments::Environment;

use crate::{
    assets,
    components::filter::Filters,
    context::{Page, SEARCH},
    html::url_part,
    tabs::{self, Tab},
};

/// A place of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    /// The text.
    pub label: &'static str,
    /// The address.
    pub href: String,
    /// The id of the icon in `templates/icons.html`.
    pub icon: &'static str,
    /// True if the page is this place or below it.
    pub is_here: bool,
    /// The key that leads there after `g`.
    pub key: &'static str,
}

/// An environment in the switcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentLink<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// The page like this one there.
    pub href: String,
    /// True for the environment of this page.
    pub is_here: bool,
}

/// A step of the path above the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// The text.
    pub label: String,
    /// The address.
    pub href: String,
}

/// The values that `layout.html` needs. Every page's template has it as its field `layout`.
pub struct Layout<'a> {
    /// The page's request.
    pub page: &'a Page,
    /// The title, in the window and over the page.
    pub title: String,
    /// The pages above this one.
    pub crumbs: Vec<Crumb>,
    /// The pages beside this one.
    pub tabs: Vec<Tab>,
    /// The address to come back to, where it is not this one.
    address: Option<String>,
}

impl<'a> Layout<'a> {
    /// The layout of a page with a title.
    pub fn new(page: &'a Page, title: impl Into<String>) -> Self {
        Self { page, title: title.into(), crumbs: Vec::new(), tabs: Vec::new(), address: None }
    }

    /// Names the page that forms lead back to: a part that is sent later stands on it.
    pub fn at(self, address: impl Into<String>) -> Self {
        Self { address: Some(address.into()), ..self }
    }

    /// Adds a page above this one.
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { label: label.into(), href: href.into() });
        self
    }

    /// Adds the tabs of a source in the environment of the page.
    pub fn in_source(mut self, key: &str) -> Self {
        self.tabs = tabs::of_source(self.page, key);
        self.under("Sources", "/sources").under(key, format!("/sources/{}", url_part(key)))
    }

    /// Writes the number of the source's refused requests beside their tab.
    pub fn with_refused(mut self, count: i64) -> Self {
        tabs::count_refused(&mut self.tabs, count);
        self
    }

    /// Adds the tabs of the settings.
    pub fn in_settings(mut self) -> Self {
        self.tabs = tabs::of_settings(self.page);
        self
    }

    /// Adds the tabs of users, objects, tenants and audiences.
    pub fn among_recipients(mut self) -> Self {
        self.tabs = tabs::of_recipients(self.page);
        self
    }

    /// The number for `hx-nonce` and scripts.
    pub fn nonce(&self) -> &str {
        &self.page.nonce
    }

    /// The value of the field `csrf` of every form that changes something.
    pub fn csrf(&self) -> &str {
        &self.page.session.csrf
    }

    /// The address of a file of the dashboard.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The path and query of this page, to come back to.
    pub fn here(&self) -> String {
        if let Some(address) = &self.address {
            return address.clone();
        }
        match self.page.query.as_str() {
            "" => self.page.path.clone(),
            query => format!("{}?{query}", self.page.path),
        }
    }

    /// The environment of the page, or the one looked at last.
    pub fn environment(&self) -> Option<&Environment> {
        self.page.environment.as_ref()
    }

    /// True on a page of an environment with which real people are reached.
    pub fn is_production(&self) -> bool {
        self.page.is_in_environment && self.environment().is_some_and(is_production)
    }

    /// The pages like this one in every environment.
    pub fn environments(&self) -> Vec<EnvironmentLink<'_>> {
        let here = self.environment().map(|environment| environment.slug.as_str());
        let links = self.page.environments.iter().map(|environment| EnvironmentLink {
            environment,
            href: in_environment(&self.page.path, &self.page.query, &environment.slug),
            is_here: here == Some(&environment.slug),
        });
        links.collect()
    }

    /// The places of one environment.
    pub fn environment_places(&self) -> Vec<NavLink> {
        let Some(environment) = self.environment() else { return Vec::new() };
        let slug = url_part(&environment.slug);
        let place = |label, place: &str, icon, key| self.place(label, format!("/e/{slug}/{place}"), icon, key);
        vec![
            place("Logs", "logs", "i-logs", "l"),
            place("Actions", "actions", "i-actions", "c"),
            place("Issues", "issues", "i-issues", "i"),
            place("Workflows", "workflows", "i-workflows", "w"),
            place("Users", "users", "i-users", "u"),
            place("Runs", "runs", "i-runs", "r"),
            place("Deliveries", "deliveries", "i-deliveries", "d"),
            place("Targets", "targets", "i-targets", "t"),
        ]
    }

    /// The places of the whole server.
    pub fn server_places(&self) -> Vec<NavLink> {
        let place = |label, href: &str, icon, key| self.place(label, href.to_owned(), icon, key);
        // The state of the server concerns all environments.
        let sees_all = self.page.operator().environment_ids().is_none();
        let system = sees_all.then(|| place("System", "/system", "i-system", "y"));
        let first = [place("Plugins", "/plugins", "i-plugins", "p"), place("Audit log", "/changes", "i-changes", "a")];
        let settings = place("Settings", "/settings/environments", "i-settings", "s");
        first.into_iter().chain(system).chain([settings]).collect()
    }

    /// All places, in their order.
    pub fn places(&self) -> Vec<NavLink> {
        [self.first_places(), self.environment_places(), self.server_places()].concat()
    }

    /// The first places.
    pub fn first_places(&self) -> Vec<NavLink> {
        vec![
            self.place("Overview", "/".to_owned(), "i-overview", "o"),
            self.place("Sources", "/sources".to_owned(), "i-sources", "e"),
        ]
    }

    fn place(&self, label: &'static str, href: String, icon: &'static str, key: &'static str) -> NavLink {
        let path = &self.page.path;
        let section = href.strip_suffix("/environments").filter(|_| href.starts_with("/settings")).unwrap_or(&href);
        let is_below = path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_source = href == "/sources" && self.page.is_in_environment && path.split('/').nth(3) == Some("sources");
        // The pages below the other tabs have no place of their own.
        let is_tab = tabs::of_recipients(self.page).iter().any(|tab| tab.is_here)
            && tabs::of_recipients(self.page).first().is_some_and(|first| first.href == href);
        let is_here = if href == "/" { path == "/" } else { is_below || is_source || is_tab };
        NavLink { label, href, icon, is_here, key }
    }
}

/// Returns true for an environment with which real people are reached, by its name (`host/OPERATING.md`, Dashboard).
pub fn is_production(environment: &Environment) -> bool {
    is_production_slug(&environment.slug)
}

fn is_production_slug(slug: &str) -> bool {
    let is_word = |part: &str| ["prod", "production", "live"].iter().any(|word| part.eq_ignore_ascii_case(word));
    slug.split(['-', '_']).any(is_word)
}

/// The lists of a source whose filters hold in every environment.
const SOURCE_LISTS: [&str; 4] = ["events", "mappings", "logs", "refused"];
/// The filters that name something of one environment.
const OF_ENVIRONMENT: [&str; 4] = ["id", "mapping_id", "target", "environment"];

/// Returns the page like this one in another environment: the same list with its filters, or the same page of a source.
fn in_environment(path: &str, query: &str, slug: &str) -> String {
    let slug = url_part(slug);
    if path == SEARCH {
        let text = Filters::of(path, query).get("q").map(url_part).unwrap_or_default();
        return format!("{SEARCH}?q={text}&environment={slug}");
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let address = match parts.as_slice() {
        ["e", _, "sources", key, place, ..] => format!("/e/{slug}/sources/{key}/{place}"),
        ["e", _, place, ..] => format!("/e/{slug}/{place}"),
        ["sources", key, ..] if !["", "new"].contains(key) => format!("/e/{slug}/sources/{key}/events"),
        _ => format!("/e/{slug}/logs"),
    };
    let is_list = match parts.as_slice() {
        ["e", _, "sources", _, place] => SOURCE_LISTS.contains(place),
        ["e", _, _] => true,
        _ => false,
    };
    match Filters::of(path, query).dropping(&OF_ENVIRONMENT).to_query(&[]) {
        filters if is_list && !filters.is_empty() => format!("{address}?{filters}"),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switcher_leads_to_the_same_place() {
        for (path, expected) in [
            ("/e/development/logs", "/e/production/logs"),
            ("/e/development/logs/018f", "/e/production/logs"),
            ("/e/development/sources/shop/mappings/018f", "/e/production/sources/shop/mappings"),
            ("/sources", "/e/production/logs"),
            ("/sources/new", "/e/production/logs"),
            ("/sources/shop", "/e/production/sources/shop/events"),
            ("/sources/shop/compare", "/e/production/sources/shop/events"),
        ] {
            assert_eq!(in_environment(path, "", "production"), expected, "{path}");
        }
    }

    #[test]
    fn the_switcher_keeps_the_filters_of_a_list() {
        let switched = |path: &str, query: &str| in_environment(path, query, "production");
        let filters = "outcome=failed&source=shop";
        assert_eq!(switched("/e/dev/logs", filters), "/e/production/logs?outcome=failed&source=shop");
        assert_eq!(switched("/e/dev/logs", "outcome=failed&after=x"), "/e/production/logs?outcome=failed");
        assert_eq!(switched("/e/dev/sources/shop/logs", "code=x"), "/e/production/sources/shop/logs?code=x");
        assert_eq!(switched("/search", "q=a+b&environment=dev"), "/search?q=a%20b&environment=production");
        assert_eq!(switched("/e/dev/actions", "mapping_id=018f"), "/e/production/actions");
        assert_eq!(switched("/e/dev/deliveries", "status=dead&target=crm"), "/e/production/deliveries?status=dead");
        assert_eq!(switched("/e/dev/logs/shop/018f", "path=x"), "/e/production/logs");
        assert_eq!(switched("/e/dev/sources/shop/try", "event=x"), "/e/production/sources/shop/try");
    }

    #[test]
    fn a_word_of_the_slug_says_that_real_people_are_reached() {
        for slug in ["production", "prod", "live", "eu-production", "shop_live", "Prod-2"] {
            assert!(is_production_slug(slug), "{slug}");
        }
        for slug in ["development", "product-dev", "preproduction", "delivery", "alive"] {
            assert!(!is_production_slug(slug), "{slug}");
        }
    }
}
