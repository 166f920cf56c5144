//! A call to a target, and what came of it.

use people_auth::Signer;
use people_model::{Call, Safety, Verdict};

use crate::host::Host;
use crate::target::{Answer, judge};
use crate::wire::{NoAnswer, NotSent, Wires};

/// Sends a call and says what came of it. Total.
pub(super) async fn ask<H: Host, S: Signer>(wires: &Wires<S>, host: &H, call: &Call) -> Verdict<Answer> {
    match wires.send(host, call).await {
        Ok(answer) => judge(call, &answer),
        Err(NoAnswer::NotSent(NotSent { after_s, why })) => Verdict::Again { after_s, why },
        Err(NoAnswer::Unanswered(why)) => match call.safety {
            Safety::Once => Verdict::Unknown { why },
            Safety::Read | Safety::Idempotent => Verdict::Again { after_s: None, why },
        },
    }
}
