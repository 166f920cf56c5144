//! Profile members as HR states them: a dozen or two, each once, in the order of their names.
//!
//! A list of them is made, searched and taken apart faster than a tree, and the names that CloudM documents take no memory of their own.

use core::cmp::Ordering;
use core::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Members;
use crate::cloudm::{Member, member};
use crate::datum::{Datum, in_order};

/// The name of a member.
#[derive(Clone)]
pub struct MemberName(Named);

#[derive(Clone)]
enum Named {
    Known(&'static Member),
    Other(Box<str>),
}

impl MemberName {
    /// As text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Named::Known(member) => member.name,
            Named::Other(name) => name,
        }
    }

    /// What CloudM documents of it, if anything.
    pub fn known(&self) -> Option<&'static Member> {
        match self.0 {
            Named::Known(member) => Some(member),
            Named::Other(_) => None,
        }
    }
}

impl From<&'static Member> for MemberName {
    fn from(member: &'static Member) -> Self {
        Self(Named::Known(member))
    }
}

impl From<String> for MemberName {
    fn from(name: String) -> Self {
        Self(member(&name).map_or_else(|| Named::Other(name.into()), Named::Known))
    }
}

impl PartialEq for MemberName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for MemberName {}

impl Ord for MemberName {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Named::Known(one), Named::Known(other)) => one.rank.cmp(&other.rank),
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}

impl PartialOrd for MemberName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Members and their values; `null`: the value was removed.
#[derive(Clone, PartialEq, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent))]
pub struct Stated(#[cfg_attr(feature = "schema", schemars(with = "Members"))] Vec<(MemberName, Datum)>);

impl Stated {
    /// What is stated of this member.
    pub fn get(&self, name: &str) -> Option<&Datum> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Datum)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The names alone.
impl fmt::Debug for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Of a member that is named twice the last value counts.
impl FromIterator<(MemberName, Datum)> for Stated {
    fn from_iter<I: IntoIterator<Item = (MemberName, Datum)>>(all: I) -> Self {
        Self(in_order(Vec::from_iter(all)))
    }
}

impl From<Members> for Stated {
    fn from(members: Members) -> Self {
        members.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

impl From<Stated> for Value {
    fn from(stated: Stated) -> Self {
        stated.iter().map(|(name, value)| (name.to_owned(), Self::from(value))).collect()
    }
}

impl IntoIterator for Stated {
    type Item = (MemberName, Datum);
    type IntoIter = std::vec::IntoIter<(MemberName, Datum)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Stated {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloudm::Profile;

    #[test]
    fn it_holds_what_a_tree_would_hold() {
        let pairs =
            [("title", json!("a")), ("nick", json!(1)), ("title", json!(null)), ("shoeSize", json!(44))];
        let tree: Members = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let pairs = pairs.map(|(name, value)| (MemberName::from(name.to_owned()), Datum::from(value)));
        let stated = Stated::from_iter(pairs);
        assert_eq!(stated, Stated::from(tree.clone()));
        assert_eq!(serde_json::to_value(&stated).unwrap(), Value::Object(tree.clone()));
        assert!(
            stated.names().eq(["nick", "shoeSize", "title"]) && stated.get("title") == Some(&Datum::Null)
        );
        assert_eq!(stated.get("tilte"), None);
        assert_eq!(Value::from(stated), Value::Object(tree));
    }

    #[test]
    fn a_documented_name_is_known_however_it_came() {
        let name = |name: &str| MemberName::from(name.to_owned());
        assert_eq!(name("title").known(), member("title"));
        assert_eq!((name("shoeSize").known(), name("shoeSize").as_str()), (None, "shoeSize"));
        assert_eq!(name("title"), member("title").unwrap().into());
        for one in Profile::MEMBERS {
            for other in Profile::MEMBERS {
                assert_eq!(MemberName::from(one).cmp(&other.into()), one.name.cmp(other.name));
            }
        }
    }
}
