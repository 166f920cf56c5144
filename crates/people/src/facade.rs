//! The native server of the facade: carries requests to it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::load::NativeFacade;
use crate::server::{accept, whole};

/// The largest request.
const MAX_BODY: usize = 1 << 20;

/// A running facade.
#[derive(Debug)]
pub struct FacadeServer {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl FacadeServer {
    /// Listens on `listen` and answers.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(facade: Arc<NativeFacade>, listen: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let handle = move |request| {
            let facade = facade.clone();
            async move {
                let answered = facade.serve(whole(request, MAX_BODY + 1).await?).await;
                tracing::info!(op = answered.op, status = answered.response.status().as_u16(), "answered");
                Ok(answered.response.map(Full::new))
            }
        };
        #[expect(clippy::disallowed_methods, reason = "the host runs its own server")]
        let task = tokio::spawn(accept(listener, handle, stopped));
        Ok(Self { addr, stop, task })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops taking requests, and returns when those that run are answered.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
