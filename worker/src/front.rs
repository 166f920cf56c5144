//! The handlers: requests from outside, and the cron that looks after the objects. Which routes there are is core's business.

use people_core::host::Host;
use people_core::serve::{alive, misconfigured};
use people_model::time::SignedDuration;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::runtime::{self, Env};
use crate::{carry, load};

/// How much of a request is read where the configuration does not say.
const MAX_BODY: usize = 1 << 20;

/// Answers a request: a `Response` for a `Request`.
///
/// # Errors
/// Where the runtime makes no `Response` of the answer.
#[wasm_bindgen]
pub async fn fetch(request: JsValue, env: Env) -> Result<JsValue, JsValue> {
    // A cold start answers this before anything is parsed or built.
    if let Some(answer) = runtime::path(&request).and_then(|path| alive(&path)) {
        return carry::outgoing(&answer);
    }
    #[cfg(feature = "trial")]
    if let Some(answer) = crate::trial::answer(&request, &env).await {
        return carry::outgoing(&answer);
    }
    let bridge = load::front(&env);
    let limit = bridge.as_ref().map_or(MAX_BODY, |bridge| bridge.config.server.max_body);
    let Some(request) = carry::incoming(&request, limit).await else {
        return runtime::response(400, "", b"the request could not be read\n");
    };
    carry::outgoing(&match bridge {
        Ok(bridge) => bridge.serve(request).await.response,
        Err(reason) => misconfigured(&request, load::admin_token(&env).as_ref(), &reason),
    })
}

/// The cron: lets each object that has an alarm look whether it has work, and forget what is old.
#[wasm_bindgen]
pub async fn scheduled(env: Env) {
    let Ok(bridge) = load::front(&env) else {
        runtime::log("the configuration is wrong; ask / with the admin token for the reason");
        return;
    };
    let keep: SignedDuration = bridge.config.journal.keep.get();
    if let Ok(before) = bridge.host.now().checked_sub(keep)
        && let Err(error) = bridge.journal.tend(before).await
    {
        runtime::log(&format!("the objects could not be looked after: {error}"));
    }
}
