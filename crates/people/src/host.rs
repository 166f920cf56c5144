//! The machine we run on natively: its clock, its network, its randomness.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use people_auth::credentials::Command;
use people_core::config::Config;
use people_core::host::{Host, Lost};
use people_model::Secret;
use people_model::time::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 << 20;

/// The largest file that is read, and the most that is taken from a command.
const MAX_SECRET: u64 = 1 << 20;

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
    folder: PathBuf,
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
        Ok(Self { clock, client, pace: Pace::new(rate), folder: PathBuf::new(), limits: Vec::new() })
    }

    /// The same host, for which relative paths in credentials start at this folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
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

    async fn read_file(&self, path: &str) -> Result<Secret<Vec<u8>>, String> {
        use std::io::Read;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(self.folder.join(path)).map_err(|error| error.to_string())?;
        let read = file.take(MAX_SECRET + 1).read_to_end(&mut bytes);
        let bytes = Secret::new(bytes);
        read.map_err(|error| error.to_string())?;
        if bytes.expose().len() as u64 > MAX_SECRET {
            Err("it is larger than 1 MiB".into())
        } else {
            Ok(bytes)
        }
    }

    fn env(&self, name: &str) -> Option<Secret<String>> {
        std::env::var(name).ok().map(Secret::new)
    }

    async fn run(&self, command: &Command) -> Result<Secret<Vec<u8>>, String> {
        let (program, arguments) = command.words.split_first().ok_or("there is no program")?;
        let mut child = tokio::process::Command::new(program);
        if !self.folder.as_os_str().is_empty() {
            child.current_dir(&self.folder);
        }
        child.args(arguments).envs(command.env.iter().map(|(name, value)| (name, value)));
        // What it complains of goes where ours goes; what it prints is the token.
        child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = child.spawn().map_err(|error| format!("{program}: {error}"))?;
        let stdout = child.stdout.take().ok_or("its output cannot be read")?;
        let reading = async {
            let mut bytes = Vec::new();
            let read = tokio::io::AsyncReadExt::read_to_end(
                &mut tokio::io::AsyncReadExt::take(stdout, MAX_SECRET + 1),
                &mut bytes,
            )
            .await;
            let bytes = Secret::new(bytes);
            read.map_err(|error| error.to_string())?;
            if bytes.expose().len() as u64 > MAX_SECRET {
                return Err("it prints more than 1 MiB".to_owned());
            }
            match child.wait().await {
                Ok(status) if status.success() => Ok(bytes),
                Ok(status) => Err(format!("{program} ended with {status}")),
                Err(error) => Err(error.to_string()),
            }
        };
        let timeout = Duration::try_from(command.timeout).unwrap_or_default();
        tokio::time::timeout(timeout, reading).await.map_err(|_| format!("{program}: the time is up"))?
    }

    async fn wait(&self, length: SignedDuration) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the host is who waits")]
        tokio::time::sleep(Duration::try_from(length).unwrap_or_default()).await;
        true
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

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    async fn left(host: &Native, uris: impl Iterator<Item = &'static str>) -> Vec<Duration> {
        let began = Instant::now();
        let leave = async |uri: &'static str| {
            host.wait(&http::Uri::from_static(uri)).await;
            began.elapsed()
        };
        let mut left = join_all(uris.map(leave)).await;
        left.sort_unstable();
        left
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_requests_to_a_base_than_its_limit() {
        let limit = 10;
        let host = Native::new(Clock::default(), Duration::from_secs(1), 1_000_000).unwrap();
        let host = host.limited("https://ccai.example.com/", limit);
        let uris = ["https://ccai.example.com/apps/api/v1/bulk", "https://ccai.example.com?page=2"];
        let left = left(&host, uris.into_iter().cycle().take(45)).await;
        // Of any so many and one more in a row, the last left a second after the first.
        let spans = left.windows(limit as usize + 1).map(|row| row[limit as usize] - row[0]);
        assert!(left.len() == 45 && spans.clone().count() > 0, "{left:?}");
        assert!(spans.clone().all(|span| span >= Duration::from_secs(1)), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn another_host_is_not_slowed_down() {
        let host = Native::new(Clock::default(), Duration::from_secs(1), 1_000_000).unwrap();
        let host = host.limited("https://ccai.example.com", 1);
        let others = ["https://ccai.example.com.evil.example/x", "https://people.example.com/"];
        let left = left(&host, others.into_iter().cycle().take(100)).await;
        assert!(left.last().is_some_and(|last| *last < Duration::from_millis(500)), "{left:?}");
    }
}
