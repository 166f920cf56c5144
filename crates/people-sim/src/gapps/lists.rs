//! E-mail lists and their recipients, from before there were groups.

use std::collections::{BTreeMap, BTreeSet};

use people_model::gapps::{EmailList, Item, Noun, Recipient};
use serde_json::{Value, json};

use super::reply::{Done, Thing, deleted, feed};
use super::{Ask, Gapps, no};

const MOST_RECIPIENTS: usize = 1000;

/// Recipients by the list's lower-case name.
#[derive(Default)]
pub(super) struct Lists(BTreeMap<String, BTreeSet<String>>);

impl Lists {
    pub(super) fn state(&self) -> Value {
        json!(self.0)
    }
}

pub(super) fn perform(gapps: &mut Gapps, ask: &Ask<'_>) -> Result<Done, Item> {
    let lists = &mut gapps.lists.0;
    let domain = ask.arg(0).to_lowercase();
    let name = ask.arg(1).to_lowercase();
    let base = format!("/a/feeds/{domain}/emailList/2.0");
    let absent = || no("EntityDoesNotExist", ask.arg(1));
    let list = |name: &str| Thing {
        shape: EmailList::SHAPE,
        path: format!("{base}/{name}"),
        title: Some(name.to_owned()),
        members: [("name".to_owned(), json!(name))].into_iter().collect(),
    };
    let recipient = |list: &str, email: &str| Thing {
        shape: Recipient::SHAPE,
        path: format!("{base}/{list}/recipient/{}", email.replace('@', "%40")),
        title: Some(email.to_owned()),
        members: [("email".to_owned(), json!(email))].into_iter().collect(),
    };
    match ask.op {
        "emailList.create" => {
            let wanted = ask.text("name").unwrap_or_default();
            if wanted.is_empty() {
                return Err(no("EntityNameNotValid", ""));
            }
            if lists.contains_key(&wanted.to_lowercase()) {
                return Err(no("EntityExists", wanted));
            }
            lists.insert(wanted.to_lowercase(), BTreeSet::new());
            list(&wanted.to_lowercase()).created(ask)
        }
        "emailList.get" => {
            lists.get(&name).ok_or_else(absent)?;
            list(&name).shown(ask, false)
        }
        "emailList.list" => {
            let who = ask.request.param("recipient").map(|who| who.to_lowercase());
            let all = lists.iter().filter(|(_, all)| who.as_ref().is_none_or(|who| all.contains(who)));
            let all = all.map(|(name, _)| (name.clone(), list(name))).collect();
            feed(ask, EmailList::SHAPE, &base, ("startEmailListName", 100), all)
        }
        "emailList.delete" => {
            lists.remove(&name).ok_or_else(absent)?;
            Ok(deleted())
        }
        "recipient.add" => {
            let email = ask.text("email").unwrap_or_default().to_lowercase();
            let all = lists.get_mut(&name).ok_or_else(absent)?;
            // A bare local part is one of the domain.
            let email = if email.contains('@') { email } else { format!("{email}@{domain}") };
            if all.len() >= MOST_RECIPIENTS {
                return Err(no("TooManyRecipientsOnEmailList", name));
            }
            if !all.insert(email.clone()) {
                return Err(no("EntityExists", email));
            }
            recipient(&name, &email).created(ask)
        }
        "recipient.list" => {
            let all = lists.get(&name).ok_or_else(absent)?;
            let all = all.iter().map(|email| (email.clone(), recipient(&name, email))).collect();
            feed(ask, Recipient::SHAPE, &format!("{base}/{name}/recipient"), ("startRecipient", 100), all)
        }
        "recipient.delete" => {
            let who = ask.arg(2).to_lowercase();
            match lists.get_mut(&name).ok_or_else(absent)?.remove(&who) {
                true => Ok(deleted()),
                false => Err(no("EntityDoesNotExist", ask.arg(2))),
            }
        }
        _ => Err(no("UnknownError", ask.op)),
    }
}
