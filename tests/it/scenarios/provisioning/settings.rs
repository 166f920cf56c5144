//! Which directory follows HR is said once, and what does not belong to it is refused by name.

use people_core::config::Config;
use people_sim::SimOptions;

use super::super::hire;
use super::{ANA, agrees, config};
use crate::world::World;

fn refused(text: &str) -> String {
    Config::parse(text).err().map(|error| error.to_string()).unwrap_or_else(|| panic!("accepted: {text}"))
}

#[test]
fn one_directory_for_a_tenant() {
    let good = config("", "").replace("{gapps}", "https://provisioning.example.net");
    let parsed = Config::parse(&good).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed.domain().as_str(), "example.com");
    assert!(parsed.cloudm().is_err());
    let invitations = "[invitations]\ncustomer = \"C01\"\nadmin = \"admin@example.com\"\n";
    let google = "[google]\ncredentials = \"key.json\"\n";
    let with = |more: &str| format!("{good}{more}");
    for (text, key, says) in [
        (
            with("[cloudm]\ndomain = \"example.com\"\n"),
            "gapps.directory",
            "[cloudm] is the directory already",
        ),
        (good.replace("domain = \"example.com\"\n", ""), "gapps.domain", "is missing"),
        (good.replace("base_url = ", "login_url = "), "gapps.base_url", "is missing"),
        (good.replace("directory = true", ""), "cloudm", "directory = true"),
        (good.replace("[policy]", "[policy]\nfuture_hires = \"schedule\""), "policy.future_hires", "wait"),
        (with(&format!("{google}{invitations}")), "invitations.unmanaged", "ignore"),
        (with(&format!("{invitations}unmanaged = \"ignore\"\n")), "google", "is missing"),
        (
            with("[gapps.facade]\naccounts = [{ email = \"a@example.com\", password = { env = \"A\" } }]\n"),
            "gapps.facade",
            "answers over CloudM",
        ),
        (good.replace("directory = true", "auth = \"bearer\"\ndirectory = true"), "google", "is missing"),
        (
            format!(
                "[cloudm]\ndomain = \"example.com\"\n{google}{}",
                good.replace("directory = true", "leave = \"delete\"")
            ),
            "gapps.leave",
            "directory = true",
        ),
    ] {
        let error = refused(&text);
        assert!(error.contains(&format!("`{key}`")) && error.contains(says), "{error}\n{text}");
    }
    let fine = with(&format!("{google}{invitations}unmanaged = \"ignore\"\n"));
    Config::parse(&fine).unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn with_a_token_of_the_service_account() {
    let text = config("auth = \"bearer\"", "").replace("password = { file = \"gapps\" }\n", "");
    let options = SimOptions { delegation: true, ..SimOptions::default() };
    let world = World::with(&format!("{text}\n[google]\ncredentials = \"key.json\"\n"), options).await;
    assert_eq!(world.say(hire("7", "2026-03-01")).await, agrees());
    assert_eq!(world.gapps_users(), [ANA]);
    assert!(world.sim.calls(0).iter().all(|call| call.op != "login"));
}
