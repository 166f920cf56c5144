//! A plan for people: a line for each part, and one for each call.

use super::forecast::{Account, Planned};
use super::{Part, Plan};

/// The columns of [`rows`].
pub(super) const HEAD: [&str; 8] = ["person", "account", "at", "effect", "method", "path", "held", "outcome"];

/// A line for each call; one without a call where nothing would be called.
pub(super) fn rows(plan: &Plan) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for person in &plan.people {
        for forecast in &person.plans {
            let row = |step: Option<&Planned>| {
                vec![
                    person.person.clone(),
                    word(forecast.account).to_owned(),
                    step.and_then(|step| step.at).map(|at| at.to_string()).unwrap_or_default(),
                    step.map_or("", |step| step.effect).to_owned(),
                    step.map_or("", |step| step.method).to_owned(),
                    step.map(|step| step.path.clone()).unwrap_or_default(),
                    step.map(|step| step.held.to_string()).unwrap_or_default(),
                    forecast.outcome.clone(),
                ]
            };
            if forecast.steps.is_empty() {
                rows.push(row(None));
            }
            rows.extend(forecast.steps.iter().map(|step| row(Some(step))));
        }
    }
    rows
}

/// The whole plan as text.
pub(super) fn render(plan: &Plan) -> String {
    let mut out = String::new();
    let mut line = |indent: usize, text: String| {
        // A path or a note never moves the cursor.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        out.push_str(&format!("{:indent$}{text}\n", ""));
    };
    if plan.parts.is_empty() {
        line(0, "the delivery holds nothing".into());
    }
    for part in &plan.parts {
        line(0, describe(part));
    }
    for person in &plan.people {
        line(0, String::new());
        line(0, person.person.clone());
        for forecast in &person.plans {
            if person.plans.len() > 1 {
                line(2, format!("if {}:", account(forecast.account)));
            }
            for step in &forecast.steps {
                let mut text = format!("{} {}  {}", step.method, step.path, step.effect);
                if let Some(at) = step.at {
                    text += &format!("  at {at}");
                }
                if step.held {
                    text += "  (held)";
                }
                line(2, text);
            }
            line(2, format!("-> {}", forecast.outcome));
        }
    }
    out
}

fn word(account: Account) -> &'static str {
    match account {
        Account::Absent => "absent",
        Account::Exists => "exists",
    }
}

fn account(account: Account) -> &'static str {
    match account {
        Account::Absent => "there is no account",
        Account::Exists => "there is an account",
    }
}

fn describe(part: &Part) -> String {
    let mut text = format!("{}  {}", part.id, part.kind.map_or(part.is, |kind| kind.as_str()));
    for (name, value) in [
        ("effective", part.effective_date.clone()),
        ("last working day", part.last_working_day.clone()),
        ("recorded", part.occurred_at.map(|at| at.to_string())),
        ("of", part.person.clone()),
    ] {
        if let Some(value) = value {
            text += &format!("  {name} {value}");
        }
    }
    if let Some(note) = &part.note {
        text += &format!("  {note}");
    }
    text
}
