//! `people gapps`: a command for every operation, exports, and the facade.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use people_core::target::gapps::OPERATIONS;
use people_sim::SimOptions;
use serde_json::json;

use crate::world::{World, test};

fn configure(world: &World, base: &str, more: &str) {
    world.write("gapps.secret", &SimOptions::default().gapps_password);
    world.write(
        "people.toml",
        &format!(
            "{}\n[gapps]\nbase_url = \"{base}\"\nadmin = \"admin@example.com\"\npassword = {{ file = \"gapps.secret\" }}\n{more}",
            world.config()
        ),
    );
}

/// Every operation by the command that means it, in an order in which each succeeds.
const COMMANDS: &str = "\
user create ana --set givenName=Ana --set familyName=Silva
user create bo --set givenName=Bo --set familyName=Li
user get ana
user list
user update ana --set familyName=Souza
user suspend ana --yes
user restore ana
user rename ana anna --yes
nickname create annie anna
nickname get annie
nickname list --user anna
nickname delete annie --yes
email-list create sales
email-list get sales
recipient add sales anna@example.com
recipient list sales
email-list list --recipient anna@example.com
recipient delete sales anna@example.com --yes
email-list delete sales --yes
group create team --set groupName=Team
group get team
group list
group update team --set description=People
member add team bo@example.com
member get team bo@example.com
member list team --suspended
group list --member bo@example.com --direct-only
member delete team bo@example.com --yes
owner add team bo@example.com
owner get team bo@example.com
owner list team
owner delete team bo@example.com --yes
group delete team --yes
multi-user create cy@other.example --set firstName=Cy --set lastName=Wu
multi-user get cy@other.example
multi-user list --limit 2
multi-user update cy@other.example --set lastName=Woo
multi-user rename cy@other.example cyril@other.example --yes
alias create help@example.com bo@example.com
alias get help@example.com
alias list --user bo@example.com
alias delete help@example.com --yes
customer get
org-unit create corp
org-unit create hr --parent corp
org-unit get corp/hr
org-unit list
org-unit list --below corp
org-unit update corp/hr --set description=People
org-user update bo@example.com corp/hr
org-user get bo@example.com
org-user list
org-user list --unit corp/hr
org-user update bo@example.com / --from corp/hr
org-unit delete corp/hr --yes --customer my_customer
multi-user delete cyril@other.example --yes
user delete bo --yes";

test!(every_operation_has_a_command, world, {
    configure(&world, &world.sim.urls().gapps, "");
    for line in COMMANDS.lines() {
        let ran = world.run(&format!("gapps {line} --output json"));
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.out, ran.err);
    }
    let served: BTreeSet<String> = world
        .sim
        .calls(0)
        .into_iter()
        .filter(|call| call.api == "gapps" && call.status < 300)
        .map(|call| format!("gapps.{}", call.op))
        .collect();
    let known: BTreeSet<String> = OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(known.difference(&served).collect::<Vec<_>>(), Vec::<&String>::new());
    let listed = world.run("gapps operations --output json").json();
    assert_eq!(listed.as_array().unwrap().len(), 51);
});

test!(what_is_printed_and_what_is_refused, world, {
    configure(&world, &world.sim.urls().gapps, "");
    let dry =
        world.run("gapps user create ana --set givenName=Ana --set familyName=Silva --dry-run --output json");
    let dry = dry.ends(0, "nothing was sent").json();
    assert!(dry["url"].as_str().unwrap().ends_with("/a/feeds/example.com/user/2.0"), "{dry}");
    assert!(dry["body"].as_str().unwrap().contains("password=\"(generated)\""), "{dry}");
    let given = r#"{"givenName": "Ana", "familyName": "Silva", "password": "hunter2hunter2"}"#;
    let dry = world.feed("gapps user create ana --file - --dry-run", given);
    assert!(dry.out.contains("(given)") && !dry.out.contains("hunter2"), "{}", dry.out);
    assert_eq!(world.sim.calls(0).len(), 0);
    let made = world.feed("gapps user create ana --file - --output csv", given).ends(0, "");
    assert!(made.out.starts_with("member,value\n") && !made.out.contains("hunter2"), "{}", made.out);
    world.feed("gapps user create ana --file -", given).ends(5, "EntityExists (1300)");
    world.run("gapps user get nobody").ends(6, "there is no such entity");
    let list = world.run("gapps user list").ends(0, "").out;
    assert!(list.starts_with("USERNAME") && list.contains("ana"), "{list}");
    world.run("gapps user delete ana").ends(2, "add --yes");
    world.run("gapps user delete ceo --yes").ends(8, "the account is protected");
    world.run("gapps user create bo --set givenName=Bo").ends(3, "`familyName` is missing");
    world.run("gapps user create bo --set givenNane=Bo").ends(3, "`familyName` is missing");
    world.run("gapps user update ana --set suspended=maybe").ends(3, "`suspended` must be true or false");
    world.run("gapps user update ana --set password=x").ends(2, "a password never goes on a command line");
    world.run("gapps org-unit get corp --customer C1").ends(6, "no such entity");
    world.run("gapps org-unit delete corp --dry-run").ends(2, "name it with --customer");
    world.write("gapps.secret", "wrong");
    world.run("gapps user get ana").ends(5, "ClientLogin: BadAuthentication");
    world.write("people.toml", &world.config());
    world.run("gapps user get ana").ends(3, "[gapps] base_url is missing");
});

test!(an_export_of_any_length_needs_the_memory_of_an_entry, world, {
    let feed = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:a='http://schemas.google.com/apps/2006'>";
    let entry =
        "<entry><a:login userName='ana' suspended='false'/><a:name familyName='S' givenName='A'/></entry>";
    let small = world.feed("gapps read - --output csv", &format!("{feed}{entry}{entry}</feed>")).ends(0, "");
    assert_eq!(small.out.lines().count(), 3, "{}", small.out);
    let one = world.feed("gapps read - --output json", &format!("{feed}{entry}</feed>")).json();
    assert_eq!(one, json!({"userName": "ana", "suspended": false, "familyName": "S", "givenName": "A"}));
    world
        .feed("gapps read -", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
        .ends(3, "document type declaration");
    let errors = "<AppsForYourDomainErrors><error errorCode='1300' invalidInput='x' reason='r'/></AppsForYourDomainErrors>";
    assert!(world.feed("gapps read -", errors).out.contains("EntityExists"));

    let mut child = world
        .command("gapps read - --output csv")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // Few long entries: short ones take a debug build minutes.
    let long = entry.replace("<entry>", &format!("<entry><title>{}</title>", "x".repeat(64 << 10)));
    input.write_all(feed.as_bytes()).unwrap();
    for _ in 0..(100 << 20) / long.len() {
        input.write_all(long.as_bytes()).unwrap();
    }
    // It still waits for the end: this is the most that it ever held.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map(|text| text.trim().trim_end_matches(" kB"));
    let peak: u64 = peak.and_then(|text| text.parse().ok()).unwrap_or_default();
    input.write_all(b"</feed>").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    println!("peak of 100 MiB: {peak} KiB");
    assert!(peak < 64 << 10, "{peak} KiB");
});

test!(the_facade_is_served, world, {
    let facade = "[gapps.facade]\naccounts = [{ email = \"admin@example.com\", password = { file = \"gapps.secret\" } }]\n";
    configure(&world, "http://127.0.0.1:1", facade);
    let mut child = world
        .command("gapps serve --listen 127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    configure(&world, &base, facade);
    world.run("gapps user create ana --set givenName=Ana --set familyName=Silva").ends(0, "");
    let shown = world.run("gapps user get ana --output json").json();
    assert_eq!(shown["familyName"], "Silva");
    world.run("gapps user list").ends(5, "DomainFeatureUnavailable (1203)");
    world.run("gapps user delete ana --yes").ends(0, "done");
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&log.stderr);
    assert!(log.contains("gapps.user.create") && !log.contains("ana"), "{log}");
    assert_eq!(world.sim.state().workflows.len(), 1);
});
