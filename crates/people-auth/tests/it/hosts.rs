//! Whose URLs are believed: the classes of attack that Google's Python library refused while it still checked, and some of our own.

use people_auth::credentials::{Allowed, UrlFault};
use people_auth::{Credentials, CredentialsError};
use serde_json::{Value, json};

/// Hosts of a service called `{}`, behind `https://`.
const GOOD: [&str; 9] = [
    "{}.googleapis.com",
    "europe-west1.{}.googleapis.com",
    "EUROPE-WEST1.{}.googleapis.com",
    "{}.europe-west1.googleapis.com",
    "{}.ASIA-EAST1.googleapis.com",
    "europe-west1-{}.googleapis.com",
    "ASIA-EAST1-{}.googleapis.com",
    "{}-myendpoint.p.googleapis.com",
    "{}.googleapis.com:443",
];

/// URLs that must not be believed for the service `{}`, whose sibling is `<>`.
const BAD: [&str; 46] = [
    // No URL at all.
    "",
    "https://",
    "https:///v1",
    "{}.googleapis.com",
    "//{}.googleapis.com",
    "https:/europe-west1.{}.googleapis.com",
    "https:{}.googleapis.com",
    // Another scheme.
    "http://{}.googleapis.com",
    "http://{}.p.googleapis.com",
    "http://{}-name.p.googleapis.com",
    "hhttps://europe-west1.{}.googleapis.com",
    "testhttps://europe-west1.{}.googleapis.com",
    "ftp://{}.googleapis.com",
    "file:///{}.googleapis.com",
    // White space, control characters and other bytes in the host.
    "https://europe-we\t-1.{}.googleapis.com",
    "https://europe- -1.{}.googleapis.com",
    "https://{}.googleapis.com\n.evil.example",
    " https://{}.googleapis.com",
    "https://{}.googleapis.com\u{0}",
    "https://{}\u{3002}googleapis.com",
    "https://{}%2egoogleapis.com",
    "https://{}_.googleapis.com",
    // The path or a user begins where the host seems to go on.
    "https://EUROPE-WE/ST1-{}.googleapis.com",
    "https://evil.example/{}.googleapis.com",
    "https://evil.example\\{}.googleapis.com",
    "https://evil.example#{}.googleapis.com",
    "https://evil.example?{}.googleapis.com",
    "https://{}.googleapis.com@evil.example",
    "https://user@{}.googleapis.com",
    // Somebody else's domain with ours in it.
    "https://{}.googleapis.comevil.example",
    "https://europe-west1.{}.googleapis.com.evil.example",
    "https://evil{}.googleapis.com",
    "https://{}.pgoogleapis.com",
    "https://{}.p.com",
    "https://{}-name.p.foo.com",
    // Forms that Google has not.
    "https://<>.googleapis.com",
    "https://p.googleapis.com",
    "https://googleapis.com",
    "https://-{}.googleapis.com",
    "https://{}-europe-west1.googleapis.com",
    "https://europe-west1.europe-west1.{}.googleapis.com",
    "https://a.b.c.d.{}.googleapis.com",
    "https://name-{}.p.googleapis.com",
    "https://{}-name.p1.googleapis.com",
    "https://{}-name.p.foo.googleapis.com",
    "https://{}.googleapis.com:8443",
];

#[test]
fn only_googles_hosts_are_believed() {
    let allowed = Allowed::default();
    for (service, sibling) in [("sts", "iamcredentials"), ("iamcredentials", "sts")] {
        for host in GOOD {
            for rest in ["", "/v1/token", "/path?query"] {
                let url = format!("https://{}{rest}", host.replace("{}", service));
                assert!(allowed.service(service, &url).is_ok(), "{url}");
            }
        }
        for url in BAD {
            let url = url.replace("{}", service).replace("<>", sibling);
            assert!(allowed.service(service, &url).is_err(), "{url:?}");
        }
    }
}

#[test]
fn a_document_with_a_bent_url_is_no_document() {
    const URLS: [(&str, &str); 3] = [
        ("token_url", "sts"),
        ("token_info_url", "sts"),
        ("service_account_impersonation_url", "iamcredentials"),
    ];
    for (member, service) in URLS {
        for url in BAD {
            let url = url.replace("{}", service).replace("<>", "other");
            let url = if member.starts_with("service") && !url.is_empty() { route(&url) } else { url };
            let mut document = document();
            document[member] = json!(url);
            let outcome = Credentials::parse(document.to_string().as_bytes(), &Allowed::default());
            // An empty member is no member.
            assert!(url.trim().is_empty() || outcome.is_err(), "{member}: {url:?}");
        }
    }
    assert!(Credentials::parse(document().to_string().as_bytes(), &Allowed::default()).is_ok());
}

#[test]
fn the_path_of_an_impersonation_names_the_account() {
    let host = "https://iamcredentials.googleapis.com";
    for bad in [
        host.to_owned(),
        format!("{host}/v1/projects/-/serviceAccounts/a@b:generateIdToken"),
        format!("{host}/v1/projects/-/serviceAccounts/:generateAccessToken"),
        format!("{host}/v1/projects/-/serviceAccounts/a@b/c:generateAccessToken"),
        format!("{host}/v1/projects/-/a@b:generateAccessToken"),
        format!("{host}/v1/projects/-/serviceAccounts/a@b:generateAccessToken?alt=json"),
    ] {
        let mut document = document();
        document["service_account_impersonation_url"] = json!(bad);
        let fault = Credentials::parse(document.to_string().as_bytes(), &Allowed::default()).unwrap_err();
        assert_eq!(fault, CredentialsError::Missing("service_account_impersonation_url"), "{bad}");
    }
}

#[test]
fn sources_of_subject_tokens() {
    let allowed = Allowed::default();
    for good in [
        "https://issuer.example/token?audience=x",
        "http://127.0.0.1:5000/token",
        "http://localhost/token",
        "http://[::1]/token",
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01",
        "http://metadata.google.internal/computeMetadata/v1/",
    ] {
        assert!(allowed.subject_source(good).is_ok(), "{good}");
    }
    for bad in [
        "http://issuer.example/token",
        "http://127.0.0.1.evil.example/",
        "http://169.254.169.254.evil.example/",
        "http://10.0.0.1/token",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "/etc/passwd",
        "gopher://127.0.0.1/",
    ] {
        assert!(allowed.subject_source(bad).is_err(), "{bad}");
    }
    for good in ["http://169.254.169.254/latest/api/token", "http://[fd00:ec2::254]/latest/api/token"] {
        assert!(allowed.imds(good).is_ok(), "{good}");
    }
    for bad in [
        "http://169.254.169.253/latest",
        "http://[fd00:ec2::253]/latest",
        "http://169.254.169.254:8080/latest",
        "http://127.0.0.1/latest",
        "http://0xa9fea9fe/latest",
        "http://169.254.169.254@evil.example/latest",
        "https://evil.example/latest",
    ] {
        assert!(allowed.imds(bad).is_err(), "{bad}");
    }
}

#[test]
fn token_endpoints_are_googles_or_on_this_machine() {
    let allowed = Allowed::default();
    for good in [
        "https://oauth2.googleapis.com/token",
        "https://accounts.google.com/o/oauth2/token",
        "https://www.googleapis.com/oauth2/v4/token",
        "http://127.0.0.1:9/token",
    ] {
        assert!(allowed.token_endpoint(good).is_ok(), "{good}");
    }
    for (bad, fault) in [
        ("https://oauth2.googleapis.com.evil.example/token", UrlFault::Host),
        ("https://oauth2.example.com/token", UrlFault::Host),
        ("https://oauth2.googleapis.com:8443/token", UrlFault::Host),
        ("http://oauth2.googleapis.com/token", UrlFault::NotHttps),
        ("https://oauth2.googleapis.com@evil.example/token", UrlFault::NotAUrl),
        ("/token", UrlFault::NotAUrl),
    ] {
        assert_eq!(allowed.token_endpoint(bad).unwrap_err(), fault, "{bad}");
    }
    let mut key = crate::support::key_file();
    key["token_uri"] = json!("https://oauth2.example.com/token");
    let fault = Credentials::parse(key.to_string().as_bytes(), &allowed).unwrap_err();
    assert_eq!(fault, CredentialsError::Url { member: "token_uri", fault: UrlFault::Host });
    assert!(fault.to_string().contains("must be Google's"), "{fault}");
}

#[test]
fn the_way_out_is_for_this_machine_only() {
    for bad in [
        "example.com",
        "10.0.0.1:80",
        "127.0.0.1.evil.example",
        "",
        "127.0.0.1/x",
        "a@127.0.0.1",
        "127.0.0.1:x",
    ] {
        assert!(Allowed::default().with_hosts([bad]).is_err(), "{bad}");
    }
    let allowed = Allowed::default().with_hosts(["127.0.0.1:8080", "localhost"]).unwrap();
    assert!(allowed.service("sts", "http://127.0.0.1:8080/sts/v1/token").is_ok());
    assert!(allowed.service("sts", "http://localhost:1/").is_ok());
    assert!(allowed.imds("http://127.0.0.1:8080/latest").is_ok());
    for bad in
        ["http://127.0.0.1:8081/", "http://127.0.0.1/", "http://x@127.0.0.1:8080/", "http://[::1]:8080/"]
    {
        assert!(allowed.service("sts", bad).is_err(), "{bad}");
    }
    for (host, good) in
        [("127.0.0.1:8080", true), ("metadata.google.internal", true), ("169.254.169.254", true)]
            .into_iter()
            .chain(
                ["evil.example", "169.254.169.254/x?", "a@169.254.169.254", "", "169.254.169.254#"]
                    .map(|bad| (bad, false)),
            )
    {
        assert_eq!(allowed.metadata_host(host).is_some(), good, "{host}");
    }
}

#[test]
fn a_document_cannot_choose_its_universe() {
    let mut document = document();
    document["universe_domain"] = json!("evil.example");
    document["token_url"] = json!("https://sts.evil.example/v1/token");
    let parse = |allowed: &Allowed| Credentials::parse(document.to_string().as_bytes(), allowed);
    assert_eq!(parse(&Allowed::default()).unwrap_err(), CredentialsError::Universe);
    assert!(parse(&Allowed::default().with_universe("evil.example").unwrap()).is_ok());
    for bad in ["", "com", "a..b", "A.com", "a.com/", "a b.com"] {
        assert!(Allowed::default().with_universe(bad).is_err(), "{bad}");
    }
}

fn route(url: &str) -> String {
    format!("{url}/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken")
}

fn document() -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/P/providers/Q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"url": "https://issuer.example/token"},
    })
}
