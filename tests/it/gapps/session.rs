//! A whole session with the pretend clouds: all 51 operations, under both ways to prove who asks, and the errors that scripts meet.

use std::collections::BTreeSet;

use people_core::target::gapps::OPERATIONS;
use people_model::gapps::{Noun, User};
use people_sim::Sim;
use serde_json::{Value, json};

use super::{Client, sim};

const D: (&str, &str) = ("domain", "example.com");

fn names(all: &[people_model::Members], key: &str) -> Vec<String> {
    all.iter().map(|one| one[key].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn every_operation_is_exercised() {
    for lines in ["", "auth = \"bearer\""] {
        let sim = sim().await;
        let client = Client::new(&sim, &sim.urls().gapps, lines);
        accounts(&client).await;
        lists(&client).await;
        groups(&client).await;
        several_domains(&client).await;
        organization(&client).await;
        all_were(&client, &sim);
    }
}

/// Fails where an operation of the table was not sent, or was not known by the pretend clouds.
fn all_were(client: &Client, sim: &Sim) {
    let known: BTreeSet<String> = OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(known.difference(&client.used()).collect::<Vec<_>>(), Vec::<&String>::new(), "not exercised");
    let served: BTreeSet<String> = sim
        .calls(0)
        .into_iter()
        .filter(|call| call.api == "gapps" && (200..300).contains(&call.status))
        .map(|call| format!("gapps.{}", call.op))
        .collect();
    assert_eq!(known.difference(&served).collect::<Vec<_>>(), Vec::<&String>::new(), "never succeeded");
}

async fn accounts(c: &Client) {
    let ana = json!({"userName": "ana", "givenName": "Ana", "familyName": "Sílva & <Söhne>", "quota": 1024});
    let made = c.done("user.create", &[D], ana.clone()).await;
    assert_eq!(made["familyName"], "Sílva & <Söhne>");
    // Recorded: 1024 was asked for, 10240 was answered; and no password comes back.
    assert_eq!((&made["quota"], made.get("password")), (&json!(10240), None));
    assert_eq!(c.fails("user.create", &[D], ana).await, "Conflict EntityExists (1300)");
    let one = [D, ("userName", "ana")];
    let read = c.done("user.get", &one, Value::Null).await;
    assert_eq!(read, made);
    // The entry as it was read, with one change: what clients of the time send.
    let mut user = User::from_members(read.as_object().expect("members").clone());
    user.suspended = Some(true);
    assert_eq!(c.done("user.update", &one, Value::Object(user.members())).await["suspended"], true);
    let renamed = c.done("user.update", &one, json!({"userName": "ana.silva", "suspended": false})).await;
    assert_eq!((&renamed["userName"], &renamed["suspended"]), (&json!("ana.silva"), &json!(false)));
    assert_eq!(c.fails("user.get", &one, Value::Null).await, "Absent EntityDoesNotExist (1301)");

    let nick = json!({"nickname": "annie", "userName": "ana.silva"});
    assert_eq!(c.done("nickname.create", &[D], nick.clone()).await, nick);
    assert_eq!(c.fails("nickname.create", &[D], nick.clone()).await, "Conflict EntityExists (1300)");
    assert_eq!(c.done("nickname.get", &[D, ("nickname", "annie")], Value::Null).await, nick);
    // The name of before is one, too.
    let (all, _) = c.all("nickname.list", &[D, ("username", "ana.silva")]).await.unwrap();
    assert_eq!(names(&all, "nickname"), ["ana", "annie"]);
    c.done("nickname.delete", &[D, ("nickname", "annie")], Value::Null).await;

    // 100 a page, the start included, in order without regard to case.
    for n in 0..205 {
        let name = format!("{}{n:03}", if n % 2 == 0 { "U" } else { "u" });
        let user = json!({"userName": name, "givenName": "", "familyName": "x"});
        assert_eq!(
            c.fails(
                "user.create",
                &[D],
                json!({"userName": name, "givenName": "a", "familyName": "b", "password": "short"})
            )
            .await,
            "BadRequest InvalidPassword (1402)"
        );
        let mut user = user;
        user["givenName"] = json!("Given");
        c.done("user.create", &[D], user).await;
    }
    let (all, pages) = c.all("user.list", &[D]).await.unwrap();
    assert_eq!((all.len(), pages), (206, 3));
    let mut sorted = names(&all, "userName");
    sorted.sort_by_key(|name| name.to_lowercase());
    sorted.dedup();
    assert_eq!(names(&all, "userName"), sorted);
    let (rest, pages) = c.all("user.list", &[D, ("startUsername", "u200")]).await.unwrap();
    assert_eq!((names(&rest, "userName")[0].as_str(), rest.len(), pages), ("U200", 5, 1));

    let gone = [D, ("userName", "u000")];
    c.done("user.delete", &gone, Value::Null).await;
    assert_eq!(c.fails("user.delete", &gone, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    let again = json!({"userName": "u000", "givenName": "a", "familyName": "b"});
    assert_eq!(c.fails("user.create", &[D], again).await, "BadRequest UserDeletedRecently (1100)");
    let reserved = json!({"userName": "abuse", "givenName": "a", "familyName": "b"});
    assert_eq!(c.fails("user.create", &[D], reserved).await, "BadRequest EntityNameIsReserved (1302)");
}

async fn lists(c: &Client) {
    let list = [D, ("name", "us-sales")];
    let joe = json!({"email": "joe@example.com"});
    c.done("emailList.create", &[D], json!({"name": "us-sales"})).await;
    assert_eq!(c.done("emailList.get", &list, Value::Null).await, json!({"name": "us-sales"}));
    assert_eq!(c.done("recipient.add", &list, joe.clone()).await, joe);
    assert_eq!(c.fails("recipient.add", &list, joe).await, "Conflict EntityExists (1300)");
    assert_eq!(c.all("recipient.list", &list).await.unwrap().0.len(), 1);
    assert_eq!(c.all("emailList.list", &[D, ("recipient", "joe@example.com")]).await.unwrap().0.len(), 1);
    assert_eq!(c.all("emailList.list", &[D, ("recipient", "x@example.com")]).await.unwrap().0.len(), 0);
    c.done("recipient.delete", &[D, list[1], ("email", "joe@example.com")], Value::Null).await;
    c.done("emailList.delete", &list, Value::Null).await;
}

async fn groups(c: &Client) {
    let group = [D, ("groupId", "sales")];
    let sales =
        json!({"groupId": "sales", "groupName": "Sales", "description": "", "emailPermission": "Domain"});
    let made = c.done("group.create", &[D], sales.clone()).await;
    assert_eq!(
        (&made["groupId"], &made["permissionPreset"]),
        (&json!("sales@example.com"), &json!("Custom"))
    );
    assert_eq!(c.done("group.get", &group, Value::Null).await, made);
    let odd = json!({"groupId": "x", "groupName": "x", "emailPermission": "Everybody"});
    assert_eq!(c.fails("group.create", &[D], odd).await, "BadRequest InvalidGroupPermissions (1701)");
    let update = json!({"groupName": "Sales EU", "emailPermission": "Anyone"});
    assert_eq!(c.done("group.update", &group, update).await["groupName"], "Sales EU");
    c.done("group.create", &[D], json!({"groupId": "all", "groupName": "All"})).await;
    let member = json!({"memberId": "u001@example.com", "memberType": "User"});
    assert_eq!(c.done("member.add", &group, member).await["directMember"], true);
    c.done("member.add", &[D, ("groupId", "all")], json!({"memberId": "sales@example.com"})).await;
    let circle = json!({"memberId": "all@example.com"});
    assert_eq!(c.fails("member.add", &group, circle).await, "BadRequest GroupCannotContainCycle (1700)");
    let who = [D, ("groupId", "sales"), ("memberId", "u001@example.com")];
    assert_eq!(c.done("member.get", &who, Value::Null).await["memberType"], "User");
    let (all, _) =
        c.all("member.list", &[D, ("groupId", "sales"), ("includeSuspendedUsers", "true")]).await.unwrap();
    assert_eq!(names(&all, "memberId"), ["u001@example.com"]);
    let of = [D, ("member", "u001@example.com")];
    let (all, _) = c.all("group.listForMember", &of).await.unwrap();
    assert_eq!(names(&all, "groupId"), ["all@example.com", "sales@example.com"]);
    let (all, _) = c.all("group.listForMember", &[of[0], of[1], ("directOnly", "true")]).await.unwrap();
    assert_eq!(names(&all, "groupId"), ["sales@example.com"]);
    assert_eq!(c.all("group.list", &[D]).await.unwrap().0.len(), 2);
    // 200 owners a page.
    for n in 0..201 {
        c.done("owner.add", &group, json!({"email": format!("o{n:03}@example.com")})).await;
    }
    let (all, pages) = c.all("owner.list", &group).await.unwrap();
    assert_eq!((all.len(), pages), (201, 2));
    let owner = [D, ("groupId", "sales"), ("email", "o200@example.com")];
    c.done("owner.get", &owner, Value::Null).await;
    c.done("owner.delete", &owner, Value::Null).await;
    // The test whether somebody is an owner: 400 and 1301 is no.
    assert_eq!(c.fails("owner.get", &owner, Value::Null).await, "Absent EntityDoesNotExist (1301)");
    c.done("member.delete", &who, Value::Null).await;
    c.done("group.delete", &group, Value::Null).await;
}

async fn several_domains(c: &Client) {
    let liz = [D, ("userEmail", "liz@example.com")];
    let body = json!({
        "userEmail": "liz@example.com", "firstName": "Liz", "lastName": "Smith", "isAdmin": true,
        "password": "51eea05d46317fadd5cad6787a8f562be90b4446", "hashFunction": "SHA-1",
    });
    let made = c.done("mduser.create", &[D], body).await;
    assert_eq!((&made["isAdmin"], made.get("password")), (&json!(true), None));
    let short = json!({"userEmail": "x@example.com", "firstName": "a", "lastName": "b", "password": "abc", "hashFunction": "MD5"});
    assert_eq!(c.fails("mduser.create", &[D], short).await, "BadRequest InvalidHashDigestLength (1405)");
    assert_eq!(c.done("mduser.get", &liz, Value::Null).await, made);
    assert_eq!(c.done("mduser.update", &liz, json!({"lastName": "Jones"})).await["lastName"], "Jones");
    assert!(c.all("mduser.list", &[D]).await.unwrap().0.len() > 200);
    let renamed = c.done("mduser.rename", &liz, json!({"newEmail": "elizabeth@other.example"})).await;
    assert_eq!(renamed["userEmail"], "elizabeth@other.example");
    let taken = [D, ("userEmail", "elizabeth@other.example")];
    assert_eq!(
        c.fails("mduser.rename", &taken, json!({"newEmail": "ana.silva@example.com"})).await,
        "Conflict EntityExists (1300)"
    );

    let alias = json!({"aliasEmail": "helpdesk@example.com", "userEmail": "elizabeth@other.example"});
    assert_eq!(c.done("alias.create", &[D], alias.clone()).await, alias);
    assert_eq!(c.done("alias.get", &[D, ("aliasEmail", "helpdesk@example.com")], Value::Null).await, alias);
    let (all, _) = c.all("alias.list", &[D, ("userEmail", "elizabeth@other.example")]).await.unwrap();
    assert_eq!(names(&all, "aliasEmail"), ["helpdesk@example.com", "liz@example.com"]);
    // Creating one again moves it.
    c.done(
        "alias.create",
        &[D],
        json!({"aliasEmail": "helpdesk@example.com", "userEmail": "u001@example.com"}),
    )
    .await;
    let moved = c.done("alias.get", &[D, ("aliasEmail", "helpdesk@example.com")], Value::Null).await;
    assert_eq!(moved["userEmail"], "u001@example.com");
    c.done("alias.delete", &[D, ("aliasEmail", "helpdesk@example.com")], Value::Null).await;
    c.done("mduser.delete", &taken, Value::Null).await;
}

async fn organization(c: &Client) {
    let customer = c.done("customer.getId", &[], Value::Null).await;
    let id = customer["customerId"].as_str().expect("an id").to_owned();
    let of = ("customerId", id.as_str());
    c.done("orgunit.create", &[of], json!({"name": "corp", "parentOrgUnitPath": "/"})).await;
    let made = c
        .done(
            "orgunit.create",
            &[of],
            json!({"name": "Human Resources", "parentOrgUnitPath": "corp", "blockInheritance": true}),
        )
        .await;
    assert_eq!(
        (&made["orgUnitPath"], &made["parentOrgUnitPath"]),
        (&json!("corp/Human+Resources"), &json!("corp"))
    );
    let unit = [of, ("orgUnitPath", "corp/Human+Resources")];
    assert_eq!(c.done("orgunit.get", &unit, Value::Null).await, made);
    let moved = c
        .done(
            "orgunit.update",
            &unit,
            json!({"description": "People", "usersToMove": "u001@example.com,u003@example.com"}),
        )
        .await;
    assert_eq!(
        (&moved["usersMoved"], &moved["description"]),
        (&json!("u001@example.com,u003@example.com"), &json!("People"))
    );
    assert_eq!(c.all("orgunit.list", &[of]).await.unwrap().0.len(), 2);
    let (below, _) = c.all("orgunit.children", &[of, ("orgUnitPath", "corp")]).await.unwrap();
    assert_eq!(names(&below, "orgUnitPath"), ["corp/Human+Resources"]);
    let circle = json!({"parentOrgUnitPath": "corp/Human+Resources"});
    assert_eq!(
        c.fails("orgunit.update", &[of, ("orgUnitPath", "corp")], circle).await,
        "BadRequest EntityCannotContainCycle (1305)"
    );

    let who = [of, ("email", "u001@example.com")];
    assert_eq!(c.done("orguser.get", &who, Value::Null).await["orgUnitPath"], "corp/Human+Resources");
    let update = json!({"orgUnitPath": "corp", "oldOrgUnitPath": "corp/Human+Resources"});
    assert_eq!(c.done("orguser.update", &who, update).await["orgUnitPath"], "corp");
    let (here, _) =
        c.all("orguser.listInOrgUnit", &[of, ("orgUnitPath", "corp/Human+Resources")]).await.unwrap();
    assert_eq!(names(&here, "orgUserEmail"), ["u003@example.com"]);
    let (all, pages) = c.all("orguser.list", &[of]).await.unwrap();
    assert_eq!((all.len(), pages), (205, 3));
    assert_eq!(
        c.fails("orgunit.delete", &unit, Value::Null).await,
        "BadRequest EntityHasMembersCannotDelete (1306)"
    );
    c.done("orguser.update", &[of, ("email", "u003@example.com")], json!({"orgUnitPath": "corp"})).await;
    c.done("orgunit.delete", &unit, Value::Null).await;
}
