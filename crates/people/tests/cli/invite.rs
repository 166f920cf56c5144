//! `people invite`.

use people_sim::{Fault, FaultKind};
use serde_json::json;

use crate::world::{ANA, World, test};

fn configure(world: &World) {
    let table = format!(
        "[invitations]\ncustomer = \"C01\"\nadmin = \"admin@example.com\"\nbase_url = \"{}\"\n[policy]\n",
        world.sim.urls().cloudidentity
    );
    world.swap("[policy]\n", &table);
    world.sim.seed_consumer(json!({"email": ANA})).unwrap();
}

fn mails(world: &World) -> u64 {
    world.sim.state().invitations.iter().map(|one| one["mailsSentCount"].as_u64().unwrap()).sum()
}

test!(without_its_table_nothing_is_asked, world, {
    world.run("invite list").ends(3, "has no [invitations]");
    world.swap("[policy]\n", "[invitations]\ncustomer = \"customers/C01\"\nadmin = \"a@b.co\"\n[policy]\n");
    world.run("invite list").ends(3, "leave out `customers/`");
    world.swap(
        "[policy]\n",
        "[invitations]\ncustomer = \"C01\"\nadmin = \"a@b.co\"\nunmanaged = \"mail\"\n[policy]\n",
    );
    world.run("invite list").ends(3, "`hold`");
    world.swap(
        "[policy]\n",
        "[invitations]\ncustomer = \"C01\"\nadmin = \"a@b.co\"\nbase_url = \"http://example.com\"\n[policy]\n",
    );
    world.run("invite list").ends(3, "must be an https:// URL");
    assert_eq!(world.sim.calls(0).len(), 0);
});

test!(a_list_is_read_to_its_end_in_every_form, world, {
    configure(&world);
    for n in 0..7 {
        let state = if n % 2 == 0 { "INVITED" } else { "DECLINED" };
        let mails = u32::from(n % 2 == 0);
        let email = format!("b{n}@example.com");
        world.sim.seed_consumer(json!({"email": email, "state": state, "mailsSentCount": mails})).unwrap();
    }
    let all = world.run("invite list --page-size 3 --output json").ends(0, "").json();
    assert_eq!(all.as_array().unwrap().len(), 8);
    assert_eq!((&all[0]["state"], &all[0]["mailsSentCount"]), (&json!("NOT_YET_SENT"), &json!("0")));
    let lists = world.sim.calls(0).iter().filter(|call| call.op == "userinvitations.list").count();
    assert_eq!(lists, 3);
    let some =
        world.run("invite list --state invited --state declined --order email-desc --limit 2 --output csv");
    let lines: Vec<&str> = some.out.lines().collect();
    assert_eq!(lines[0], "email,state,mailsSentCount,updateTime");
    assert!(lines[1].starts_with("b6@example.com,INVITED,1,") && lines.len() == 3, "{lines:?}");
    let table = world.run("invite list --filter state=='declined'").ends(0, "").out;
    assert!(table.starts_with("EMAIL") && table.lines().count() == 4, "{table}");
    world.run("invite list --filter email=='x'").ends(5, "INVALID_ARGUMENT");
    world.run("invite list --page-size 201").ends(2, "201");
    world.run("invite list --state invited --filter x").ends(2, "cannot be used with");
});

test!(an_invitation_is_sent_once_after_a_confirmation, world, {
    configure(&world);
    let line = "invite send ana.silva@example.com --output json";
    world.run(line).ends(2, "add --yes");
    let dry = world.run(&format!("{line} --dry-run")).ends(0, "nothing was sent").json();
    let url =
        format!("{}/v1/customers/C01/userinvitations/{ANA}:send?alt=json", world.sim.urls().cloudidentity);
    assert_eq!(dry, json!({"method": "POST", "url": url, "body": {}}));
    assert_eq!(world.sim.calls(0).len(), 0);
    assert_eq!(world.run("invite check ana.silva@example.com --output json").json()["isInvitableUser"], true);
    let sent = world.run(&format!("{line} --yes")).ends(0, "").json();
    assert_eq!((&sent["state"], &sent["mailsSentCount"]), (&json!("INVITED"), &json!("1")));
    world.run(&format!("{line} --yes")).ends(5, "--again sends another mail, so nothing was sent");
    assert_eq!(mails(&world), 1);
    assert_eq!(world.run(&format!("{line} --yes --again")).ends(0, "").json()["mailsSentCount"], "2");

    world.run("invite cancel ana.silva@example.com").ends(2, "add --yes");
    let line = "invite cancel ana.silva@example.com --yes --output json";
    assert_eq!(world.run(line).ends(0, "").json()["state"], "NOT_YET_SENT");
    world.run(line).ends(5, "FAILED_PRECONDITION");
    world.run("invite get bo@example.com").ends(6, "no invitation for this address");
    world.run("invite send bo@example.com --yes").ends(6, "no unmanaged account");
    world.run("invite cancel bo@example.com --yes").ends(6, "no invitation for this address");
    assert_eq!(world.run("invite check bo@example.com --output json").json()["isInvitableUser"], false);
});

test!(a_mail_is_never_repeated_blindly, world, {
    configure(&world);
    let fault = |kind| Fault { method: Some("POST".into()), ..Fault::on(":send", kind) };
    let line = "invite send ana.silva@example.com --yes --output json";
    // It did not go, for all that is known.
    world.sim.add_fault(Fault { status: Some(503), ..fault(FaultKind::Status) }).unwrap();
    world
        .run(line)
        .ends(7, "it is not sent again: look at mailsSentCount with `people invite get`, which was 0 before");
    let sends =
        |world: &World| world.sim.calls(0).iter().filter(|call| call.op == "userinvitations.send").count();
    assert_eq!((sends(&world), mails(&world)), (1, 0));
    world.sim.clear_faults();
    // It went, and a look shows that.
    world.sim.add_fault(fault(FaultKind::LostAnswer)).unwrap();
    let sent = world.run(line).ends(0, "a look shows that the mail went").json();
    assert_eq!((&sent["mailsSentCount"], sends(&world), mails(&world)), (&json!("1"), 2, 1));
    world.sim.clear_faults();
    // What was provably not done is tried again.
    world.sim.add_fault(Fault { status: Some(429), ..fault(FaultKind::Status) }.times(2)).unwrap();
    assert_eq!(world.run(&format!("{line} --again")).ends(0, "").json()["mailsSentCount"], "2");
});

test!(who_may_not_learns_what_is_missing, world, {
    configure(&world);
    let line = "invite get ana.silva@example.com";
    world.sim.add_fault(Fault::status("userinvitations", 403)).unwrap();
    let said = world.run(line).ends(5, "PERMISSION_DENIED").err;
    assert!(
        said.contains("auth/cloud-identity.userinvitations") && said.contains("[invitations] admin"),
        "{said}"
    );
    assert!(!said.contains("ana.silva"), "{said}");
    let finding = |level: &str| {
        let found = world.run("doctor --output json").json();
        let all = found.as_array().unwrap();
        let finding = all.iter().find(|finding| finding["what"] == "invitations").unwrap();
        assert_eq!(finding["level"], level, "{finding}");
        finding["detail"].as_str().unwrap().to_owned()
    };
    assert!(finding("fail").contains("delegate the scope"));
    world.sim.clear_faults();
    assert_eq!(finding("ok"), "C01: identified and allowed");
});
