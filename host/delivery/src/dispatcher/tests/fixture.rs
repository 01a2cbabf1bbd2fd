//! A store with targets, events that trigger workflows, and receivers that answer by a script.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use inlet_core::{
    ByteString, Uuid,
    actions::parse_action,
    delivery::{DeliveryStatus, TargetRouting},
    json,
    log::{EventFields, EventLog, Original, PluginRef},
    mapping::{Mapping, MappingIndex},
    plan::{self, Scope},
    settle::{Job, Prepared},
};
use inlet_store::{
    Author, Cursor, DeliveryFilter, DeliveryQuery, ListedDelivery, NewChange, NewSource, NewSourceEnvironment,
    NewTarget, ReadMemory, RedriveSlice, SecretLocation, SelectedDeliveries, Store, StoreOptions, StoredAttempt,
    TargetRecord, TargetState, Vault, VaultError,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use super::super::*;
use crate::{
    targets,
    test_receiver::{read_request, read_to_end, receiver},
    way_out::{AddressRules, ClientOptions, TimeLimits},
};

/// Bounds a wait.
pub async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.unwrap()
}

/// Seals nothing: the store's own tests are about sealing.
struct PlainVault;

impl Vault for PlainVault {
    fn seal(&self, _: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError> {
        Ok(secret.as_bytes().to_vec())
    }

    fn open(&self, _: SecretLocation, sealed: &[u8]) -> Result<String, VaultError> {
        Ok(String::from_utf8_lossy(sealed).into_owned())
    }
}

/// Writes states without a configuration in memory.
struct StopInStore(Arc<Store>);

impl StopTarget for StopInStore {
    fn stop(&self, target: TargetRecord, stop: Stop) -> BoxFuture<'static, Result<(), tower::BoxError>> {
        let store = self.0.clone();
        Box::pin(async move {
            store.target_set_state(target.id, stop.state, Some(stop.reason), change()).await?;
            Ok(())
        })
    }
}

struct Unlimited;

impl ReadMemory for Unlimited {
    fn reserve(&self, _: u64) -> bool {
        true
    }
}

/// A store with one source.
pub struct Fixture {
    pub store: Arc<Store>,
    environment: i64,
    source_environment: i64,
    _directory: TempDir,
}

impl Fixture {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(StoreOptions::new(directory.path()), Arc::new(PlainVault)).await.unwrap());
        let environment = store.environments().await.unwrap()[0].id;
        let source = NewSource {
            key: "main".to_owned(),
            name: "main".to_owned(),
            description: None,
            custom_image_url: None,
            provider: "http".to_owned(),
            environments: vec![NewSourceEnvironment {
                environment_id: environment,
                token: "token".to_owned(),
                settings: "{}".to_owned(),
                ..NewSourceEnvironment::default()
            }],
        };
        store.source_create(source, change()).await.unwrap();
        let sources = store.sources().await.unwrap();
        let source_environment = sources.iter().find(|source| source.key == "main").unwrap().environments[0].id;
        Self { store, environment, source_environment, _directory: directory }
    }

    /// Creates a webhook target.
    pub async fn webhook(&self, key: &str, address: SocketAddr) -> i64 {
        self.target(key, "webhook", json!({"url": format!("http://{address}/{key}")}), Value::Null).await
    }

    /// Creates a target.
    pub async fn target(&self, key: &str, kind: &str, settings: Value, secrets: Value) -> i64 {
        let new = NewTarget {
            environment_id: self.environment,
            key: key.to_owned(),
            kind: kind.to_owned(),
            settings: settings.to_string(),
            // Settings that do not work have no routing of their own.
            routing: targets::parse(kind, &settings, &secrets)
                .map_or_else(|_| TargetRouting::of_chunks(1000), |target| target.routing()),
            secrets: (!secrets.is_null()).then(|| secrets.to_string()),
            state: None,
        };
        self.store.target_put(new, change()).await.unwrap()
    }

    /// Lets a target run again.
    pub async fn resume(&self, id: i64) {
        assert!(self.store.target_set_state(id, TargetState::Running, None, change()).await.unwrap());
    }

    /// Sends a delivery again at once.
    pub async fn redrive(&self, id: Uuid) {
        let one = SelectedDeliveries::One(id);
        let redriven = self.store.deliveries_redrive(self.environment, one, RedriveSlice::at_once(1), None).await;
        assert_eq!(redriven.unwrap().count, 1);
    }

    /// Stops a target.
    pub async fn pause(&self, id: i64) {
        assert!(self.store.target_set_state(id, TargetState::Paused, None, change()).await.unwrap());
    }

    /// Commits an event that identifies a user and triggers a workflow for it.
    pub async fn trigger(&self, user: &str) {
        let recipient = json!({"id": user, "name": format!("Name of {user}")}).to_string();
        // Put together as text: a number of a JSON value would lose its digits.
        let recipient = recipient.replace('}', r#","credit":9007199254740993,"$trigger_data":{"rate":39.50}}"#);
        let item = format!(r#"{{"data":{{"order":9007199254740993,"total":39.50,"to":{recipient}}}}}"#);
        let parameters = r#"{"key":"order-paid","recipients":"data.to","cancellation_key":{"value":"order-1"}}"#;
        self.commit("order", item, parameters, "workflows_trigger").await;
    }

    /// Commits an event that cancels all runs.
    pub async fn cancel(&self) {
        let parameters = r#"{"key":"order-paid","cancellation_key":{"value":"order-1"}}"#;
        self.commit("cancel", r#"{"data":{}}"#.to_owned(), parameters, "workflows_cancel").await;
    }

    /// Commits an event that changes a user.
    pub async fn rename(&self, user: &str, name: &str) {
        let item = format!(r#"{{"userId":"{user}","data":{{"name":"{name}"}}}}"#);
        self.commit("rename", item, "{}", "users_identify").await;
    }

    async fn commit(&self, event_type: &str, item: String, parameters: &str, action: &str) {
        let item = ByteString::from(item);
        let data = item.slice_ref(json::member(&item, "data").unwrap());
        let user_id = json::member(&item, "userId").and_then(json::string);
        let mapping = Mapping {
            id: Uuid::now_v7(),
            event_type: event_type.to_owned(),
            when: None,
            action: parse_action(action, parameters).unwrap(),
            parameters: parameters.into(),
            active: true,
            created_at_ms: 0,
            updated_at_ms: 0,
        };
        let index = MappingIndex::new([mapping]);
        let scope =
            Scope { user_id: user_id.as_deref(), data: &data, item: &item, headers: None, hints: None, vars: None };
        let plan = plan::plan(scope, event_type, false, index.matching(event_type));
        let plugin = PluginRef { key: "http".into(), version: "1.0.0".into(), digest: "00".into() };
        let fields = EventFields {
            event_type: event_type.to_owned(),
            user_id,
            verification_status: "not_configured".to_owned(),
            ..EventFields::new(Uuid::now_v7(), 1_700_000_000_200, Arc::new(plugin))
        };
        let log = EventLog { fields, data: Some(data.clone()), original: Original::Json(item.clone()) };
        let job = Job {
            environment: self.environment,
            source_environment: self.source_environment,
            items: vec![Prepared { log, plan: Some(plan) }],
            nonce: None,
        };
        self.store.commit(job).await.unwrap();
    }

    /// Starts a dispatcher with these delays between attempts, in milliseconds.
    pub fn dispatcher(&self, delays_ms: &[u64]) -> Dispatcher {
        self.dispatcher_with(delays_ms, DispatcherOptions::default())
    }

    pub fn dispatcher_with(&self, delays_ms: &[u64], options: DispatcherOptions) -> Dispatcher {
        self.dispatcher_of(Self::client(), delays_ms, options)
    }

    /// Returns a client that may reach 127.0.0.1.
    pub fn client() -> ClientOptions {
        ClientOptions {
            rules: AddressRules::new(vec!["127.0.0.1/32".parse().unwrap()]),
            limits: TimeLimits { head: Duration::from_secs(60), ..TimeLimits::default() },
            ..ClientOptions::default()
        }
    }

    pub fn dispatcher_of(&self, client: ClientOptions, delays_ms: &[u64], options: DispatcherOptions) -> Dispatcher {
        let schedule = RetrySchedule::new(delays_ms.iter().copied().map(Duration::from_millis).collect());
        let way_out = WayOut::new(client).unwrap();
        let stop_target = Arc::new(StopInStore(self.store.clone()));
        Dispatcher::start(self.store.clone(), way_out, stop_target, DispatcherOptions { schedule, ..options })
    }

    /// Returns all deliveries, the oldest first.
    pub async fn deliveries(&self) -> Vec<ListedDelivery> {
        let query = DeliveryQuery {
            environment_id: self.environment,
            cursor: Cursor::Start,
            limit: 1000,
            filter: DeliveryFilter::default(),
            run: None,
            source_event: None,
        };
        let mut deliveries = self.store.deliveries(&query, &Unlimited).await.unwrap().unwrap().items;
        deliveries.reverse();
        deliveries
    }

    /// Returns the newest thousand deliveries to a target, the oldest first.
    pub async fn of_target(&self, id: i64) -> Vec<ListedDelivery> {
        self.deliveries().await.into_iter().filter(|listed| listed.delivery.target_id == id).collect()
    }

    /// Waits until there are as many deliveries, all with this status, and returns them.
    pub async fn until(&self, count: usize, status: DeliveryStatus) -> Vec<ListedDelivery> {
        self.wait(|deliveries| {
            deliveries.len() == count && deliveries.iter().all(|listed| listed.delivery.status == status)
        })
        .await
    }

    pub async fn wait(&self, is_so: impl Fn(&[ListedDelivery]) -> bool) -> Vec<ListedDelivery> {
        bounded(async {
            loop {
                let deliveries = self.deliveries().await;
                if is_so(&deliveries) {
                    return deliveries;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    pub async fn attempts(&self, listed: &ListedDelivery) -> Vec<StoredAttempt> {
        self.store.delivery(self.environment, listed.delivery.id).await.unwrap().unwrap().1
    }

    /// Waits until a target has a state, and returns it.
    pub async fn target_in(&self, id: i64, state: TargetState) -> TargetRecord {
        bounded(async {
            loop {
                let targets = self.store.targets().await.unwrap();
                if let Some(target) = targets.into_iter().find(|target| target.id == id && target.state == state) {
                    return target;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }
}

fn change() -> NewChange {
    NewChange {
        author: Author::named(Author::BOOTSTRAP),
        operation: "test",
        resource: "things/{id}".to_owned(),
        environment_id: None,
        before: None,
        after: Some("{}".to_owned()),
    }
}

/// The answer to a request.
#[derive(Clone, Copy)]
pub enum Reply {
    /// This status.
    Status(u16),
    /// None, as long as the connection lasts.
    Nothing,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| *found == name).unwrap().1
    }
}

/// Starts a receiver that answers the requests, counted from 0, by a script.
pub async fn scripted(
    script: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> (SocketAddr, mpsc::UnboundedReceiver<Received>) {
    let (seen, received) = mpsc::unbounded_channel();
    let (script, count) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
    let address = receiver(move |mut stream| {
        let (seen, script, count) = (seen.clone(), script.clone(), count.clone());
        async move {
            let (head, body) = read_request(&mut stream).await;
            let reply = script(count.fetch_add(1, Ordering::SeqCst));
            // The test may have ended.
            let _ = seen.send(Received { head, body });
            match reply {
                Reply::Status(status) => {
                    let text = format!(
                        "HTTP/1.1 {status} Status\r\nset-cookie: a=b\r\nx-receiver: yes\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
                    );
                    let _ = stream.write_all(text.as_bytes()).await;
                }
                Reply::Nothing => read_to_end(stream).await,
            }
        }
    })
    .await;
    (address, received)
}
