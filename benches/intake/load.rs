//! The load: connections that are kept, requests whose bytes were made before, one answer awaited before the next request.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use people_benches::{clock, cpu};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What a round of load showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// Deliveries acknowledged a second.
    pub(crate) rate: f64,
    /// Milliseconds within which half of them were answered,
    pub(crate) p50: f64,
    /// and 99 of 100.
    pub(crate) p99: f64,
    /// CPUs that this process kept busy.
    pub(crate) client: f64,
    /// CPUs that the server kept busy.
    pub(crate) server: f64,
}

/// `count` signed deliveries, each about a person of its own among `people`, with ids that begin with `label`.
pub(crate) fn requests(label: &str, count: usize, people: usize, secret: &[u8]) -> Vec<Vec<u8>> {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    (0..count)
        .map(|n| {
            // Spread, so that neighbours in time are no neighbours in the journal.
            let person = n.wrapping_mul(7_368_787) % people;
            let body = format!(
                concat!(
                    r#"{{"type":"change","occurredAt":"2026-03-02T08:00:00Z","worker":{{"id":"{}","givenName":"Mei","familyName":"Tanaka {}","#,
                    r#""title":"Engineer {}","department":"Platform Engineering","costCentre":"CC-1200","locations":[{{"area":"Tokyo"}}],"#,
                    r#""phoneNumbers":[{{"type":"WORK","value":"+81 3 1234 5678"}}],"timezone":"Asia/Tokyo"}}}}"#
                ),
                person, person, n
            );
            let id = format!("msg_{label}_{n}");
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key will do");
            mac.update(format!("{id}.{now}.{body}").as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            let head = format!(
                "POST /hooks/hr HTTP/1.1\r\nhost: people.example.com\r\nuser-agent: bench\r\naccept: */*\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {now}\r\n\
                 webhook-signature: v1,{signature}\r\n\r\n",
                body.len()
            );
            (head + &body).into_bytes()
        })
        .collect()
}

/// The same bodies, signed as Debian's `webhook` checks them: an HMAC over the body, and the hook's name in the path.
pub(crate) fn plain(count: usize, secret: &[u8]) -> Vec<Vec<u8>> {
    let bodies = requests("plain", count, 1_000_000, secret);
    let body = |request: &[u8]| {
        let at = request.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        request[at..].to_vec()
    };
    bodies
        .iter()
        .map(|request| {
            let body = body(request);
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key will do");
            mac.update(&body);
            let signature = hex::encode(mac.finalize().into_bytes());
            let head = format!(
                "POST /hooks/hr HTTP/1.1\r\nhost: people.example.com\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 x-signature: sha256={signature}\r\n\r\n",
                body.len()
            );
            [head.into_bytes(), body].concat()
        })
        .collect()
}

/// Sends the requests over so many connections until all are answered or the time is up.
pub(crate) fn run(
    addr: SocketAddr,
    server: &str,
    requests: Vec<Vec<u8>>,
    connections: usize,
    at_most: Duration,
) -> Shown {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut shares: Vec<Vec<Vec<u8>>> = vec![Vec::new(); connections];
        for (n, request) in requests.into_iter().enumerate() {
            shares[n % connections].push(request);
        }
        let mut streams = Vec::new();
        for share in shares {
            let stream = TcpStream::connect(addr).await.expect("the server takes connections");
            stream.set_nodelay(true).expect("a socket");
            streams.push((stream, share));
        }
        let (began, ours, theirs) = (clock(), cpu("self"), cpu(server));
        let mut tasks = JoinSet::new();
        for (stream, share) in streams {
            tasks.spawn(one(stream, share, began, at_most));
        }
        let mut times = Vec::new();
        while let Some(own) = tasks.join_next().await {
            times.extend(own.expect("a connection's task ends well"));
        }
        let took = began.elapsed().as_secs_f64();
        times.sort_unstable();
        let at = |share: f64| {
            let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
            times.get(index).map_or(0.0, |time: &Duration| time.as_secs_f64() * 1e3)
        };
        Shown {
            rate: times.len() as f64 / took,
            p50: at(0.5),
            p99: at(0.99),
            client: (cpu("self") - ours) / took,
            server: (cpu(server) - theirs) / took,
        }
    })
}

async fn one(
    mut stream: TcpStream,
    requests: Vec<Vec<u8>>,
    began: std::time::Instant,
    at_most: Duration,
) -> Vec<Duration> {
    let mut times = Vec::with_capacity(requests.len());
    let mut answer = vec![0; 4096];
    for request in requests {
        let sent = clock();
        if sent.duration_since(began) > at_most {
            break;
        }
        stream.write_all(&request).await.expect("the server reads");
        let mut filled = 0;
        while !whole(&answer[..filled]) {
            let read = stream.read(&mut answer[filled..]).await.expect("the server answers");
            assert!(read > 0, "the server hung up");
            filled += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..filled]));
        times.push(sent.elapsed());
    }
    times
}

/// Whether this is a whole answer: its head and as many bytes as that says.
fn whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length =
        head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    answer.len() >= end + 4 + length.unwrap_or(0usize)
}
