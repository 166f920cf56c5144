//! The pretend clouds: Google's token endpoint, the CloudM People API, Cloud Identity's user invitations and BambooHR's employee API, on
//! one loopback port, with injected faults and a virtual clock. It knows nothing of the client it serves, so that a mistake of the client is not mirrored.
//!
//! | path below the address | serves |
//! |---|---|
//! | `/token` | the JWT bearer grant |
//! | `/sts`, `/iamcredentials`, `/computeMetadata`, `/latest`, `/subject` | Google's STS, IAM Credentials API and metadata server, Amazon's instance metadata service, an issuer of subject tokens |
//! | `/_ah/api/people/v4/…`, `/_ah/api/people/v1/…` | CloudM |
//! | `/bamboohr/api/v1/employees/{id}` | BambooHR (and `/bamboohr/api/gateway.php/{company}/v1/employees/{id}`) |
//! | `/ccai/apps/api/v1/bulk/users/…` | CCAI Platform's bulk users |
//! | `/cloudidentity/v1/customers/{customer}/userinvitations…` | Cloud Identity's user invitations |
//! | `/gapps/a/feeds/…`, `/gapps/accounts/ClientLogin` | Google Apps Provisioning |
//! | `/control/…` | the tester's side: state, faults, clock, seeds; see [`Sim`] for the same in process |
//!
//! ```no_run
//! # async fn demo() -> std::io::Result<()> {
//! use people_sim::{Fault, FaultKind, Sim, SimOptions};
//! let sim = Sim::start(SimOptions::default()).await?;
//! println!("{}", sim.urls().token_uri);
//! sim.add_fault(Fault { count: Some(1), ..Fault::on("/offboard", FaultKind::LostAnswer) })?;
//! sim.shutdown().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod bamboohr;
mod calls;
mod ccai;
mod clock;
mod cloudidentity;
mod cloudm;
mod control;
mod directory;
mod faults;
mod federation;
mod gapps;
mod http;
mod key;
mod options;
mod server;
mod sim;
mod token;
mod workflows;
mod world;

pub use calls::CallRecord;
pub use ccai::CcaiOptions;
pub use faults::{Fault, FaultBody, FaultKind, ListedFault, RetryAfter};
pub use key::generate_key_pem;
pub use options::{Action, SimOptions};
pub use people_model::Members;
pub use sim::{Sim, Urls};
pub use workflows::{Workflow, WorkflowKind, WorkflowState};
pub use world::State;
