//! `GET /e/{environment}/users/{id}`

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use inlet_api::{Scope, in_process::ApiFailure};
use inlet_api_types::{
    RawJson,
    logs::{SourceLog, SourceLogList},
    recipients::{
        audiences::MembershipList,
        forget::ForgetRequest,
        subscriptions::{Subscription, SubscriptionList},
        users::User,
    },
};
use inlet_core::json;

use super::{Person, forget, user_address};
use crate::{
    components::{Html, actions::Action, confirm::confirm, copy, icon, json_tree::JsonTree, outcome, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::{objects, runs::run_address},
    respond,
};

/// The entries of each list on the page.
const SHOWN: usize = 10;
/// The properties that have a part of their own.
const PARTS: [(&str, &str); 2] = [("channel_data", "Channel data"), ("preferences", "Preferences")];

#[derive(Template)]
#[template(path = "pages/users/show.html")]
struct UserPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    id: &'a str,
    is_hidden: bool,
    user: Option<User>,
    events: Vec<SourceLog>,
    triggers: Vec<SourceLog>,
    subscriptions: Vec<Subscription>,
    memberships: Option<MembershipList>,
    request: Option<ForgetRequest>,
}

impl UserPage<'_> {
    /// The known properties that are set.
    fn known(&self) -> Vec<(&'static str, String)> {
        let Some(user) = &self.user else { return Vec::new() };
        let text = |value: &Option<RawJson>| value.as_ref().and_then(RawJson::to_str);
        let all = [
            ("Name", text(&user.name)),
            ("Email", text(&user.email)),
            ("Phone", text(&user.phone_number)),
            ("Avatar", text(&user.avatar)),
            ("Time zone", text(&user.timezone)),
            ("Locale", text(&user.locale)),
        ];
        all.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    fn properties(&self) -> Option<Html> {
        let own = self.user.as_ref()?.properties.iter();
        let own = own.filter(|(name, _)| PARTS.iter().all(|(part, _)| part != name));
        let text = json::object(own.map(|(name, value)| (name.as_str(), value.as_text())));
        (text != "{}").then(|| JsonTree::new(&text, "the properties").html())
    }

    fn parts(&self) -> Vec<(&'static str, Html)> {
        let Some(user) = &self.user else { return Vec::new() };
        let part = |(name, label): (&'static str, &'static str)| {
            let value = user.properties.get(name).filter(|value| value.as_text() != "null")?;
            Some((label, JsonTree::new(value.as_text(), name).html()))
        };
        PARTS.into_iter().filter_map(part).collect()
    }

    fn event(&self, entry: &SourceLog) -> String {
        let [environment, source, id] = [&entry.environment, &entry.source, &entry.id].map(|part| url_part(part));
        format!("/e/{environment}/logs/{source}/{id}")
    }

    fn all_logs(&self, filter: &str) -> String {
        format!("/e/{}/logs?{filter}={}", url_part(self.environment), url_part(self.id))
    }

    /// The runs that an event's triggers made.
    fn runs(&self, entry: &SourceLog) -> Vec<String> {
        let actions = entry.actions.iter().flatten();
        actions.flat_map(|action| Action::from(action).runs()).map(|run| run_address(self.environment, &run)).collect()
    }

    fn object(&self, subscription: &Subscription) -> (String, String) {
        let object = &subscription.object;
        (format!("{}/{}", object.collection, object.id), objects::object_address(self.environment, object))
    }

    fn audience(&self, key: &str) -> String {
        objects::audience_address(self.environment, key)
    }

    fn own(&self) -> String {
        user_address(self.environment, self.id)
    }

    fn forget(&self) -> Html {
        let warning = "The user is deleted at once, and all that names it is removed from events, runs and deliveries for good. \
                       Stop the senders first: later events create it again.";
        confirm(&self.layout, "Forget", warning, self.id, &format!("{}/forget", self.own()))
    }

    fn may_forget(&self) -> bool {
        self.layout.page.can(Scope::Admin)
    }

    fn forgotten(&self) -> Option<Html> {
        Some(forget::state_of(&self.layout, self.own(), self.request.as_ref()?))
    }
}

/// Shows a user. One that was never identified can have events, and a request to forget it.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let is_hidden = page.environment.as_ref().is_some_and(|environment| environment.hide_personal_data);
    let (slug, name) = (url_part(&environment), url_part(&id));
    let of_user = |part: &str| format!("/v1/users/{name}{part}?environment={slug}");
    let (user_path, subscriptions_path) = (of_user(""), format!("{}&limit={SHOWN}", of_user("/subscriptions")));
    let (memberships_path, forget_path) = (of_user("/audiences"), of_user("/forget"));
    let events_path = format!("/v1/logs?environment={slug}&user_id={name}&limit={SHOWN}");
    let triggers_path = format!("/v1/logs?environment={slug}&recipient={name}&include=actions&limit={SHOWN}");
    let identified = async {
        match is_hidden {
            true => (Ok(None), Ok(None), Ok(None)),
            false => tokio::join!(
                async { found(page.get::<User>(&user_path).await) },
                async { found(page.get::<SubscriptionList>(&subscriptions_path).await) },
                async { found(page.get::<MembershipList>(&memberships_path).await) },
            ),
        }
    };
    let ((user, subscriptions, memberships), events, triggers, request) = tokio::join!(
        identified,
        page.get::<SourceLogList>(&events_path),
        page.get::<SourceLogList>(&triggers_path),
        async { found(page.get::<ForgetRequest>(&forget_path).await) },
    );
    let user = user?;
    let title = user.as_ref().map_or_else(|| id.clone(), |user| Person::of(user).title().to_owned());
    let view = UserPage {
        layout: Layout::new(&page, title).under("Users", format!("/e/{slug}/users")),
        environment: &environment,
        id: &id,
        is_hidden,
        user,
        events: events?.entries,
        triggers: triggers?.entries,
        subscriptions: subscriptions?.map(|list| list.entries).unwrap_or_default(),
        memberships: memberships?,
        request: request?,
    };
    Ok(respond::html(&view))
}

/// Takes what is not there as nothing.
fn found<T>(answer: Result<T, ApiFailure>) -> Result<Option<T>, ApiFailure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.status == StatusCode::NOT_FOUND => Ok(None),
        Err(failure) => Err(failure),
    }
}
