//! The pages of the dashboard, found as a person finds them: by following links from the first one.

use std::collections::{BTreeMap, VecDeque, btree_map::Entry};

use anyhow::ensure;

use super::browser::Browser;

/// The most pages that are opened while links are followed.
const MOST: usize = 400;
/// The most links of one page that lead to pages of one kind, such as the rows of a list.
const MOST_OF_A_KIND: usize = 1;

/// Returns one address for each kind of page, by the kind.
pub fn kinds(browser: &Browser) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::from([("/".to_owned(), "/".to_owned())]);
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let mut opened = 0;
    while let Some(address) = waiting.pop_front() {
        opened += 1;
        ensure!(opened <= MOST, "the dashboard has more than {MOST} kinds of pages; the last is {address}");
        let page = browser.get(&address)?;
        let links = match page.location {
            // The page that it leads to is measured.
            Some(location) if page.status == 303 && is_page(&location) => {
                found.remove(&kind(&address));
                vec![location]
            }
            _ => {
                ensure!(
                    page.status == 200,
                    "a link of the dashboard leads to {address}, which answers {}",
                    page.status
                );
                links(&page.text)
            }
        };
        for link in links {
            if let Entry::Vacant(kind) = found.entry(kind(&link)) {
                kind.insert(link.clone());
                waiting.push_back(link);
            }
        }
    }
    Ok(found)
}

/// Returns the addresses of a page's links to other pages of the dashboard.
fn links(html: &str) -> Vec<String> {
    let mut by_kind: BTreeMap<String, usize> = BTreeMap::new();
    let mut links = Vec::new();
    for part in html.split("<a ").skip(1) {
        let Some((tag, _)) = part.split_once('>') else { continue };
        let address = tag.split_once("href=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(address, _)| address);
        let Some(address) = address.filter(|address| is_page(address) && !tag.contains("download")) else { continue };
        let address = address.replace("&amp;", "&").replace("&#38;", "&");
        let address = address.split('#').next().unwrap_or_default().to_owned();
        let count = by_kind.entry(kind(&address)).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND {
            links.push(address);
        }
    }
    links
}

fn is_page(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/assets/")
}

/// Returns the kind of an address: its path with ids blanked, and the names of its parameters.
fn kind(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path: Vec<&str> = path.split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect();
    let mut names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    match names.is_empty() {
        true => path.join("/"),
        false => format!("{}?{}", path.join("/"), names.join("&")),
    }
}

/// Returns true for a part of a path that is an id and no name: it has at least ten digits of hexadecimal numbers.
fn is_id(part: &str) -> bool {
    part.bytes().filter(u8::is_ascii_hexdigit).count() >= 10 && part.bytes().filter(u8::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_ids_and_values_are_of_one_kind() {
        let of = |address: &str| kind(address);
        assert_eq!(
            of("/e/development/logs/shop/01939d6e-7b2c-7000-8000-0123456789ab"),
            "/e/development/logs/shop/{id}"
        );
        assert_eq!(of("/e/development/users/u_00000123456789ab"), "/e/development/users/{id}");
        assert_eq!(of("/e/development/logs?source=a&outcome=failed"), "/e/development/logs?outcome&source");
        assert_eq!(of("/e/development/deliveries"), "/e/development/deliveries");
    }

    #[test]
    fn links_are_those_to_pages() {
        let html = r##"<a class="x" href="/a?b=1&amp;c=2">x</a><a href="/assets/1/x.css">y</a><a href="https://example.com/">z</a>
            <a href="#here">h</a><a href="/export" download>d</a><a href="/a?b=3&#38;c=4#d">again</a>"##;
        assert_eq!(links(html), ["/a?b=1&c=2"]);
        assert_eq!(links(r##"<a href="/a?b=3&#38;c=4#d">x</a>"##), ["/a?b=3&c=4"]);
    }
}
