//! `GET /e/{environment}/users`

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use inlet_api_types::recipients::users::{User, UserList};

use super::{Person, user_address};
use crate::{
    components::{
        Html, empty_state::empty_state, filter::Filters, icon, looked_at::looked_at, pagination::pagination, time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// The users that are found by the beginning of their ids and shown above the others.
const BY_ID: usize = 20;

#[derive(Template)]
#[template(path = "pages/users/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    is_hidden: bool,
    wanted: &'a str,
    by_id: Vec<User>,
    list: Option<UserList>,
    filters: Filters,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn person(&self, user: &User) -> Person {
        Person::of(user)
    }

    fn href(&self, id: &str) -> String {
        user_address(self.environment, id)
    }

    fn users(&self) -> &[User] {
        self.list.as_ref().map_or(&[], |list| &list.entries)
    }

    fn looked_at(&self) -> Html {
        self.list.as_ref().map(|list| looked_at(list.looked_at, "users", &list.page_info)).unwrap_or_default()
    }

    fn empty(&self) -> Html {
        match self.wanted.is_empty() {
            true => empty_state(
                "No users yet",
                "Users come from identify events of a source whose identify toggle is on, from mappings, and from your own code.",
                Some(("Sources", "/sources")),
            ),
            false => empty_state(
                "Nobody found",
                "No user that was looked at has an id, name or email address with this text.",
                Some(("Show all", &format!("/e/{}/users", url_part(self.environment)))),
            ),
        }
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists users, newest first, or searches them.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    if let Some(id) = filters.get("id") {
        return Ok(Redirect::to(&user_address(&environment, id.trim())).into_response());
    }
    let wanted = filters.get("q").unwrap_or_default().trim().to_owned();
    let is_hidden = page.environment.as_ref().is_some_and(|environment| environment.hide_personal_data);
    let slug = url_part(&environment);
    let (mut by_id, mut list, mut error) = (Vec::new(), None, None);
    if !is_hidden {
        let cursor = |name| filters.get(name).map(|cursor| format!("&{name}={}", url_part(cursor))).unwrap_or_default();
        let (after, before) = (cursor("after"), cursor("before"));
        let search = if wanted.is_empty() { String::new() } else { format!("&search={}", url_part(&wanted)) };
        let list_path = format!("/v1/users?environment={slug}{search}{after}{before}");
        let is_first = !wanted.is_empty() && after.is_empty() && before.is_empty();
        let prefix_path = format!("/v1/users?environment={slug}&id_prefix={}&limit={BY_ID}", url_part(&wanted));
        let by_prefix = async {
            match is_first {
                true => page.get::<UserList>(&prefix_path).await.map(|found| found.entries),
                false => Ok(Vec::new()),
            }
        };
        let (found, newest) = tokio::join!(by_prefix, page.get::<UserList>(&list_path));
        match newest {
            Ok(newest) => (by_id, list) = (found?, Some(newest)),
            Err(failure) if failure.body.field.is_some() => error = Some(PageError::from(failure)),
            Err(failure) => return Err(failure.into()),
        }
        // Those that both searches found stand above.
        if let Some(list) = &mut list {
            list.entries.retain(|user| by_id.iter().all(|found| found.id != user.id));
        }
    }
    let status = error.as_ref().map_or(axum::http::StatusCode::OK, |error: &PageError| error.status);
    let layout = Layout::new(&page, "Users").among_recipients();
    let view = ListPage { layout, environment: &environment, is_hidden, wanted: &wanted, by_id, list, filters, error };
    let mut response = respond::html(&view);
    *response.status_mut() = status;
    Ok(response)
}
