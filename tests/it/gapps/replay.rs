//! The four recorded paging sessions of 2009, answered from a loopback server request for request.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{Client, Values, sim, vectors};

/// Answers what was recorded for this path and query; anything else is 500.
async fn server(exchanges: &[Value]) -> MockServer {
    let exchanges = exchanges.to_vec();
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let query: BTreeMap<String, String> =
            request.url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect();
        let found = exchanges.iter().find(|exchange| {
            let recorded = &exchange["request"];
            let params: BTreeMap<String, String> =
                serde_json::from_value(recorded["params"].clone()).expect("texts");
            recorded["method"] == request.method.as_str()
                && recorded["path"] == request.url.path()
                && params == query
        });
        match found {
            Some(exchange) => {
                let status = exchange["response"]["status"].as_u64().expect("a status");
                let body = exchange["response"]["body"].as_str().expect("a body");
                ResponseTemplate::new(u16::try_from(status).expect("small")).set_body_string(body)
            }
            None => ResponseTemplate::new(500),
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn they_end_with_the_recorded_number_of_entries() {
    let Some(folder) = vectors() else { return };
    let sim = sim().await;
    let domain = ("domain", "test.shehas.net");
    let list = ("name", "b101-20091013151051");
    let sessions: [(&str, &str, Values<'_>, usize, &str); 4] = [
        ("AllUsers", "user.list", &[domain], 102, "userName"),
        ("AllNicknames", "nickname.list", &[domain], 102, "nickname"),
        ("AllEmailLists", "emailList.list", &[domain], 105, "name"),
        ("AllRecipients", "recipient.list", &[domain, list], 102, "email"),
    ];
    for (file, op, values, entries, key) in sessions {
        let text = fs::read_to_string(folder.join(format!("gdata-python-client/recorded/{file}.json")))
            .expect("a file");
        let exchanges: Vec<Value> = serde_json::from_str(&text).expect("exchanges");
        let server = server(&exchanges).await;
        let client = Client::login(&sim, &server.uri());
        let (all, pages) = client.all(op, values).await.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!((all.len(), pages), (entries, 2), "{file}");
        let mut keys: Vec<_> = all.iter().map(|one| one[key].as_str().expect("text")).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), entries, "{file}: none twice");
        let requests = server.received_requests().await.expect("recorded");
        assert_eq!(requests.len(), exchanges.len(), "{file}: request for request");
        let token =
            |request: &Request| request.headers["authorization"].to_str().unwrap_or_default().to_owned();
        assert!(requests[1..].iter().all(|one| token(one) == "GoogleLogin auth=hogehoge"));
    }
}
