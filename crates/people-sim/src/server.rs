//! One listener for everything: reads a request, lets the world serve it, and sends, delays or loses the answer.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::{self, lock};
use crate::http::{Reply, Request};
use crate::world::World;

const LARGEST_BODY: usize = 64 << 20;

/// Why a connection ends without an answer: on purpose, or because the request never came in whole.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is dropped")
    }
}

impl std::error::Error for Dropped {}

/// Accepts until told to stop; the connections then end with it.
pub(crate) async fn run(listener: TcpListener, world: Arc<Mutex<World>>, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&world)));
                }
                // Out of file descriptors, most likely: wait for some to come back.
                Err(_) => pause(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, world: Arc<Mutex<World>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&world, request));
    // An error here is a dropped connection: the client's doing, or a fault's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An `Err` makes hyper close the connection without a byte of answer.
async fn answer(
    world: &Mutex<World>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else { return Err(Dropped) };
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    if request.path == "/control" || request.path.starts_with("/control/") {
        return Ok(control::handle(world, &request).into_http());
    }
    let answer = lock(world).serve(&request);
    if !answer.pause.is_zero() {
        pause(answer.pause).await;
    }
    answer.reply.map(Reply::into_http).ok_or(Dropped)
}

#[expect(clippy::disallowed_methods, reason = "the pretend cloud is a host: it holds answers back")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
