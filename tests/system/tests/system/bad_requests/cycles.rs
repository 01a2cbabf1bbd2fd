//! Objects that are subscribed to themselves, or to each other. A trigger to them ends, and reaches everybody once.

use std::time::Duration;

use inlet_system_tests::{Server, read_json};
use reqwest::Method;
use serde_json::{Value, json};

struct Rooms {
    server: Server,
    key: String,
}

impl Rooms {
    async fn with(rooms: &[&str]) -> Self {
        let server = Server::start().await;
        let key = server.api_key("development").await;
        let rooms_of = Self { server, key };
        for room in rooms {
            rooms_of.call(Method::PUT, &format!("/v1/objects/rooms/{room}"), json!({})).await;
        }
        rooms_of
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let response = self.server.request_with(&self.key, method, path).json(&body).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Subscribes recipients to a room.
    async fn subscribe(&self, room: &str, recipients: Value) {
        let path = format!("/v1/objects/rooms/{room}/subscriptions");
        self.call(Method::POST, &path, json!({ "recipients": recipients })).await;
    }

    /// Triggers for recipients, and returns the ids of everybody in the run once nobody is added any more, in order.
    async fn reached(&self, recipients: Value) -> Vec<String> {
        let answer = self.call(Method::POST, "/v1/workflows/news/trigger", json!({ "recipients": recipients })).await;
        let path = format!("/v1/workflow_runs/{}", answer["workflow_run_id"].as_str().unwrap());
        for _ in 0..600 {
            let (_, run) = self.server.get_with_key(&self.key, &path).await;
            if run["expanding"] == json!(false) {
                let (_, page) = self.server.get_with_key(&self.key, &format!("{path}/recipients?page_size=100")).await;
                assert_eq!(page["page_info"]["after"], json!(null), "one page is enough here");
                let recipients = page["entries"].as_array().unwrap();
                assert_eq!(run["recipients_count"], json!(recipients.len()), "{run}");
                return recipients.iter().map(|recipient| recipient["id"].as_str().unwrap().to_owned()).collect();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the expansion of the run did not end in 30 s");
    }
}

fn room(id: &str) -> Value {
    json!({"collection": "rooms", "id": id})
}

#[tokio::test]
async fn a_room_in_itself_reaches_everybody_once() {
    let rooms = Rooms::with(&["a"]).await;
    rooms.subscribe("a", json!([room("a"), {"id": "ana"}])).await;
    assert_eq!(rooms.reached(json!([room("a")])).await, ["a", "ana"]);
    assert_eq!(rooms.reached(json!([room("a"), "ana", room("a")])).await, ["a", "ana"]);
}

#[tokio::test]
async fn two_rooms_in_each_other_reach_everybody_once() {
    let rooms = Rooms::with(&["a", "b"]).await;
    rooms.subscribe("a", json!([room("b"), {"id": "ana"}, {"id": "both"}])).await;
    rooms.subscribe("b", json!([room("a"), {"id": "bo"}, {"id": "both"}])).await;
    for recipients in [json!([room("a")]), json!([room("b")]), json!([room("b"), room("a"), "bo"])] {
        let mut reached = rooms.reached(recipients.clone()).await;
        reached.sort();
        assert_eq!(reached, ["a", "ana", "b", "bo", "both"], "{recipients}");
    }
}

#[tokio::test]
async fn a_ring_of_fifty_rooms_that_are_all_in_the_first_ends() {
    let names: Vec<String> = (0..50).map(|number| format!("r{number:02}")).collect();
    let rooms = Rooms::with(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (at, name) in names.iter().enumerate() {
        let next = &names[(at + 1) % names.len()];
        rooms.subscribe(name, json!([room(next), room(&names[0]), {"id": format!("u{at:02}")}])).await;
    }
    let reached = rooms.reached(json!([room("r00")])).await;
    let mut unique = reached.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((reached.len(), unique.len()), (100, 100), "{reached:?}");
}
