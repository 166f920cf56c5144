//! The handlers: requests from outside, and the cron that looks after the objects. Which routes there are is core's business.

use std::cell::RefCell;
use std::rc::Rc;

use people_core::host::Host;
use people_core::serve::misconfigured;
use people_model::Secret;
use people_model::time::SignedDuration;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, console_error, event};

use crate::carry;
use crate::load::{self, EdgeBridge, Place};

thread_local! {
    /// The bridge of this isolate, and the document that it was made of.
    static BRIDGE: RefCell<Option<(String, Rc<EdgeBridge>)>> = const { RefCell::new(None) };
}

/// How much of a request is read where the configuration does not say.
const MAX_BODY: usize = 1 << 20;

fn bridge(env: &Env) -> Result<Rc<EdgeBridge>, String> {
    let document = load::document(env)?;
    let known = BRIDGE.with_borrow(|known| {
        known.as_ref().filter(|(text, _)| *text == document).map(|(_, bridge)| bridge.clone())
    });
    if let Some(bridge) = known {
        return Ok(bridge);
    }
    let bridge = Rc::new(load::bridge(env, Place::Front)?);
    BRIDGE.replace(Some((document, bridge.clone())));
    Ok(bridge)
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    #[cfg(feature = "trial")]
    if request.inner().url().ends_with(crate::trial::PATH) {
        return crate::trial::ask(&env).await;
    }
    let bridge = bridge(&env);
    let limit = bridge.as_ref().map_or(MAX_BODY, |bridge| bridge.config.server.max_body);
    let Some(request) = carry::incoming(request, limit).await else {
        return Response::error("the request could not be read", 400);
    };
    carry::outgoing(match bridge {
        Ok(bridge) => bridge.serve(request).await.response,
        Err(reason) => {
            let token: Option<Secret<String>> = load::admin_token(&env);
            misconfigured(&request, token.as_ref(), &reason)
        }
    })
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let Ok(bridge) = bridge(&env) else {
        console_error!("the configuration is wrong; ask / with the admin token for the reason");
        return;
    };
    let keep: SignedDuration = bridge.config.journal.keep.get();
    if let Ok(before) = bridge.host.now().checked_sub(keep)
        && let Err(error) = bridge.journal.tend(before).await
    {
        console_error!("the objects could not be looked after: {error}");
    }
}
