//! The decisions that belong to the operator, each with an argued default. `[policy]` in the configuration.

use jiff::civil::Time;
use people_model::time::SignedDuration;
use people_model::{Domain, Email};
use serde::Deserialize;

use crate::config::span::Span;
use crate::engine::facts::Seed;
use crate::journal::Breaker;
use crate::latin::{Umlauts, latin};

/// `[policy]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How addresses of new people are made.
    pub email: EmailPolicy,
    /// Organizational unit (`parentPath`) of a new account where HR sends none. Default: the directory decides.
    pub ou: Option<String>,
    /// What happens to a hire in the future. Default: CloudM's scheduled onboarding; in another directory the first day is waited for.
    pub future_hires: Option<FutureHires>,
    /// The time of the first day, where the person works, at which the account is there. Default 00:00: nobody waits on their
    /// first morning.
    #[serde(with = "people_model::time::clock")]
    pub start_time: Time,
    /// Which day of a leaver counts when HR sends both. Default: the last working day; access past it serves nobody.
    pub leave_day: LeaveDay,
    /// Reasons (the HR system's words) for which a leave takes effect at once. Default: none.
    pub immediate_reasons: Vec<String>,
    /// The breaker on people losing access.
    pub breaker: BreakerPolicy,
    /// Accounts that never lose access without a human: addresses, or patterns with `*`. Default: none.
    pub protected: Vec<String>,
    /// A changed name and the address. Default `keep`: the name is patched, the address stays.
    pub name_change: NameChange,
    /// An account found at the address that HR names, without a worker id of its own. Default: it is the person's, or an
    /// existing company could never start; a differing worker id is never overridden.
    pub adopt: Adopt,
    /// Somebody who comes back while the account is still there. Default: `suspended` is patched to false and read back;
    /// the API documents no call for it.
    pub restore: Decision,
    /// A hire that is taken back after the account was made. Default: suspend, which can be undone.
    pub cancelled_hire: CancelledHire,
    /// A leave from a source that proves the sender and not the content. Default: a human decides.
    pub low_trust_leave: Decision,
    /// How long a scheduled onboarding may be late before a human is asked. Default 2 h; CloudM promises an hour.
    pub onboarding_grace: Span,
    /// Retries.
    pub retry: Retry,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            email: EmailPolicy::default(),
            ou: None,
            future_hires: None,
            start_time: Time::midnight(),
            leave_day: LeaveDay::default(),
            immediate_reasons: Vec::new(),
            breaker: BreakerPolicy::default(),
            protected: Vec::new(),
            name_change: NameChange::default(),
            adopt: Adopt::default(),
            restore: Decision::Act,
            cancelled_hire: CancelledHire::default(),
            low_trust_leave: Decision::Hold,
            onboarding_grace: Span::hours(2),
            retry: Retry::default(),
        }
    }
}

/// Whether to act or to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Do it.
    Act,
    /// Hold it for a human.
    Hold,
    /// Leave it.
    Ignore,
}

/// What happens to a hire in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FutureHires {
    /// CloudM's scheduled onboarding, at once.
    Schedule,
    /// Wait here, and create on the first day.
    Wait,
}

/// Which day of a leaver counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveDay {
    /// The last day worked.
    #[default]
    LastWorking,
    /// The day on which the employment ends.
    Effective,
}

/// What a changed name does to the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameChange {
    /// Nothing.
    #[default]
    Keep,
    /// The address follows the address HR names, and the old one stays as an alias.
    Follow,
}

/// Which accounts without a worker id are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adopt {
    /// The one at the address that HR names.
    #[default]
    Email,
    /// None: only the worker id counts.
    WorkerId,
}

/// What happens to the account of a hire that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelledHire {
    /// It is suspended.
    #[default]
    Suspend,
    /// It is offboarded.
    Offboard,
    /// A human decides.
    Hold,
    /// It stays.
    Keep,
}

/// How addresses of new people are made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailPolicy {
    /// `{given}`, `{family}`, `{g}` and `{f}` (first letters), `{id}`; transliterated to a-z, 0-9, `.` and `-`.
    /// Default `{given}.{family}`.
    pub pattern: String,
    /// The domain of new addresses. Default: the tenant's.
    pub domain: Option<Domain>,
    /// How many candidates (`ana.silva`, `ana.silva2`, …) are tried before a human is asked. Default 9; 1: never number.
    pub candidates: u32,
}

impl EmailPolicy {
    /// Whether every part in braces is one that there is, and there is at least one.
    pub(crate) fn is_usable(&self) -> bool {
        let known = |part: &str| {
            part.split_once('}').is_some_and(|(name, behind)| PARTS.contains(&name) && !behind.contains('}'))
        };
        let mut parts = self.pattern.split('{');
        let before = parts.next().unwrap_or_default();
        self.pattern.contains('{') && !before.contains('}') && parts.all(known)
    }
}

/// What stands in braces in [`EmailPolicy::pattern`].
const PARTS: [&str; 5] = ["given", "family", "g", "f", "id"];

impl Default for EmailPolicy {
    fn default() -> Self {
        Self { pattern: "{given}.{family}".into(), domain: None, candidates: 9 }
    }
}

/// The breaker on people losing access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerPolicy {
    /// The sliding window. Default 24 h.
    pub window: Span,
    /// At most this many people in the window. Default 20.
    pub count: u32,
    /// At most this share of the people with a known account, in percent. Default 5.
    pub percent: u32,
    /// The share never asks for less than this many. Default 5: a small company may lose five people in a day.
    pub minimum: u32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { window: Span::hours(24), count: 20, percent: 5, minimum: 5 }
    }
}

impl BreakerPolicy {
    /// The limits as the journal takes them.
    pub fn limits(&self) -> Breaker {
        Breaker { window: self.window.get(), count: self.count, percent: self.percent, minimum: self.minimum }
    }
}

/// Retries: the delay doubles from `base` to `cap`, and never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The first delay. Default 2 s.
    pub base: Span,
    /// The longest delay. Default 15 min.
    pub cap: Span,
    /// How long to wait after a lost answer before looking whether it took effect: a request can outlive its connection.
    /// Default 10 s.
    pub settle: Span,
}

impl Default for Retry {
    fn default() -> Self {
        Self { base: Span::seconds(2), cap: Span::minutes(15), settle: Span::seconds(10) }
    }
}

impl Retry {
    /// The delay before try number `tries` + 1 of whatever `salt` names: between half and all of base·2^(tries-1), capped; never less than
    /// the server asked for. Jitter is a hash, so that the same try always waits the same time, even over a crash.
    pub fn delay(&self, tries: u32, salt: &str, after_s: Option<u32>) -> SignedDuration {
        let doublings = tries.saturating_sub(1).min(30);
        let base = self.base.get().as_millis().max(1) as u64;
        let cap = self.cap.get().as_millis().max(1) as u64;
        let full = base.saturating_mul(1 << doublings).min(cap);
        let hash = salt.bytes().chain(tries.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let jittered = full / 2 + (hash >> 11) % (full / 2 + 1);
        let asked = u64::from(after_s.unwrap_or(0)) * 1000;
        SignedDuration::from_millis(jittered.max(asked).min(i64::MAX as u64) as i64)
    }
}

impl Policy {
    /// Whether the account is protected.
    pub fn protects(&self, address: &Email) -> bool {
        self.protected.iter().any(|pattern| matches(&pattern.to_lowercase(), address.as_str()))
    }

    /// The addresses to try for somebody with these names, best first. None where the pattern asks for a name that has no Latin spelling
    /// of its own (Han, Arabic and the like), or where nothing is left of it.
    pub fn candidates<'a>(
        &'a self,
        domain: &'a Domain,
        seed: Seed<'_>,
        worker: &str,
    ) -> impl Iterator<Item = Email> + use<'a> {
        let domain = self.email.domain.as_ref().unwrap_or(domain);
        let most = self.email.candidates.max(1);
        // One at a time: the first is nearly always free.
        self.local_part(seed, worker).into_iter().flat_map(move |local| {
            (1..=most).filter_map(move |n| {
                let number = if n == 1 { String::new() } else { n.to_string() };
                Email::parse(&[&*local, &*number, "@", domain.as_str()].concat()).ok()
            })
        })
    }

    fn local_part(&self, seed: Seed<'_>, worker: &str) -> Option<String> {
        let (given, family) = (seed.given.unwrap_or_default(), seed.family.unwrap_or_default());
        let (mut local, mut rest) = (String::with_capacity(64), self.email.pattern.as_str());
        while let Some((before, after)) = rest.split_once('{') {
            local.push_str(before);
            let (text, first, tail) = match after.split_once('}') {
                Some(("given", tail)) => (given, false, tail),
                Some(("g", tail)) => (given, true, tail),
                Some(("family", tail)) => (family, false, tail),
                Some(("f", tail)) => (family, true, tail),
                Some(("id", tail)) => (worker, false, tail),
                // A brace like any other sign.
                _ => {
                    local.push('{');
                    rest = after;
                    continue;
                }
            };
            let plain = ascii(text)?;
            local.push_str(if first { plain.get(..1).unwrap_or_default() } else { &plain });
            rest = tail;
        }
        local.push_str(rest);
        let trimmed = local.trim_matches(['.', '-', '_']);
        let doubled = trimmed.as_bytes().windows(2).any(|two| two == b"..");
        let local = if doubled { trimmed.replace("..", ".") } else { trimmed.to_owned() };
        let local = local.get(..local.len().min(60)).unwrap_or(&local);
        (!local.is_empty()).then(|| local.to_owned())
    }
}

/// Lower-case a-z, 0-9 and single dashes; `None` where a letter cannot be written so.
fn ascii(text: &str) -> Option<String> {
    // Most names are so but for their first letter.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(text.to_ascii_lowercase());
    }
    let plain = latin(text.trim(), Umlauts::Spelled)?.to_ascii_lowercase();
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' => out.push(c),
            ' ' | '-' | '_' if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    Some(out.trim_matches(['-', '.']).to_owned())
}

/// Whether `text` fits `pattern`, in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let (middle, last) = tail.rsplit_once('*').unwrap_or(("", tail));
    let Some(mut rest) = text.strip_prefix(head).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    middle.split('*').all(|part| match rest.split_once(part) {
        _ if part.is_empty() => true,
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed<'a>(given: &'a str, family: &'a str) -> Seed<'a> {
        Seed { given: Some(given), family: Some(family) }
    }

    fn candidates(policy: &Policy, domain: &Domain, given: &str, family: &str) -> Vec<Email> {
        policy.candidates(domain, seed(given, family), "7").collect()
    }

    #[test]
    fn addresses_of_people_with_all_kinds_of_names() {
        let domain = Domain::parse("example.com").unwrap();
        let first = |given, family| candidates(&Policy::default(), &domain, given, family)[0].to_string();
        assert_eq!(first("Noor", "Haddad"), "noor.haddad@example.com");
        assert_eq!(first("Jürgen", "Groß"), "juergen.gross@example.com");
        assert_eq!(first("Søren", "Ångström"), "soeren.aangstroem@example.com");
        assert_eq!(first("María José", "O'Neill-Díaz"), "maria-jose.oneill-diaz@example.com");
        assert_eq!(first("Łukasz", "Żółć"), "lukasz.zolc@example.com");
        assert_eq!(first("Юлия", "Щербакова"), "iuliia.shcherbakova@example.com");
        assert_eq!(first("Cher", ""), "cher@example.com");
    }

    #[test]
    fn candidates_are_numbered_and_end() {
        let domain = Domain::parse("example.com").unwrap();
        let all = candidates(&Policy::default(), &domain, "Ana", "Silva");
        assert_eq!(all.len(), 9);
        assert_eq!(all[1].as_str(), "ana.silva2@example.com");
        assert_eq!(candidates(&Policy::default(), &domain, "", ""), []);
    }

    #[test]
    fn a_name_without_a_latin_spelling_makes_no_address() {
        let domain = Domain::parse("example.com").unwrap();
        for (given, family) in [("李", "小龙"), ("محمد", "Haddad"), ("Ana", "田中")] {
            assert_eq!(candidates(&Policy::default(), &domain, given, family), [], "{given}");
        }
        let by_id = EmailPolicy { pattern: "{id}".into(), ..EmailPolicy::default() };
        let policy = Policy { email: by_id, ..Policy::default() };
        assert_eq!(
            policy.candidates(&domain, seed("李", "小龙"), "E-7").next().unwrap().as_str(),
            "e-7@example.com"
        );
    }

    #[test]
    fn a_pattern_names_parts_that_there_are() {
        for (pattern, usable) in [
            ("{given}.{family}", true),
            ("{g}{family}", true),
            ("x-{id}", true),
            ("{givn}.{family}", false),
            ("{vorname}", false),
            ("{Given}", false),
            ("{given", false),
            ("given}", false),
            ("{given}}.{f}", false),
            ("ana", false),
            ("", false),
        ] {
            let policy = EmailPolicy { pattern: pattern.into(), ..EmailPolicy::default() };
            assert_eq!(policy.is_usable(), usable, "{pattern}");
        }
    }

    #[test]
    fn protected_patterns() {
        for (pattern, text, fits) in [
            ("ceo@example.com", "ceo@example.com", true),
            ("ceo@example.com", "xceo@example.com", false),
            ("admin*@example.com", "admin-2@example.com", true),
            ("*@board.example.com", "a@board.example.com", true),
            ("*@board.example.com", "a@example.com", false),
            ("*", "a@b.c", true),
            ("a*@x.com", "aba@y.com@x.com", true),
            ("a*b*", "acbd", true),
            ("a*b", "acbd", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn delays_grow_are_stable_and_respect_the_server() {
        let retry = Retry::default();
        assert_eq!(retry.delay(3, "p", None), retry.delay(3, "p", None));
        assert!(retry.delay(1, "p", None) <= SignedDuration::from_secs(2));
        assert!(retry.delay(99, "p", None) <= SignedDuration::from_mins(15));
        assert_eq!(retry.delay(1, "p", Some(60)), SignedDuration::from_secs(60));
    }
}
