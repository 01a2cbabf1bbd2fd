//! `GET /e/{environment}/sources/{key}/settings`

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use inlet_api::Scope;
use inlet_api_types::{
    providers::{SourceProvider, SourceProviderVersion, SourceProviderVersionUser},
    sources::{Source, SourceEnvironmentSettings, SourceStatus},
};

use super::{
    PAGE,
    fields::{self, Conflict, Form, Section, Setting, Texts},
};
use crate::{
    components::{
        Html,
        confirm::confirm,
        copy,
        form::{Field, Kind, error_elsewhere},
        icon, time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::{
        source_place::SourcePlace,
        sources::{setting_names::label, verification},
    },
    respond,
};

/// The field of a new secret, whichever kind it is.
pub const SECRET: &str = "signing_secret";

/// The content of a form that was not saved.
pub struct Unsaved {
    /// The texts of the form.
    pub texts: Texts,
    /// The fields that somebody else changed too.
    pub conflicts: Vec<Conflict>,
    /// Why it was not saved.
    pub error: PageError,
}

#[derive(Template)]
#[template(path = "pages/sources/settings.html")]
struct SettingsPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    source: Source,
    own: SourceEnvironmentSettings,
    status: SourceStatus,
    provider: Option<SourceProvider>,
    texts: Texts,
    conflicts: Vec<Conflict>,
    error: Option<PageError>,
}

impl SettingsPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    /// True if the token may change what all environments share.
    fn may_rename(&self) -> bool {
        self.may_change() && self.layout.page.operator().environment_ids().is_none()
    }

    /// The name and the description, with what was not saved of them.
    fn name_fields(&self) -> [Html; 2] {
        let present = [self.source.name.clone(), self.source.description.clone().unwrap_or_default()];
        let [name, description] = present;
        let unsaved = |field: &str, present: String| self.texts.get(field).cloned().unwrap_or(present);
        let error = self.error.as_ref();
        [
            Field::new(Kind::Text, "name", "Name", unsaved("name", name)).required().error_of(error).html(),
            Field::new(Kind::Long, "description", "Description", unsaved("description", description))
                .rows(2)
                .error_of(error)
                .html(),
        ]
    }

    fn may_delete(&self) -> bool {
        let page = self.layout.page;
        page.can(Scope::Admin) && page.operator().environment_ids().is_none()
    }

    fn sections(&self) -> Vec<&'static Section> {
        fields::sections(&self.own.settings).collect()
    }

    fn field(&self, setting: &Setting) -> Html {
        let text = self.texts.get(setting.name).cloned().unwrap_or_default();
        let label = label(setting.name);
        let kind = match setting.form {
            Form::Switch => Kind::Switch,
            Form::Number => Kind::Number,
            Form::Text | Form::Choice(_) => Kind::Text,
            Form::Paths | Form::Lines | Form::Object | Form::Script => Kind::Long,
        };
        let field = Field::new(kind, setting.name, &label, text).hint(setting.hint).error_of(self.error.as_ref());
        let field = match setting.form {
            Form::Choice(choices) => {
                field.choices(choices.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())))
            }
            Form::Switch => field,
            Form::Paths => field.code().rows(2),
            Form::Lines => field.code().rows(3),
            Form::Script => field.code().rows(20),
            _ => field.code(),
        };
        field.html()
    }

    /// The settings of a section that are set, for those who may not change them.
    fn facts(&self, section: &Section) -> Vec<(String, String)> {
        let shown = section.settings.iter().map(|setting| {
            let text = self.texts.get(setting.name).map_or("", String::as_str);
            let words = match (setting.form, text) {
                (Form::Switch, "true") => "on",
                (Form::Switch, _) => "off",
                (_, "") => "not set",
                (_, text) => text,
            };
            (label(setting.name), words.to_owned())
        });
        shown.collect()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        let others = ["name", "description", SECRET];
        let names: Vec<&str> = fields::all().map(|setting| setting.name).chain(others).collect();
        error_elsewhere(self.error.as_ref(), &names)
    }

    /// The texts that the form is made from, to tell later what somebody else changed.
    fn base(&self) -> String {
        serde_json::to_string(&fields::texts(&self.own.settings)).unwrap_or_default()
    }

    fn endpoint(&self) -> Option<Html> {
        Some(copy::value(self.own.settings.endpoint.as_deref()?, "Copy the endpoint's URL"))
    }

    fn scheme(&self) -> Option<String> {
        verification::in_words(self.own.settings.verification_scheme.as_ref(), "The platform")
    }

    fn has_credential(&self) -> bool {
        self.own.settings.signing_secret_set || self.own.settings.write_key_set
    }

    fn secret_fields(&self) -> [Html; 2] {
        let overlap = [("86400", "a day"), ("3600", "an hour"), ("604800", "a week"), ("0", "ends at once")];
        let overlap = overlap.map(|(value, label)| (value.to_owned(), label.to_owned()));
        [
            Field::new(Kind::Secret, SECRET, "New secret", "")
                .required()
                .code()
                .error_of(self.error.as_ref())
                .hint("As the platform shows it. It is stored sealed and never shown again.")
                .html(),
            Field::new(Kind::Text, "overlap_seconds", "The present one stays valid for", "86400")
                .required()
                .choices(overlap)
                .html(),
        ]
    }

    /// Returns the field for the kind of a first secret, with what was chosen before it was refused.
    fn secret_kind(&self) -> Html {
        verification::secret_kind(self.texts.get("kind").map_or("", String::as_str))
    }

    /// True if a new secret was not saved.
    fn is_secret_refused(&self) -> bool {
        let field = self.error.as_ref().and_then(|error| error.field.as_deref());
        field.is_some_and(|field| field.rsplit('.').next() == Some(SECRET))
    }

    fn verify_refused(&self) -> Option<String> {
        verification::verify_refused(&self.status, &self.own.settings)
    }

    fn overlap(&self) -> Html {
        let overlap = [("86400", "a day"), ("604800", "a week"), ("2592000", "30 days"), ("0", "ends at once")];
        let overlap = overlap.map(|(value, label)| (value.to_owned(), label.to_owned()));
        Field::new(Kind::Text, "overlap_seconds", "The present URL stays valid for", "86400")
            .required()
            .choices(overlap)
            .html()
    }

    fn remove_secret(&self) -> Html {
        let warning = "Requests are then accepted without a proof of who sent them.";
        confirm(&self.layout, "Remove the secret", warning, &self.place.key, &self.place.page("settings/secret"))
    }

    fn delete(&self) -> Html {
        let warning = "Its endpoints, settings, mappings, secrets and logs are deleted in every environment, for good.";
        let action = format!("/sources/{}/delete", url_part(&self.place.key));
        confirm(&self.layout, "Delete source", warning, &self.place.key, &action)
    }

    /// The versions of the plugin, newest first.
    fn versions(&self) -> Vec<&SourceProviderVersion> {
        let versions = self.provider.iter().flat_map(|provider| &provider.versions);
        let mut versions: Vec<_> = versions.collect();
        versions.reverse();
        versions
    }

    fn is_in_force(&self, version: &SourceProviderVersion) -> bool {
        self.status.plugin.as_ref().is_some_and(|plugin| plugin.digest == version.digest)
    }

    /// The source in the environment, as a user of its plugin.
    fn user(&self) -> Option<&SourceProviderVersionUser> {
        let mut users = self.versions().into_iter().flat_map(|version| &version.used_by);
        users.find(|user| user.source == self.place.key && user.environment == self.place.environment)
    }

    fn follows_latest(&self) -> bool {
        self.user().is_some_and(|user| user.follows_latest)
    }

    /// The version that a rollback returns to.
    fn previous_version(&self) -> Option<&str> {
        self.user()?.previous_version.as_deref()
    }

    /// The page that compares another version, such as `rollback=true`, with the one in force, and chooses it.
    fn use_plugin(&self, version: &str) -> String {
        let [plugin, source, environment] =
            [&self.source.preconfigured_provider, &self.place.key, &self.place.environment].map(|part| url_part(part));
        let next = address(self.place);
        let next = url_part(&next);
        format!("/plugins/{plugin}/use?source={source}&environment={environment}&{version}&next={next}")
    }

    fn compare(&self, version: &SourceProviderVersion) -> String {
        format!("{}?new={}", self.place.page("plugin/compare"), url_part(&version.digest))
    }
}

/// Shows the settings.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    shown(&page, &SourcePlace::new(environment, key), None).await
}

/// Shows the page, with what was not saved.
pub async fn shown(page: &Page, place: &SourcePlace, unsaved: Option<Unsaved>) -> Result<Response, PageError> {
    let (source, own) = place.read(page).await?;
    let status = page.get(&place.api("/status")).await?;
    let provider = provider(page, &source).await;
    let (texts, conflicts, error) = match unsaved {
        Some(Unsaved { texts, conflicts, error }) => (texts, conflicts, Some(error)),
        None => (fields::texts(&own.settings), Vec::new(), None),
    };
    let code = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let layout = place.layout(page, &source);
    let view = SettingsPage { layout, place, source, own, status, provider, texts, conflicts, error };
    let mut response = respond::html(&view);
    *response.status_mut() = code;
    Ok(response)
}

/// Reads the source's provider; none if this server does not have it.
async fn provider(page: &Page, source: &Source) -> Option<SourceProvider> {
    page.get(&format!("/v1/source_providers/{}", url_part(&source.preconfigured_provider))).await.ok()
}

/// The address of the page, to come back to.
pub fn address(place: &SourcePlace) -> String {
    place.page(PAGE)
}
