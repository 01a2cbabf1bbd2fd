//! Servers hear of each other's changes at once, also after their connections were lost, and do without where they cannot.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use inlet_core::delivery::TargetRouting;
use inlet_store::{Store, StoreOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    time::timeout,
};
use tracing::{Level, Metadata, Subscriber, span};

use crate::{
    server,
    suite::support::{Fixture, log, target, vault},
};

/// A time in which a notice arrives, also on a busy machine.
const SOON: Duration = Duration::from_secs(10);
/// A time in which a notice would have arrived.
const A_WHILE: Duration = Duration::from_millis(500);

async fn second(fixture: &Fixture) -> Store {
    Store::open(fixture.database.options_of_node("second"), vault()).await.unwrap()
}

/// Waits until a store has begun to listen, which counts as a notice.
async fn listens(store: &Store) {
    timeout(SOON, store.changed_elsewhere()).await.expect("it listens");
}

async fn hears_nothing(store: &Store) {
    timeout(A_WHILE, store.changed_elsewhere()).await.expect_err("nobody announced anything");
}

#[tokio::test]
async fn a_change_is_announced_to_the_others() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    listens(&fixture.store).await;
    listens(&second).await;
    hears_nothing(&second).await;
    for _ in 0..3 {
        fixture.store.announce_change();
        timeout(SOON, second.changed_elsewhere()).await.expect("the other one hears of it");
    }
    hears_nothing(&fixture.store).await;
}

#[tokio::test]
async fn changes_at_once_are_one_notice() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    listens(&fixture.store).await;
    listens(&second).await;
    (0..1000).for_each(|_| fixture.store.announce_change());
    let mut heard = 0;
    while timeout(A_WHILE, second.changed_elsewhere()).await.is_ok() {
        heard += 1;
    }
    assert!((1..=2).contains(&heard), "{heard}");
}

#[tokio::test]
async fn a_change_is_announced_after_the_connections_were_lost() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    for _ in 0..3 {
        // Whoever listens again may have missed something.
        listens(&fixture.store).await;
        listens(&second).await;
        fixture.store.announce_change();
        timeout(SOON, second.changed_elsewhere()).await.expect("the other one hears of it");
        fixture.database.end_connections().await;
    }
}

/// Counts the warnings about notices.
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().ends_with("change_notices")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Passes connections on to the server, and drops the notices that it sends, as a pooler does that keeps no sessions.
async fn pass_on_without_notices(listener: UnixListener, socket: std::path::PathBuf) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (mut from_server, mut to_server) = UnixStream::connect(&socket).await.unwrap().into_split();
        let (mut from_client, mut to_client) = client.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        tokio::spawn(async move {
            // A message is its kind, its length with these four bytes, and its content.
            while let Ok(kind) = from_server.read_u8().await {
                let length = from_server.read_u32().await.unwrap();
                let mut content = vec![0; length as usize - 4];
                from_server.read_exact(&mut content).await.unwrap();
                if kind != b'A' {
                    let message = [&[kind][..], &length.to_be_bytes(), &content].concat();
                    if to_client.write_all(&message).await.is_err() {
                        break;
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn where_notices_do_not_arrive_it_is_said_once_and_changes_are_found_without() {
    let warnings = Arc::<AtomicUsize>::default();
    let _guard = tracing::subscriber::set_default(Warnings(warnings.clone()));
    let fixture = Fixture::new().await;
    let directory = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
    tokio::spawn(pass_on_without_notices(listener, server::socket()));
    let options = fixture.database.options_of_node("second");
    let url = options.database_url.as_ref().unwrap().split("&host=").next().unwrap();
    let url = format!("{url}&host={}&sslmode=disable", directory.path().display());
    let second = Store::open(StoreOptions { database_url: Some(url), ..options }, vault()).await.unwrap();
    let before = second.shared_version().await.unwrap();
    fixture.store.target_put(target(fixture.environment, "crm", TargetRouting::of_chunks(1)), log("t")).await.unwrap();
    fixture.store.announce_change();
    // Two attempts to listen.
    timeout(Duration::from_secs(12), second.changed_elsewhere()).await.expect_err("notices do not arrive");
    assert_ne!(second.shared_version().await.unwrap(), before);
    assert_eq!(warnings.load(Ordering::Relaxed), 1);
}
