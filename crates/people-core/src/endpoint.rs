//! One API operation as a type: a struct with its parameters, its verb, path, safety and reply. Core builds and reads the
//! messages; a host only carries them.

use std::borrow::Cow;

use http::Response;
use people_model::call::{Form, Method};
use people_model::{Api, Call, Safety};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An operation of an API.
pub trait Endpoint: Sized {
    /// Whose it is.
    const API: Api;
    /// Its name, such as `cloudm.users.patch`.
    const NAME: &'static str;
    /// Its verb.
    const METHOD: Method;
    /// Whether it may be repeated.
    const SAFETY: Safety;
    /// Whether a fresh initial password is put into the body when it is sent.
    const PASSWORD: bool = false;
    /// How its body travels.
    const FORM: Form = Form::Json;
    /// What a success returns.
    type Reply: DeserializeOwned;

    /// The path below the API's base URL, percent-encoded, with its query.
    fn path(&self) -> String;

    /// The body, if there is one.
    fn body(self) -> Option<Value> {
        None
    }

    /// The operation as plain data.
    fn call(self) -> Call {
        Call {
            api: Self::API,
            op: Self::NAME.into(),
            safety: Self::SAFETY,
            method: Self::METHOD,
            path: self.path(),
            body: self.body(),
            form: Self::FORM,
            password: Self::PASSWORD,
        }
    }
}

/// Everything but RFC 3986 unreserved characters and `@`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// Which bytes [`SEGMENT`] leaves as they are.
static STAYS: [bool; 256] = stays();

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and says so where it cannot")]
const fn stays() -> [bool; 256] {
    let mut stays = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        stays[byte] =
            matches!(byte as u8, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@');
        byte += 1;
    }
    stays
}

/// A path segment, percent-encoded; `@` stays.
pub fn segment(text: &str) -> Cow<'_, str> {
    // Nearly every one is an address, and stays as it is.
    if text.bytes().all(|byte| STAYS.get(usize::from(byte)) == Some(&true)) {
        text.into()
    } else {
        utf8_percent_encode(text, SEGMENT).into()
    }
}

/// Seconds of a `Retry-After` header, if it holds a number. Dates are not read, since core has no clock; at most a day is believed.
pub fn retry_after<B>(answer: &Response<B>) -> Option<u32> {
    let text = answer.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse::<u32>().ok().map(|s| s.min(86_400))
}
