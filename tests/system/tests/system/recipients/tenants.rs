//! Tenants: set, read, list and delete.

use serde_json::json;

use super::Api;

#[tokio::test]
async fn a_tenant_is_set_merged_read_and_deleted() {
    let api = Api::start().await;
    let body = json!({"name": "Acme", "plan": {"seats": 5},
        "settings": {"branding": {"primary_color": "#33f"}, "preference_set": {"workflows": {"a": true}}}});
    let (status, tenant) = api.put("/v1/tenants/acme?resolve_full_preference_settings=true", body.clone()).await;
    assert_eq!(status, 200, "{tenant}");
    assert_eq!(
        (&tenant["__typename"], &tenant["id"], &tenant["name"]),
        (&json!("Tenant"), &json!("acme"), &json!("Acme"))
    );
    assert_eq!((&tenant["settings"], &tenant["plan"]), (&body["settings"], &body["plan"]));
    let change = json!({"plan": {"trial": true}, "settings": {"branding": {"logo_url": "https://acme.example/l.png"}}});
    let (_, tenant) = api.put("/v1/tenants/acme", change).await;
    assert_eq!(tenant["plan"], json!({"seats": 5, "trial": true}));
    let branding = json!({"primary_color": "#33f", "logo_url": "https://acme.example/l.png"});
    assert_eq!((&tenant["settings"]["branding"], &tenant["name"]), (&branding, &json!("Acme")));
    assert_eq!(api.get("/v1/tenants/acme").await, (200, tenant));

    assert_eq!(api.delete("/v1/tenants/acme").await, 204);
    assert_eq!(api.get("/v1/tenants/acme").await.0, 404);
    assert_eq!(api.delete("/v1/tenants/acme").await, 404);
}

async fn ids(api: &Api, path: &str) -> Vec<String> {
    api.entries(path).await.iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tenants_are_listed_page_by_page_and_by_id_and_name() {
    let api = Api::start().await;
    for (id, name) in [("t1", "One"), ("t2", "Two"), ("t3", "Two")] {
        assert_eq!(api.put(&format!("/v1/tenants/{id}"), json!({ "name": name })).await.0, 200);
    }
    assert_eq!(ids(&api, "/v1/tenants?page_size=1").await, ["t3", "t2", "t1"]);
    assert_eq!(ids(&api, "/v1/tenants?tenant_id=t2").await, ["t2"]);
    assert_eq!(ids(&api, "/v1/tenants?name=Two&page_size=1").await, ["t3", "t2"]);
    assert!(ids(&api, "/v1/tenants?name=two").await.is_empty(), "the whole name");
    assert!(ids(&api, "/v1/tenants?tenant_id=t1&name=Two").await.is_empty());
}

#[tokio::test]
async fn a_deletion_takes_the_memberships_for_the_tenant_along() {
    let api = Api::start().await;
    api.put("/v1/tenants/acme", json!({})).await;
    let members = json!({"members": [{"user": {"id": "ana"}}, {"user": {"id": "ana"}, "tenant": "acme"}]});
    assert_eq!(api.post("/v1/audiences/trial/members", members).await.0, 204);
    assert_eq!(api.get("/v1/audiences/trial/members").await.1["entries"].as_array().unwrap().len(), 2);
    assert_eq!(api.delete("/v1/tenants/acme").await, 204);
    let (_, left) = api.get("/v1/audiences/trial/members").await;
    assert_eq!((left["entries"].as_array().unwrap().len(), &left["entries"][0]["tenant"]), (1, &json!(null)));
    assert_eq!(api.get("/v1/users/ana").await.0, 200);
}
