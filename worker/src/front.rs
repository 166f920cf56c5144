//! The handlers: requests from outside, and the cron that looks after the objects. Which routes there are is core's business.

use people_core::host::Host;
use people_core::serve::{alive, delivers, misconfigured};
use people_model::time::SignedDuration;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::runtime::{self, Env};
use crate::{carry, load, task};

/// How much of a request is read where the configuration does not say.
const MAX_BODY: usize = 1 << 20;

/// How many bytes of a body are read at most.
#[wasm_bindgen]
pub fn limit(env: &Env) -> f64 {
    load::front(env).map_or(MAX_BODY, |front| front.bridge.config.server.max_body) as f64
}

/// Answers a request: a `Response`, or the promise of one. `headers` are names and values, each on a line of its own; there is no `body` where
/// the request broke off.
#[wasm_bindgen]
pub fn fetch(method: &str, url: &str, headers: &str, body: Option<Vec<u8>>, env: Env) -> JsValue {
    let request = body.and_then(|body| carry::incoming((method, url), headers, body));
    task::begin(async move {
        let Some(request) = request else {
            return runtime::response(400, "", b"the request could not be read\n");
        };
        // A cold start answers this before anything is parsed or built.
        if let Some(answer) = alive(&request) {
            return carry::outgoing(&answer);
        }
        #[cfg(feature = "trial")]
        if let Some(answer) = crate::trial::answer(&request, &env).await {
            return carry::outgoing(&answer);
        }
        let front = load::front(&env);
        let front = front.and_then(|front| {
            if !delivers(&request) {
                front.wires(&env)?;
            }
            Ok(front)
        });
        carry::outgoing(&match front {
            Ok(front) => front.bridge.serve(request).await.response,
            Err(reason) => misconfigured(&request, load::admin_token(&env).as_ref(), &reason),
        })
    })
}

/// The cron: lets each object that has an alarm look whether it has work, and forget what is old.
#[wasm_bindgen]
pub fn scheduled(env: Env) -> JsValue {
    task::begin(async move {
        look_after(&env).await;
        Ok(JsValue::UNDEFINED)
    })
}

async fn look_after(env: &Env) {
    let Ok(front) = load::front(env) else {
        runtime::log("the configuration is wrong; ask / with the admin token for the reason");
        return;
    };
    let bridge = &front.bridge;
    let keep: SignedDuration = bridge.config.journal.keep.get();
    if let Ok(before) = bridge.host.now().checked_sub(keep)
        && let Err(error) = bridge.journal.tend(before).await
    {
        runtime::log(&format!("the objects could not be looked after: {error}"));
    }
}
