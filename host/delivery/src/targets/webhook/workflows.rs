//! The lists of workflows of the engines that presets are for.

use hyper::header::HeaderMap;
use percent_encoding::percent_decode_str;
use url::Url;

use super::fill;
use crate::{request::HeaderCase, targets::workflow_listing::WorkflowListing};

/// Stands for the workflow's key while the URL is taken apart.
const MARK: &str = "inlet-workflow";

/// The settings of a webhook that say something about the list.
pub(super) struct Engine<'a> {
    pub preset: Option<&'a str>,
    pub url: &'a str,
    pub admin_url: Option<&'a Url>,
    pub headers: &'a HeaderMap,
    pub header_case: HeaderCase,
}

impl Engine<'_> {
    /// Returns how the engine's workflows are listed; the error says why they cannot be.
    pub fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        match self.preset {
            Some("restate") => self.restate(),
            Some("windmill") => self.windmill(),
            Some("n8n") => Err("n8n lists workflows only for an API key, which its webhooks do not take"),
            Some("hatchet") => Err("Hatchet is sent events, and does not list the keys that its workflows listen to"),
            Some("inngest") => Err("Inngest is sent events, and does not list the names that its functions listen to"),
            Some("trigger_dev") => Err("Trigger.dev has no documented call that lists tasks"),
            Some("node_red") => Err("the flows of Node-RED have no keys"),
            _ => Err("a receiver of webhooks has no known list of workflows"),
        }
    }

    /// Restate lists services, and the handlers of a service, on the port of its admin API.
    fn restate(&self) -> Result<WorkflowListing, &'static str> {
        let admin =
            self.admin_url.ok_or("the option admin_url is missing: Restate lists services on its admin port")?;
        let url = self.parsed()?;
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        let (path, list): (String, &'static [&'static str]) = match segments.iter().position(|segment| *segment == MARK)
        {
            Some(0) => ("/services".to_owned(), &["/services"]),
            Some(1) => {
                (format!("/services/{}/handlers", segments.first().copied().unwrap_or_default()), &["/handlers"])
            }
            _ => return Err("{workflow} is neither the service nor the handler in the path of url"),
        };
        let url = Url::parse(&format!("{}{path}", admin.as_str().trim_end_matches('/')))
            .map_err(|_| "admin_url is not valid")?;
        let mut headers = self.headers.clone();
        // Credentials are sent to their own host only.
        if url.host() != self.parsed()?.host() {
            headers = headers
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value)))
                .filter(|(_, value)| !value.is_sensitive())
                .collect();
        }
        Ok(self.listing(url, headers, list, "/name", String::new()))
    }

    /// Windmill lists the paths of the flows and of the scripts of a workspace.
    fn windmill(&self) -> Result<WorkflowListing, &'static str> {
        const NOT_LISTED: &str = "url does not end in /jobs/run/f/{workflow} or /jobs/run/p/{workflow}";
        let mut url = self.parsed()?;
        let path = url.path().to_owned();
        let (workspace, run) = path.split_once("/jobs/run/").ok_or(NOT_LISTED)?;
        let (list, prefix) = match (run.strip_prefix("f/"), run.strip_prefix("p/")) {
            (Some(prefix), _) => ("flows", prefix),
            (_, Some(prefix)) => ("scripts", prefix),
            _ => return Err(NOT_LISTED),
        };
        let prefix = prefix.strip_suffix(MARK).ok_or(NOT_LISTED)?;
        let prefix = percent_decode_str(prefix).decode_utf8().map_err(|_| NOT_LISTED)?.into_owned();
        url.set_path(&format!("{workspace}/{list}/list_paths"));
        url.set_query(None);
        Ok(self.listing(url, self.headers.clone(), &[""], "", prefix))
    }

    fn listing(
        &self,
        url: Url,
        headers: HeaderMap,
        list: &'static [&'static str],
        key: &'static str,
        prefix: String,
    ) -> WorkflowListing {
        WorkflowListing { url, headers, header_case: self.header_case, list, key, prefix, page: None }
    }

    fn parsed(&self) -> Result<Url, &'static str> {
        Url::parse(&fill(self.url, MARK, "key")).map_err(|_| "url is not valid")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::targets::{WorkflowListing, parse};

    fn listing(settings: Value, secrets: Value) -> Result<WorkflowListing, &'static str> {
        parse("webhook", &settings, &secrets).unwrap().workflow_listing()
    }

    fn of(preset: &str, url: &str, options: Value) -> Result<WorkflowListing, &'static str> {
        let mut all = json!({"preset": preset});
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let secrets = json!({"secret_headers": {"authorization": "Bearer t"}});
        listing(json!({"url": url, "options": all}), secrets)
    }

    #[test]
    fn restate_lists_services_or_the_handlers_of_one() {
        let admin = json!({"admin_url": "http://restate:9070"});
        let services = of("restate", "http://restate:8080/{workflow}/run/send", admin.clone()).unwrap();
        assert_eq!(services.url.as_str(), "http://restate:9070/services");
        assert!(services.headers.contains_key("authorization"));
        let found = services.read(r#"{"services":[{"name":"Welcome","handlers":[]},{"name":"Paid"}]}"#);
        assert_eq!(found, Some((vec!["Welcome".to_owned(), "Paid".to_owned()], 2)));
        let handlers = of("restate", "http://restate:8080/Mail/{workflow}/send", admin.clone()).unwrap();
        assert_eq!(handlers.url.as_str(), "http://restate:9070/services/Mail/handlers");
        assert_eq!(handlers.read(r#"{"handlers":[{"name":"welcome"}]}"#), Some((vec!["welcome".to_owned()], 1)));
        assert!(of("restate", "http://restate:8080/Mail/run/send", admin).is_err());
        assert!(of("restate", "http://restate:8080/{workflow}/run/send", json!({})).unwrap_err().contains("admin_url"));
    }

    #[test]
    fn credentials_are_sent_to_their_own_host_only() {
        let admin = json!({"admin_url": "http://elsewhere:9070"});
        let services = of("restate", "http://restate:8080/{workflow}/run/send", admin).unwrap();
        assert!(!services.headers.contains_key("authorization"));
    }

    #[test]
    fn windmill_lists_the_flows_and_scripts_below_the_url() {
        let url = "https://windmill.example/api/w/shop/jobs/run/f/f/mail/{workflow}?job_id={key}";
        let flows = of("windmill", url, json!({})).unwrap();
        assert_eq!(flows.request(0).url.as_str(), "https://windmill.example/api/w/shop/flows/list_paths");
        assert_eq!(flows.read(r#"["f/mail/welcome","f/other/x"]"#), Some((vec!["welcome".to_owned()], 2)));
        let scripts = of("windmill", "https://windmill.example/api/w/shop/jobs/run/p/{workflow}", json!({})).unwrap();
        assert_eq!(scripts.url.path(), "/api/w/shop/scripts/list_paths");
        assert!(of("windmill", "https://windmill.example/api/w/shop/jobs/run/h/{workflow}", json!({})).is_err());
    }

    #[test]
    fn others_say_why_they_have_no_list() {
        for preset in ["n8n", "hatchet", "inngest", "trigger_dev", "node_red"] {
            assert!(of(preset, "https://a.example/", json!({})).is_err(), "{preset}");
        }
        assert!(listing(json!({"url": "https://a.example/"}), Value::Null).is_err());
        let error = parse(
            "webhook",
            &json!({"url": "https://a.example/", "options": {"admin_url": "http://b/"}}),
            &Value::Null,
        );
        assert!(error.unwrap_err().sentence.contains("restate"));
    }
}
