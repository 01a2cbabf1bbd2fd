//! The most requests in a second: a setting of each source environment.

use std::time::{Duration, Instant};

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, hmac_sha1, read_json, track};
use insta::assert_snapshot;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Sends signed events at once and returns the answers.
async fn send_signed(endpoint: &Endpoint, name: &str, count: usize) -> Vec<(StatusCode, Option<String>, Value)> {
    let mut sending = JoinSet::new();
    for number in 0..count {
        let body = track("E", "u", &format!("{name}-{number}"), json!({}));
        let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
        let request = endpoint.post(body).header("x-signature", signature);
        sending.spawn(async {
            let answer = request.send().await.unwrap();
            let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            (answer.status(), retry_after, read_json(answer).await)
        });
    }
    sending.join_all().await
}

fn accepted(answers: &[(StatusCode, Option<String>, Value)]) -> usize {
    answers.iter().filter(|(status, ..)| *status == StatusCode::OK).count()
}

#[tokio::test]
async fn what_exceeds_the_rate_is_answered_429_and_a_forger_takes_nothing_of_it() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": SEGMENT_SECRET, "max_requests_per_second": 4});
    let shop = server.source("shop", "segment", settings, json!([])).await;
    let other = server.source("other", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;

    for number in 0..20 {
        let forged = track("E", "u", &format!("forged-{number}"), json!({}));
        assert_eq!(shop.post(forged).send().await.unwrap().status(), 401);
    }
    let start = Instant::now();
    let answers = send_signed(&shop, "first", 40).await;
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
    let taken = accepted(&answers);
    assert!((4..=4 + 4 * seconds).contains(&taken), "{taken} in {seconds} s");
    let (_, retry_after, answer) = answers.iter().find(|(status, ..)| *status == 429).expect("too many came");
    assert_eq!((retry_after.as_deref(), &answer["code"]), (Some("1"), &json!("rate_limited")));
    assert_snapshot!(answer["message"].as_str().unwrap(), @"more than 4 requests a second came; send it again later, or let the operator raise max_requests_per_second");
    assert!(answers.iter().all(|(status, ..)| matches!(status.as_u16(), 200 | 429)));
    assert_eq!(server.logs("shop").await.len(), taken, "what was refused is not stored");
    assert_eq!(accepted(&send_signed(&other, "other", 20).await), 20, "every source has its own");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    let refused = format!(r#"cause="rate_limited"}} {}"#, answers.len() - taken);
    assert!(
        metrics.lines().any(|line| line.starts_with("inlet_refused_total") && line.ends_with(&refused)),
        "{metrics}"
    );

    // Senders who heed the answer get everything in.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(accepted(&send_signed(&shop, "again", 1).await) == 1);
    server.source("shop", "segment", json!({"max_requests_per_second": null}), json!([])).await;
    assert_eq!(accepted(&send_signed(&shop, "free", 40).await), 40);
}

#[tokio::test]
async fn the_setting_is_a_whole_number_within_bounds() {
    let server = Server::start().await;
    for (value, sentence) in [
        (json!(0), "found 0, expected a whole number from 1 to 100000"),
        (json!(100_001), "found 100001, expected a whole number from 1 to 100000"),
        (json!(1.5), "found 1.5, expected a whole number from 1 to 100000"),
        (json!("10"), "found a string, expected a whole number or null"),
    ] {
        let source = json!({
            "name": "x", "preconfigured_provider": "http",
            "environment_settings": {"development": {"settings": {"max_requests_per_second": value}}},
        });
        let (status, answer) = server.try_put_source("x", "development", source).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(sentence), "{answer}");
    }
}
