//! The native server: carries requests to the bridge, and drives people when they are due.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use people_core::bridge::BATCH;
use people_core::engine::Stop;
use people_core::host::Host;
use people_core::journal::{Filter, Journal, Status};
use people_model::PersonKey;
use people_model::time::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::load::NativeBridge;

mod calm;

/// How often due people are looked for when nothing has woken us: another process may have decided something.
const TICK: Duration = Duration::from_secs(1);

/// How long a burst of deliveries is gathered before it is taken apart: each look for work costs as much as a delivery.
const GATHER: Duration = Duration::from_millis(5);

/// How often tokens are looked at that are near their end.
const LOOK_AHEAD: Duration = Duration::from_secs(10);

/// How many connections are served at once; more wait in the system's queue.
const CONNECTIONS: usize = 1024;

/// How long a sender may take for its headers and for its body.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    work: Arc<Notify>,
}

impl Server {
    /// Listens on `listen` and starts to work.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(bridge: Arc<NativeBridge>, listen: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let work = Arc::new(Notify::new());
        let mut tasks = JoinSet::new();
        let (to, wake) = (bridge.clone(), work.clone());
        let handle = move |request| {
            let (bridge, work) = (to.clone(), wake.clone());
            async move { answer(&bridge, &work, request).await }
        };
        tasks.spawn(accept(listener, handle, stopped.clone()));
        tasks.spawn(Worker::new(bridge.clone(), work.clone()).run(stopped.clone()));
        tasks.spawn(look_ahead(bridge.clone(), stopped.clone()));
        tasks.spawn(housekeeping(bridge, stopped));
        Ok(Self { addr, stop, tasks, work })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes it look for work now.
    pub fn nudge(&self) {
        self.work.notify_one();
    }

    /// Stops taking requests, lets what runs finish, and returns when all is quiet.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        self.work.notify_waiters();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Takes connections until told to stop, and lets those that are there finish.
pub(crate) async fn accept<H, F>(listener: TcpListener, handle: H, mut stopped: watch::Receiver<bool>)
where
    H: Fn(http::Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<http::Response<Full<Bytes>>, BrokenOff>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => stream,
                // Out of file descriptors, most likely: let some finish.
                Err(_) => { connections.join_next().await; continue }
            },
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let _ = stream.set_nodelay(true);
        let (handle, mut stopped) = (handle.clone(), stopped.clone());
        connections.spawn(calm::calm(async move {
            let service = service_fn(handle);
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        }));
    }
    while connections.join_next().await.is_some() {}
}

async fn answer(
    bridge: &NativeBridge,
    work: &Notify,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, BrokenOff> {
    let served = bridge.serve(whole(request, bridge.config.server.max_body.saturating_add(1)).await?).await;
    if served.work {
        work.notify_one();
    }
    Ok(served.response.map(Full::new))
}

/// The request with its body, at most `limit` bytes of it.
pub(crate) async fn whole(
    request: http::Request<Incoming>,
    limit: usize,
) -> Result<http::Request<Bytes>, BrokenOff> {
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(PATIENCE, read(body, limit)).await.map_err(|_| BrokenOff)??;
    Ok(http::Request::from_parts(parts, body))
}

/// The sender went away in the middle of the body, or took too long for it.
#[derive(Debug, thiserror::Error)]
#[error("the request broke off")]
pub(crate) struct BrokenOff;

/// Reads at most `limit` bytes; the surface says what it thinks of a body that is longer than it wants.
async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, BrokenOff> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| BrokenOff)?.into_data() {
            // Most bodies come in one piece, which is passed on as it is.
            if whole.is_empty() && data.len() < limit && body.is_end_stream() {
                return Ok(data);
            }
            let room = limit.saturating_sub(whole.len());
            whole.extend_from_slice(data.get(..room.min(data.len())).unwrap_or(&data));
            if whole.len() >= limit {
                break;
            }
        }
    }
    Ok(whole.freeze())
}

/// Takes deliveries apart and drives people, each person once at a time and so many at once.
struct Worker {
    bridge: Arc<NativeBridge>,
    work: Arc<Notify>,
    busy: Arc<Mutex<HashSet<PersonKey>>>,
    slots: Arc<Semaphore>,
}

impl Worker {
    fn new(bridge: Arc<NativeBridge>, work: Arc<Notify>) -> Self {
        let slots = Arc::new(Semaphore::new(bridge.config.server.concurrency));
        Self { bridge, work, busy: Arc::default(), slots }
    }

    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut drives = JoinSet::new();
        if let Err(error) = self.bridge.journal.recover(self.bridge.host.now()).await {
            tracing::warn!(%error, "people who were in work are picked up again when their lease ends");
        }
        while !*stopped.borrow() {
            let found = match self.round(&mut drives).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "the journal failed; trying again");
                    false
                }
            };
            while drives.try_join_next().is_some() {}
            if found {
                continue;
            }
            let patience = self.patience().await;
            tokio::select! {
                () = self.work.notified() => {
                    let _ = tokio::time::timeout(GATHER, std::future::pending::<()>()).await;
                }
                _ = tokio::time::timeout(patience, std::future::pending::<()>()) => {}
                Some(_) = drives.join_next(), if !drives.is_empty() => {}
                _ = stopped.changed() => {}
            }
        }
        while drives.join_next().await.is_some() {}
    }

    /// How long there is nothing to do, as far as this process knows.
    async fn patience(&self) -> Duration {
        let now = self.bridge.host.now();
        match self.bridge.journal.next_due().await {
            // Whoever is overdue is being driven, and wakes us when that ends.
            Ok(Some(due)) if due > now => {
                Duration::try_from(now.duration_until(due)).unwrap_or(TICK).min(TICK)
            }
            _ => TICK,
        }
    }

    /// Sorts what waits and starts to drive whoever is due. Says whether there may be more to do at once.
    async fn round(&self, drives: &mut JoinSet<()>) -> Result<bool, <crate::store::Store as Journal>::Error> {
        let sorted = self.bridge.sort().await?;
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner).len();
        let due = self
            .bridge
            .journal
            .due(self.bridge.host.now(), busy + self.slots.available_permits() + 1)
            .await?;
        let mut started = 0;
        for person in due {
            let Ok(slot) = self.slots.clone().try_acquire_owned() else { break };
            if !self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(person.clone()) {
                continue;
            }
            let (bridge, busy, work) = (self.bridge.clone(), self.busy.clone(), self.work.clone());
            started += 1;
            drives.spawn(async move {
                let tag = person.tag();
                match bridge.drive(&person).await {
                    Ok(stop) => tell(&bridge, &tag, stop).await,
                    Err(error) => tracing::error!(person = tag, %error, "the journal failed; trying again"),
                }
                busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&person);
                drop(slot);
                work.notify_one();
            });
        }
        // Fewer than were asked for: what has come meanwhile is gathered again.
        Ok(sorted >= BATCH || started > 0)
    }
}

/// Writes to the log who is held, and whose work could not be done and why. Nothing of that is personal.
async fn tell(bridge: &NativeBridge, person: &str, stop: Stop) {
    tracing::debug!(person, ?stop, "driven");
    let again = match stop {
        Stop::Held => None,
        Stop::Wait(due) => Some(due),
        Stop::Over(_) | Stop::Raced => return,
    };
    let newest = Filter { person: Some(person.to_owned()), limit: 1, ..Filter::default() };
    let Ok(rows) = bridge.journal.events(&newest).await else { return };
    let Some(row) = rows.first() else { return };
    match again {
        None => {
            tracing::warn!(person, event = %row.id, why = row.note, "held until `people held approve` or `reject`")
        }
        Some(again) if row.status == Status::Working => {
            tracing::warn!(person, event = %row.id, why = row.note, %again, "could not be done, and is tried again");
        }
        Some(_) => {}
    }
}

/// Gets new tokens before the old ones are stale, so that no call waits for one.
async fn look_ahead(bridge: Arc<NativeBridge>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(LOOK_AHEAD);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        tokio::select! {
            () = bridge.wires.look_ahead(&bridge.host) => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Forgets what is old, once an hour.
async fn housekeeping(bridge: Arc<NativeBridge>, mut stopped: watch::Receiver<bool>) {
    let mut hours = tokio::time::interval(Duration::from_secs(3600));
    loop {
        tokio::select! {
            _ = hours.tick() => {}
            _ = stopped.changed() => return,
        }
        let keep: SignedDuration = bridge.config.journal.keep.get();
        if let Ok(before) = bridge.host.now().checked_sub(keep)
            && let Err(error) = bridge.journal.prune(before).await
        {
            tracing::warn!(%error, "old entries could not be pruned; trying again in an hour");
        }
    }
}
