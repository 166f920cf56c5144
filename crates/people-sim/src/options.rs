//! What a pretend cloud can be told at its start.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ccai::CcaiOptions;

/// Settings of a [`Sim`](crate::Sim). The switches stand for what CloudM's documentation leaves open.
#[derive(Clone)]
pub struct SimOptions {
    /// Where to listen; port 0 picks a free one.
    pub addr: SocketAddr,
    /// The virtual time at the start; the real one where `None`.
    pub now: Option<Timestamp>,
    /// Seeds the rates of faults: the same requests in the same order meet the same faults.
    pub seed: u64,
    /// The service account's private key as PEM; a fresh 2048-bit one where `None`. Making one takes seconds in a debug build, so
    /// tests share one from [`generate_key_pem`](crate::generate_key_pem).
    pub key_pem: Option<String>,
    /// The service account's address.
    pub client_email: String,
    /// Whether the account has domain-wide delegation, so that an assertion may carry `sub`. For the scope of user invitations, which
    /// needs one, it always has.
    pub delegation: bool,
    /// The API key that BambooHR asks for.
    pub bamboohr_key: String,
    /// Who may log in to Google Apps Provisioning by ClientLogin.
    pub gapps_admin: String,
    /// With this password.
    pub gapps_password: String,
    /// Whether Google Apps Provisioning keeps the name before a rename as a nickname.
    pub gapps_keeps_nickname: bool,
    /// How long an offboarding workflow takes.
    pub offboard_takes: SignedDuration,
    /// Whether a request may set `suspended`, at CloudM and at Google Apps Provisioning; `false` on a user whom CloudM has offboarded brings
    /// them back.
    pub suspended_writable: bool,
    /// Whether replies other than that of a scheduled create show `employeeId` and `costCentre`.
    pub employee_id_readable: bool,
    /// Whether a user who is scheduled but not yet onboarded can be read and patched.
    pub pending_visible: bool,
    /// CCAI Platform.
    pub ccai: CcaiOptions,
    /// For how long Cloud Identity's get and list do not show a new unmanaged account. Google says 48 hours; none by default.
    pub invitation_lag: SignedDuration,
    /// The only customer of Cloud Identity that the account may ask about; any where `None`.
    pub customer: Option<String>,
    /// The only administrator who may manage invitations; whoever is impersonated where `None`.
    pub invitation_admin: Option<String>,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            now: None,
            seed: 0,
            key_pem: None,
            client_email: "people-bridge@people-sim.iam.gserviceaccount.com".to_owned(),
            delegation: false,
            bamboohr_key: "sim-bamboohr-key".to_owned(),
            gapps_admin: "admin@example.com".to_owned(),
            gapps_password: "sim-gapps-password".to_owned(),
            gapps_keeps_nickname: true,
            offboard_takes: SignedDuration::from_hours(1),
            suspended_writable: true,
            employee_id_readable: true,
            pending_visible: true,
            ccai: CcaiOptions::default(),
            invitation_lag: SignedDuration::ZERO,
            customer: None,
            invitation_admin: None,
        }
    }
}

/// What a CloudM role can allow or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Create a user.
    Create,
    /// Schedule an onboarding.
    Schedule,
    /// Patch a user.
    Patch,
    /// Replace a user.
    Replace,
    /// Offboard a user.
    Offboard,
    /// Read a user, by address or alias.
    Get,
    /// Abort a workflow.
    Abort,
}

impl Action {
    /// The word in control requests and in 403 messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Schedule => "schedule",
            Self::Patch => "patch",
            Self::Replace => "replace",
            Self::Offboard => "offboard",
            Self::Get => "get",
            Self::Abort => "abort",
        }
    }
}

/// The switches that `POST {control}/options` can turn while running; absent ones stay.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Switches {
    delegation: Option<bool>,
    suspended_writable: Option<bool>,
    employee_id_readable: Option<bool>,
    pending_visible: Option<bool>,
    invitation_lag_s: Option<u32>,
    customer: Option<String>,
    invitation_admin: Option<String>,
}

impl Switches {
    pub(crate) fn apply(&self, options: &mut SimOptions) {
        let set = |to: &mut bool, value: Option<bool>| *to = value.unwrap_or(*to);
        set(&mut options.delegation, self.delegation);
        set(&mut options.suspended_writable, self.suspended_writable);
        set(&mut options.employee_id_readable, self.employee_id_readable);
        set(&mut options.pending_visible, self.pending_visible);
        if let Some(seconds) = self.invitation_lag_s {
            options.invitation_lag = SignedDuration::from_secs(seconds.into());
        }
        options.customer = self.customer.clone().or(options.customer.take());
        options.invitation_admin = self.invitation_admin.clone().or(options.invitation_admin.take());
    }
}
