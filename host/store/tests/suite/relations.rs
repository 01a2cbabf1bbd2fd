//! Subscriptions, members of audiences, and the cancellation of runs.

use inlet_core::{Uuid, log::Outcome, mapping::Mapping, recipient::RecipientKey};
use inlet_store::{
    Cursor, MemberPosition, MemberRecord, Page, RunRecord, SubscriptionQuery, SubscriptionRecord, SubscriptionSide,
};

use super::support::{Event, Fixture, Unlimited, mapping};

/// The event type of an action is its name.
fn mappings() -> Vec<Mapping> {
    let object = r#""collection":"projects","id":"data.id""#;
    let member = r#"{"key":"beta","user_id":"data.to","tenant":"data.org"}"#;
    let run = r#""key":"k","cancellation_key":"data.order""#;
    [
        ("users_identify", r#"{"properties":"data"}"#.to_owned()),
        ("users_delete", "{}".to_owned()),
        ("objects_set", format!(r#"{{{object}}}"#)),
        ("objects_delete", format!(r#"{{{object}}}"#)),
        ("tenants_set", r#"{"id":"data.org"}"#.to_owned()),
        ("tenants_delete", r#"{"id":"data.org"}"#.to_owned()),
        ("objects_subscribe", format!(r#"{{{object},"recipients":"data.to","properties":"data.set"}}"#)),
        ("objects_unsubscribe", format!(r#"{{{object},"recipients":"data.to"}}"#)),
        ("audiences_add_member", member.to_owned()),
        ("audiences_remove_member", member.to_owned()),
        ("workflows_trigger", format!(r#"{{{run},"recipients":"data.to"}}"#)),
        ("workflows_cancel", format!("{{{run}}}")),
    ]
    .into_iter()
    .enumerate()
    .map(|(age, (action, parameters))| mapping(action, action, &parameters, age as i64 + 1))
    .chain([mapping("cancel_some", "workflows_cancel", &format!(r#"{{{run},"recipients":"data.to"}}"#), 100)])
    .collect()
}

struct Stored {
    fixture: Fixture,
    mappings: Vec<Mapping>,
}

impl Stored {
    async fn new() -> Self {
        Self { fixture: Fixture::new().await, mappings: mappings() }
    }

    /// Carries out one action for a user with this data.
    async fn act(&self, action: &str, user: &str, data: &str) -> Outcome {
        self.all(&[(action, user, data)]).await[0]
    }

    /// Carries out actions in one transaction, one event each.
    async fn all(&self, actions: &[(&str, &str, &str)]) -> Vec<Outcome> {
        let items: Vec<_> =
            actions.iter().map(|(_, user, data)| format!(r#"{{"userId":"{user}","data":{data}}}"#)).collect();
        let events = actions.iter().zip(&items);
        let events = events.map(|((action, ..), item)| Event::new(action, item).mappings(&self.mappings)).collect();
        self.fixture.commit_all(events).await.into_iter().map(|settled| settled.outcome).collect()
    }

    async fn subscriptions(
        &self,
        query: impl FnOnce(SubscriptionQuery) -> SubscriptionQuery,
    ) -> Page<SubscriptionRecord> {
        let all = SubscriptionQuery {
            environment_id: self.fixture.environment,
            of: SubscriptionSide::Object(project("p1")),
            only: None,
            cursor: Cursor::Start,
            limit: 100,
        };
        self.fixture.store.subscriptions(&query(all), &Unlimited).await.unwrap().unwrap()
    }

    /// The ids of the subscribers of the project p1, the newest first.
    async fn subscribers(&self) -> Vec<String> {
        ids(&self.subscriptions(|all| all).await)
    }

    async fn members(&self, cursor: Cursor<MemberPosition>, limit: usize) -> Page<MemberRecord> {
        let environment = self.fixture.environment;
        self.fixture.store.audience_members(environment, "beta", cursor, limit, &Unlimited).await.unwrap().unwrap()
    }

    async fn member_names(&self) -> Vec<String> {
        self.members(Cursor::Start, 100).await.items.iter().map(member_name).collect()
    }

    async fn runs(&self) -> Vec<RunRecord> {
        let query = inlet_store::RunQuery {
            environment_id: self.fixture.environment,
            cursor: Cursor::Start,
            limit: 10_000,
            workflow: None,
            source_event: None,
        };
        let mut runs = self.fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items;
        runs.reverse();
        runs
    }

    /// Removes what deleted recipients had, in slices of one row; returns the number of rows.
    async fn remove_deleted(&self) -> u64 {
        let store = &self.fixture.store;
        let mut rows = 0;
        while store.has_deleted_recipients().await.unwrap() {
            let removed = store.remove_deleted_recipients(1).await.unwrap();
            assert!(removed == 1 && rows < 1000, "{removed} rows after {rows}");
            rows += removed;
        }
        assert_eq!(store.remove_deleted_recipients(1).await.unwrap(), 0);
        rows
    }

    async fn finish_cancellations(&self) -> usize {
        let store = &self.fixture.store;
        let mut slices = 0;
        while store.continue_cancellation().await.unwrap() {
            slices += 1;
            assert!(slices < 100);
        }
        assert!(!store.has_unfinished_cancellations().await.unwrap());
        slices
    }
}

fn project(id: &str) -> RecipientKey {
    RecipientKey { collection: "projects".into(), id: id.to_owned() }
}

fn ids(page: &Page<SubscriptionRecord>) -> Vec<String> {
    page.items.iter().map(|subscription| subscription.counterpart.id.clone()).collect()
}

fn member_name(member: &MemberRecord) -> String {
    match &member.tenant {
        None => member.user.id.clone(),
        Some(tenant) => format!("{}@{tenant}", member.user.id),
    }
}

#[tokio::test]
async fn subscriptions_are_listed_from_both_sides_in_pages() {
    let stored = Stored::new().await;
    for id in ["p1", "p2"] {
        stored.act("objects_set", "", &format!(r#"{{"id":"{id}"}}"#)).await;
    }
    let to: Vec<_> = (0..7).map(|number| format!(r#"{{"id":"u{number}","n":{number}}}"#)).collect();
    let to = to.join(",");
    stored.act("objects_subscribe", "", &format!(r#"{{"id":"p1","to":[{to}],"set":{{"role":"owner"}}}}"#)).await;
    stored.act("objects_subscribe", "", r#"{"id":"p2","to":["u3",{"collection":"projects","id":"p1"}]}"#).await;

    let first = stored.subscriptions(|all| SubscriptionQuery { limit: 3, ..all }).await;
    assert_eq!(
        (ids(&first), first.has_before, first.has_after),
        (vec!["u6".into(), "u5".into(), "u4".into()], false, true)
    );
    let subscription = &first.items[0];
    assert_eq!(
        (&*subscription.properties, &*subscription.counterpart.properties),
        (r#"{"role":"owner"}"#, r#"{"n":6}"#)
    );
    assert!(subscription.created_at_ms > 0 && subscription.created_at_ms == subscription.updated_at_ms);
    let after = Cursor::After(first.items[2].counterpart.seq);
    let second = stored.subscriptions(|all| SubscriptionQuery { limit: 4, cursor: after, ..all }).await;
    assert_eq!((ids(&second).len(), second.has_before, second.has_after), (4, true, false));
    let before = Cursor::Before(second.items[0].counterpart.seq);
    let back = stored.subscriptions(|all| SubscriptionQuery { limit: 3, cursor: before, ..all }).await;
    assert_eq!(back, first);

    let of_user = SubscriptionSide::Recipient(RecipientKey::user("u3"));
    let objects = stored.subscriptions(|all| SubscriptionQuery { of: of_user, ..all }).await;
    assert_eq!(ids(&objects), ["p2", "p1"]);
    assert_eq!(&*objects.items[0].properties, "null");
    let only = Some(vec![RecipientKey::user("u2"), RecipientKey::user("stranger"), project("u3")]);
    assert_eq!(ids(&stored.subscriptions(|all| SubscriptionQuery { only, ..all }).await), ["u2"]);
    let elsewhere = |all| SubscriptionQuery { environment_id: stored.fixture.environment + 1, ..all };
    assert_eq!(ids(&stored.subscriptions(elsewhere).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_subscription_is_replaced_and_ends() {
    let stored = Stored::new().await;
    stored.act("objects_set", "", r#"{"id":"p1"}"#).await;
    stored.act("objects_subscribe", "", r#"{"id":"p1","to":{"id":"u1"},"set":{"a":1}}"#).await;
    let before = stored.subscriptions(|all| all).await.items.remove(0);
    stored.act("objects_subscribe", "", r#"{"id":"p1","to":"u1","set":{"b":1.10}}"#).await;
    let after = stored.subscriptions(|all| all).await.items.remove(0);
    assert_eq!((&*after.properties, after.created_at_ms), (r#"{"b":1.10}"#, before.created_at_ms));
    assert_eq!(stored.act("objects_unsubscribe", "", r#"{"id":"p1","to":"u1"}"#).await, Outcome::Executed);
    assert_eq!(stored.act("objects_unsubscribe", "", r#"{"id":"p1","to":"u1"}"#).await, Outcome::Skipped);
    assert_eq!(stored.subscribers().await, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_sees_the_subscriptions_of_a_deleted_recipient_and_a_job_removes_them() {
    let stored = Stored::new().await;
    let set = ("objects_set", "", r#"{"id":"p1"}"#);
    stored.all(&[set, ("objects_set", "", r#"{"id":"p2"}"#)]).await;
    let to = r#"{"id":"p1","to":[{"id":"u1"},{"id":"u2"},{"collection":"projects","id":"p1"}]}"#;
    stored.act("objects_subscribe", "", to).await;
    stored.act("objects_subscribe", "", r#"{"id":"p2","to":["u1",{"collection":"projects","id":"p1"}]}"#).await;
    // The newest recipient: its place in the table must not be given to another.
    assert_eq!(stored.act("users_delete", "u2", "{}").await, Outcome::Executed);
    stored.act("users_identify", "u3", "{}").await;
    assert_eq!(stored.subscribers().await, ["u1", "p1"]);
    assert_eq!(
        stored
            .fixture
            .store
            .users(stored.fixture.environment, Cursor::Start, 10, &Unlimited)
            .await
            .unwrap()
            .unwrap()
            .items
            .len(),
        2
    );
    // Deleted and set again in one transaction: a new object, to which one user is subscribed again.
    let again = r#"{"id":"p1","to":"u1","set":{"is":"new"}}"#;
    stored.all(&[("objects_delete", "", r#"{"id":"p1"}"#), set, ("objects_subscribe", "", again)]).await;
    assert_eq!(stored.subscribers().await, ["u1"]);
    let of_p2 = |all| SubscriptionQuery { of: SubscriptionSide::Object(project("p2")), ..all };
    assert_eq!(ids(&stored.subscriptions(of_p2).await), ["u1"]);
    // u2's subscription, p1's own and those to it: u1, u2, p1, p2; the two rows of the recipients.
    assert_eq!(stored.remove_deleted().await, 1 + 3 + 2);
    assert_eq!(
        (stored.subscribers().await, ids(&stored.subscriptions(of_p2).await)),
        (vec!["u1".into()], vec!["u1".into()])
    );
    assert_eq!(&*stored.subscriptions(|all| all).await.items[0].properties, r#"{"is":"new"}"#);
    // Without subscriptions nothing is left of a deletion.
    stored.act("users_delete", "u3", "{}").await;
    assert!(!stored.fixture.store.has_deleted_recipients().await.unwrap());
}

#[tokio::test]
async fn members_are_listed_in_pages_and_end() {
    let stored = Stored::new().await;
    let users: Vec<_> = (0..3).map(|number| format!(r#"{{"id":"u{number}"}}"#)).collect();
    let users = users.join(",");
    stored.act("audiences_add_member", "", &format!(r#"{{"to":[{users}]}}"#)).await;
    stored.act("audiences_add_member", "", r#"{"to":["u1","u2"],"org":"a"}"#).await;
    stored.act("audiences_add_member", "", r#"{"to":["u1","u2"],"org":"a"}"#).await;
    assert_eq!(stored.member_names().await, ["u2@a", "u2", "u1@a", "u1", "u0"]);
    let first = stored.members(Cursor::Start, 3).await;
    assert_eq!((first.has_before, first.has_after), (false, true));
    let second = stored.members(Cursor::After(first.items[2].position), 3).await;
    assert_eq!(
        (second.items.iter().map(member_name).collect::<Vec<_>>(), second.has_after),
        (vec!["u1".into(), "u0".into()], false)
    );
    assert_eq!(stored.members(Cursor::Before(second.items[0].position), 3).await, first);
    assert_eq!(stored.act("audiences_remove_member", "", r#"{"to":["u2","u0"]}"#).await, Outcome::Executed);
    assert_eq!(stored.act("audiences_remove_member", "", r#"{"to":"u0","org":"a"}"#).await, Outcome::Skipped);
    assert_eq!(stored.member_names().await, ["u2@a", "u1@a", "u1"]);
}

#[tokio::test]
async fn nobody_sees_the_memberships_of_a_deleted_user_or_tenant_and_a_job_removes_them() {
    let stored = Stored::new().await;
    stored.act("tenants_set", "", r#"{"org":"a"}"#).await;
    stored.act("audiences_add_member", "", r#"{"to":[{"id":"u1"},{"id":"u2"}],"org":"a"}"#).await;
    stored.act("audiences_add_member", "", r#"{"to":["u1","u2"]}"#).await;
    stored.act("users_delete", "u1", "{}").await;
    assert_eq!(stored.member_names().await, ["u2@a", "u2"]);
    // A tenant of that name is another one from now on.
    stored.all(&[("tenants_delete", "", r#"{"org":"a"}"#), ("tenants_set", "", r#"{"org":"a"}"#)]).await;
    assert_eq!(stored.member_names().await, ["u2"]);
    stored.act("audiences_add_member", "", r#"{"to":[{"id":"u3"}],"org":"a"}"#).await;
    assert_eq!(stored.act("audiences_remove_member", "", r#"{"to":"u2","org":"a"}"#).await, Outcome::Skipped);
    assert_eq!(stored.member_names().await, ["u3@a", "u2"]);
    // Three memberships, the user's row and the tenant's.
    assert_eq!(stored.remove_deleted().await, 5);
    assert_eq!(stored.member_names().await, ["u3@a", "u2"]);
}

#[tokio::test]
async fn a_cancellation_is_seen_on_runs_and_recipients() {
    let stored = Stored::new().await;
    let start = r#"{"order":"1","to":[{"id":"u1"},{"id":"u2"},{"collection":"teams","id":"u1","x":1}]}"#;
    stored.act("workflows_trigger", "", start).await;
    stored.act("workflows_trigger", "", r#"{"order":"2","to":"u1"}"#).await;
    let some = r#"{"order":"1","to":["u2",{"collection":"teams","id":"u1"}]}"#;
    assert_eq!(stored.act("cancel_some", "", some).await, Outcome::Executed);
    assert_eq!(stored.act("cancel_some", "", some).await, Outcome::Skipped);
    let run = stored.runs().await.remove(0);
    assert_eq!((run.canceled, run.canceled_recipients), (None, 2));
    let canceled: Vec<_> = run.recipients.iter().map(|recipient| recipient.canceled.is_some()).collect();
    assert_eq!(canceled, [false, true, true]);
    let first = run.recipients[1].canceled.unwrap();

    assert_eq!(stored.act("workflows_cancel", "", r#"{"order":"1"}"#).await, Outcome::Executed);
    let runs = stored.runs().await;
    let canceled = runs[0].canceled.unwrap();
    assert!(canceled.at_ms > 0 && canceled.event > first.event && runs[1].canceled.is_none());
    // Who was canceled before keeps the event that did it.
    let recipients =
        stored.fixture.store.run_recipients(stored.fixture.environment, run.id, Cursor::Start, 10, &Unlimited);
    let recipients = recipients.await.unwrap().unwrap().items;
    assert_eq!(recipients, runs[0].recipients);
    let events: Vec<Uuid> = recipients.iter().map(|recipient| recipient.canceled.unwrap().event).collect();
    assert_eq!(events, [canceled.event, first.event, first.event]);
    assert_eq!(stored.act("workflows_cancel", "", r#"{"order":"1"}"#).await, Outcome::Skipped);
}

#[tokio::test]
async fn a_run_is_canceled_in_the_transaction_that_creates_it() {
    let stored = Stored::new().await;
    let start = ("workflows_trigger", "", r#"{"order":"1","to":[{"id":"u1"},{"id":"u2"}]}"#);
    let outcomes = stored
        .all(&[
            start,
            ("cancel_some", "", r#"{"order":"1","to":"u2"}"#),
            start,
            ("workflows_cancel", "", r#"{"order":"1"}"#),
            start,
        ])
        .await;
    assert_eq!(outcomes, [Outcome::Executed; 5]);
    let runs: Vec<_> =
        stored.runs().await.iter().map(|run| (run.canceled.is_some(), run.canceled_recipients)).collect();
    assert_eq!(runs, [(true, 1), (true, 0), (false, 0)]);
}

#[tokio::test]
async fn a_job_cancels_the_runs_beyond_a_thousand_and_none_that_came_later() {
    let stored = Stored::new().await;
    let start = ("workflows_trigger", "", r#"{"order":"1","to":[{"id":"u1"},{"id":"u2"}]}"#);
    for runs in [1000, 1002] {
        stored.all(&vec![start; runs]).await;
    }
    assert_eq!(stored.act("workflows_cancel", "", r#"{"order":"1"}"#).await, Outcome::Executed);
    let canceled = |runs: Vec<RunRecord>| runs.iter().filter(|run| run.canceled.is_some()).count();
    assert_eq!(canceled(stored.runs().await), 1000);
    stored.act("workflows_trigger", "", start.2).await;
    assert!(stored.fixture.store.has_unfinished_cancellations().await.unwrap());
    assert_eq!(stored.finish_cancellations().await, 2);
    let runs = stored.runs().await;
    assert_eq!((canceled(runs.clone()), runs.last().unwrap().canceled), (2002, None));
}

#[tokio::test]
async fn a_job_cancels_the_recipients_beyond_ten_thousand_look_ups() {
    let stored = Stored::new().await;
    let start = ("workflows_trigger", "", r#"{"order":"1","to":[{"id":"u1"},{"id":"u2"}]}"#);
    let only_u2 = ("workflows_trigger", "", r#"{"order":"1","to":"u2"}"#);
    stored.all(&[vec![start; 24], vec![only_u2]].concat()).await;
    let crowd: Vec<_> =
        (0..1000).map(|number| if number == 0 { r#""u2""#.to_owned() } else { format!(r#""x{number}""#) }).collect();
    stored.act("cancel_some", "", &format!(r#"{{"order":"1","to":[{}]}}"#, crowd.join(","))).await;
    let canceled = |runs: &[RunRecord]| runs.iter().map(|run| run.canceled_recipients).sum::<i64>();
    assert_eq!(canceled(&stored.runs().await), 10);
    assert_eq!(stored.finish_cancellations().await, 2);
    let runs = stored.runs().await;
    assert_eq!(canceled(&runs), 25);
    let wholly: Vec<_> = runs.iter().filter(|run| run.canceled.is_some()).map(|run| run.id).collect();
    assert_eq!(wholly, [runs[24].id], "the run whose every recipient is canceled");
    assert!(runs[23].recipients[0].canceled.is_none() && runs[23].recipients[1].canceled.is_some());
}
