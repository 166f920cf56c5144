//! The running pretend clouds, and the tester's handle on them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::calls::CallRecord;
use crate::clock::Clock;
use crate::control::lock;
use crate::directory::Directory;
use crate::faults::{Fault, Faults, ListedFault};
use crate::federation;
use crate::key::Key;
use crate::options::{Action, SimOptions};
use crate::server;
use crate::token::Tokens;
use crate::workflows::Workflows;
use crate::world::{State, World};

/// Where the pretended APIs are. Below each base lie the real API's paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Urls {
    /// The token endpoint itself.
    pub token_uri: String,
    /// CloudM, up to and with `/_ah/api`.
    pub cloudm: String,
    /// CCAI Platform, up to where `/apps/api/v1` begins.
    pub ccai: String,
    /// Cloud Identity, up to where `/v1` begins.
    pub cloudidentity: String,
    /// Google Apps Provisioning, up to where `/a/feeds` begins.
    pub gapps: String,
    /// The tester's side.
    pub control: String,
    /// Google's Security Token Service: its token URL.
    pub sts: String,
    /// Google's IAM Credentials API, up to where `/v1` begins.
    pub iamcredentials: String,
    /// Google's and Amazon's metadata servers, up to where `/computeMetadata` and `/latest` begin.
    pub metadata: String,
    /// The issuer of subject tokens: a URL that gives one as text; with `.json` behind it, as the member `id_token`.
    pub subject: String,
    /// BambooHR; `/api/v1/employees/{id}` lies below it.
    pub bamboohr: String,
}

impl Urls {
    fn at(addr: SocketAddr) -> Self {
        let reachable = match addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let base = format!("http://{}", SocketAddr::new(reachable, addr.port()));
        let below = |path: &str| format!("{base}{path}");
        Self {
            token_uri: below("/token"),
            cloudm: below("/_ah/api"),
            ccai: below("/ccai"),
            cloudidentity: below("/cloudidentity"),
            gapps: below("/gapps"),
            control: below("/control"),
            sts: below("/sts/v1/token"),
            iamcredentials: below("/iamcredentials"),
            metadata: below(""),
            subject: below("/subject/token"),
            bamboohr: below("/bamboohr"),
        }
    }
}

/// Pretend clouds that run until this is dropped.
pub struct Sim {
    world: Arc<Mutex<World>>,
    addr: SocketAddr,
    urls: Urls,
    stop: watch::Sender<()>,
    server: JoinHandle<()>,
}

impl Sim {
    /// Listens and serves, on the tokio runtime this is called in.
    ///
    /// # Errors
    /// Where the address cannot be bound, or the key cannot be read or made.
    pub async fn start(mut options: SimOptions) -> io::Result<Self> {
        let pem = options.key_pem.take();
        let key = tokio::task::spawn_blocking(|| Key::new(pem)).await.map_err(io::Error::other)??;
        let listener = TcpListener::bind(options.addr).await?;
        let addr = listener.local_addr()?;
        let urls = Urls::at(addr);
        let world = Arc::new(Mutex::new(World {
            urls: urls.clone(),
            key,
            clock: Clock::starting_at(options.now),
            tokens: Tokens::default(),
            directory: Directory::default(),
            workflows: Workflows::default(),
            employees: BTreeMap::new(),
            ccai: Default::default(),
            invitations: Default::default(),
            gapps: Default::default(),
            denied: BTreeSet::new(),
            delegated: None,
            faults: Faults::seeded(options.seed),
            calls: Vec::new(),
            options,
        }));
        let (stop, stopped) = watch::channel(());
        let server = spawn(server::run(listener, Arc::clone(&world), stopped));
        Ok(Self { world, addr, urls, stop, server })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URLs.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// The service account's key file, whose `token_uri` points here.
    pub fn key_json(&self) -> String {
        let world = self.world();
        world.key.file(&world.options.client_email, &self.urls.token_uri)
    }

    /// An `external_account` document for the one workload that these clouds know, with this `credential_source`; `impersonated`: acting as the
    /// service account.
    pub fn external_account(&self, source: Value, impersonated: bool) -> Value {
        let aws = source.get("environment_id").is_some();
        let kind = if aws { "aws:token-type:aws4_request" } else { "oauth:token-type:jwt" };
        let mut document = json!({
            "type": "external_account",
            "audience": federation::AUDIENCE,
            "subject_token_type": format!("urn:ietf:params:{kind}"),
            "token_url": self.urls.sts,
            "credential_source": source,
        });
        if let (true, Some(members)) = (impersonated, document.as_object_mut()) {
            members.insert("service_account_impersonation_url".to_owned(), self.impersonation_url().into());
        }
        document
    }

    /// Where a token of the service account is generated for somebody who may act as it.
    pub fn impersonation_url(&self) -> String {
        let email = self.world().options.client_email.clone();
        format!("{}/v1/projects/-/serviceAccounts/{email}:generateAccessToken", self.urls.iamcredentials)
    }

    /// `credential_source` of a workload at Amazon's.
    pub fn aws_source(&self) -> Value {
        let base = format!("{}/latest", self.urls.metadata);
        json!({
            "environment_id": "aws1",
            "region_url": format!("{base}/meta-data/placement/availability-zone"),
            "url": format!("{base}/meta-data/iam/security-credentials"),
            "imdsv2_session_token_url": format!("{base}/api/token"),
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        })
    }

    /// The workload's own token.
    pub fn subject_token(&self) -> &'static str {
        federation::SUBJECT_TOKEN
    }

    /// The service account's private key, PKCS#8 PEM.
    pub fn key_pem(&self) -> String {
        self.world().key.pem().to_owned()
    }

    /// A picture of everything. The calls alone are cheaper by [`Sim::calls`].
    pub fn state(&self) -> State {
        self.world().state(0)
    }

    /// The calls after number `after`.
    pub fn calls(&self, after: u64) -> Vec<CallRecord> {
        self.world().calls_after(after)
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.world().tick()
    }

    /// Moves the virtual clock forward; what falls due happens.
    pub fn advance(&self, by: Duration) {
        let mut world = self.world();
        world.clock.advance(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
        world.tick();
    }

    /// Sets the virtual clock.
    pub fn set_now(&self, now: Timestamp) {
        let mut world = self.world();
        world.clock.set(now);
        world.tick();
    }

    /// Adds a fault and tells its number.
    ///
    /// # Errors
    /// Where its status or rate is out of range.
    pub fn add_fault(&self, fault: Fault) -> io::Result<u64> {
        self.world().faults.add(fault).map_err(refused)
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// The faults in force, with how often they struck.
    pub fn faults(&self) -> Vec<ListedFault> {
        self.world().faults.list().to_vec()
    }

    /// Seeds a CloudM user: a profile with its `id`; read-only members may be set too.
    ///
    /// # Errors
    /// Where it is not an object with an address as `id`.
    pub fn seed_user(&self, profile: Value) -> io::Result<()> {
        match profile {
            Value::Object(profile) => self.world().seed_user(profile).map_err(refused),
            _ => Err(refused("a profile must be an object")),
        }
    }

    /// Deletes a CloudM user, as an administrator or a retention rule does, and tells whether there was one.
    pub fn remove_user(&self, id: &str) -> bool {
        self.world().directory.remove(id).is_some()
    }

    /// Seeds or replaces a BambooHR employee: any fields, and an `id`.
    ///
    /// # Errors
    /// Where it is not an object with an `id`.
    pub fn put_employee(&self, employee: Value) -> io::Result<()> {
        match employee {
            Value::Object(employee) => self.world().put_employee(employee).map_err(refused),
            _ => Err(refused("an employee must be an object")),
        }
    }

    /// Removes a BambooHR employee, and tells whether there was one.
    pub fn remove_employee(&self, id: &str) -> bool {
        self.world().employees.remove(id).is_some()
    }

    /// Seeds an unmanaged account: its `email`; `since` (when it was made), `state` and `mailsSentCount` may be set too.
    ///
    /// # Errors
    /// Where it is not an object with an address as `email`.
    pub fn seed_consumer(&self, consumer: Value) -> io::Result<()> {
        let consumer = serde_json::from_value(consumer).map_err(io::Error::other)?;
        self.world().invitations.put(consumer).map_err(refused)
    }

    /// The owner of an unmanaged account answers the invitation, and CloudM shows the account of one who accepts. `false`: nobody of
    /// this address is invited.
    pub fn answer_invitation(&self, email: &str, accepts: bool) -> bool {
        self.world().answer_invitation(email, accepts)
    }

    /// Takes these actions from the CloudM role, and gives it all others.
    pub fn deny(&self, actions: impl IntoIterator<Item = Action>) {
        self.world().denied = actions.into_iter().collect();
    }

    /// Delegates these domains only; every domain with `None`.
    pub fn delegate(&self, domains: Option<Vec<String>>) {
        self.world().delegate(domains);
    }

    /// Stops listening, ends the connections and waits for that.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(());
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    pub(crate) fn delegate(&mut self, domains: Option<Vec<String>>) {
        self.delegated = domains.map(|all| all.iter().map(|domain| domain.to_lowercase()).collect());
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[expect(clippy::disallowed_methods, reason = "the pretend cloud is a host: it runs its own server")]
fn spawn(server: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(server)
}
