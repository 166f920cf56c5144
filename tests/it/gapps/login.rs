//! Tokens: one login for many calls, one more when a token ran out, none after a refusal that will not pass.

use people_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{Client, sim};

const ANA: [(&str, &str); 2] = [("domain", "example.com"), ("userName", "ana")];

#[tokio::test]
async fn a_token_that_ran_out_is_replaced_once() {
    let sim = sim().await;
    let client = Client::login(&sim, &sim.urls().gapps);
    let logins = || sim.calls(0).iter().filter(|call| call.op == "login").count();
    for _ in 0..3 {
        assert_eq!(client.fails("user.get", &ANA, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    }
    assert_eq!(logins(), 1);
    sim.add_fault(Fault { count: Some(1), ..Fault::on("/user/2.0", FaultKind::ExpireToken) })
        .expect("a fault");
    assert_eq!(client.fails("user.get", &ANA, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    assert_eq!(logins(), 2);
    // One that is refused however fresh is said to be, and not asked for again and again.
    sim.add_fault(Fault { status: Some(401), ..Fault::on("/user/2.0", FaultKind::Status) }).expect("a fault");
    assert_eq!(client.fails("user.get", &ANA, Value::Null).await, "Unauthorized");
    assert_eq!(logins(), 3);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let sim = sim().await;
    let base = sim.urls().gapps.clone();
    let client = Client::new(&sim, &base, "");
    let other = Client::new(&sim, &base, "domain = \"example.org\"");
    drop(client);
    // The account is another one, so the password is wrong.
    let wrong = Client::new(&sim, &base, &format!("login_url = \"{base}/accounts/ClientLogin?x=1\""));
    assert_eq!(wrong.fails("user.get", &ANA, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    assert_eq!(other.fails("user.get", &ANA, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    sim.add_fault(Fault { status: Some(403), ..Fault::on("/accounts/ClientLogin", FaultKind::Status) })
        .expect("a fault");
    let refused = Client::login(&sim, &base);
    for _ in 0..3 {
        let said = refused.fails("user.get", &ANA, Value::Null).await;
        assert!(said.starts_with("Token ClientLogin"), "{said}");
    }
    let logins = sim.calls(0).iter().filter(|call| call.op == "login" && call.status == 403).count();
    assert_eq!(logins, 1, "an account is not locked by trying again");
}

#[tokio::test]
async fn what_may_have_happened_is_not_repeated() {
    let sim = sim().await;
    let client = Client::login(&sim, &sim.urls().gapps);
    let ana = json!({"userName": "ana", "givenName": "Ana", "familyName": "Silva"});
    sim.add_fault(Fault { count: Some(1), ..Fault::on("/user/2.0", FaultKind::LostAnswer) })
        .expect("a fault");
    assert!(client.fails("user.create", &ANA[..1], ana.clone()).await.starts_with("Unanswered"));
    assert_eq!(client.done("user.get", &ANA, Value::Null).await["givenName"], "Ana");
    for (status, message, expected) in [
        (400, "ServerBusy", "RateLimited ServerBusy (1001)"),
        (400, "UnknownError", "ServerError UnknownError (1000)"),
        (503, "", "ServerError"),
    ] {
        let fault = Fault {
            status: Some(status),
            count: Some(1),
            message: Some(message.into()),
            ..Fault::on("/user/2.0", FaultKind::Status)
        };
        sim.add_fault(fault).expect("a fault");
        assert_eq!(client.fails("user.get", &ANA, Value::Null).await, expected);
    }
}
