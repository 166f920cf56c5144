//! The machine we run on natively: its clock, its network, its randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use people_core::config::Config;
use people_core::host::{Host, Lost};
use people_model::time::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 << 20;

/// A clock: the machine's, shifted by what a test or the demo says.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The time.
    #[expect(clippy::disallowed_methods, reason = "the one place at which the native host reads the clock")]
    pub fn now(&self) -> Timestamp {
        let shift = SignedDuration::from_millis(self.0.load(Ordering::Relaxed));
        Timestamp::now().saturating_add(shift).unwrap_or(Timestamp::MAX)
    }

    /// Shifts the clock.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_millis() as i64, Ordering::Relaxed);
    }

    /// Sets the clock; it runs on from there.
    pub fn set(&self, to: Timestamp) {
        self.advance(self.now().duration_until(to));
    }
}

/// The native host.
#[derive(Debug)]
pub struct Native {
    clock: Clock,
    client: reqwest::Client,
    pace: Pace,
    /// Further limits, by base URL.
    limits: Vec<(String, Pace)>,
}

impl Native {
    /// A host whose requests take at most `timeout` and leave at most `rate` times a second.
    ///
    /// # Errors
    /// When the TLS roots of the machine cannot be read.
    pub fn new(clock: Clock, timeout: Duration, rate: u32) -> Result<Self, reqwest::Error> {
        // Somebody may have installed one before; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("people/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { clock, client, pace: Pace::new(rate), limits: Vec::new() })
    }

    /// The same host, of whose requests at most `rate` a second go to what lies below `base`.
    #[must_use]
    pub fn limited(mut self, base: &str, rate: u32) -> Self {
        self.limits.push((base.trim_end_matches('/').to_owned(), Pace::new(rate)));
        self
    }

    /// The same host, with the limits that the configuration names.
    #[must_use]
    pub fn limited_by(self, config: &Config) -> Self {
        match &config.ccai {
            Some(ccai) => self.limited(&ccai.base_url, ccai.rate),
            None => self,
        }
    }

    async fn wait(&self, uri: &http::Uri) {
        let below = |base: &str| {
            uri.to_string()
                .strip_prefix(base)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        for (_, pace) in self.limits.iter().filter(|(base, _)| below(base)) {
            pace.wait().await;
        }
        self.pace.wait().await;
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Host for Native {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost> {
        self.wait(request.uri()).await;
        let request = reqwest::Request::try_from(request)
            .map_err(|_| Lost::NeverLeft("the URL cannot be used; check base_url"))?;
        let mut answer = self.client.execute(request).await.map_err(|error| lost(&error))?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| Lost::Unanswered("the answer broke off"))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Lost::Unanswered("the answer is larger than 8 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    fn entropy(&self, out: &mut [u8]) {
        // Without randomness nothing here is safe: passwords, blinding. The kernel has it or the machine is broken.
        #[expect(clippy::expect_used, reason = "a kernel without randomness cannot be worked with")]
        getrandom::fill(out).expect("the operating system gives randomness");
    }
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_connect() {
        Lost::NeverLeft("the host cannot be reached")
    } else if error.is_timeout() {
        Lost::Unanswered("the time is up")
    } else if error.is_builder() {
        Lost::NeverLeft("the request is not valid")
    } else {
        Lost::Unanswered("the connection broke")
    }
}

/// Spaces requests evenly, so that no second has more than so many.
#[derive(Debug)]
struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(rate: u32) -> Self {
        Self { gap: Duration::from_secs(1) / rate.max(1), next: Mutex::new(None) }
    }

    async fn wait(&self) {
        let slot = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let slot = next.map_or(now, |next| next.max(now));
            *next = Some(slot + self.gap);
            slot
        };
        tokio::time::sleep_until(slot).await;
    }
}
