//! The directory that follows HR: one for a tenant, and the engine does not know which.

use people_model::verdict::Receipt;
use people_model::{Call, Domain};

use super::cloudm::Cloudm;
#[cfg(feature = "gapps")]
use super::gapps::Provisioning;
use super::{Answer, Plan, Sight, Target};
use crate::engine::{Seen, Situation};

/// The directory of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// CloudM Automate. `[cloudm]`.
    Cloudm(Box<Cloudm>),
    /// A server that speaks the Google Apps Provisioning API. `[gapps] directory = true`.
    #[cfg(feature = "gapps")]
    Gapps(Provisioning),
}

impl Directory {
    /// The tenant's domain.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Cloudm(cloudm) => &cloudm.domain,
            #[cfg(feature = "gapps")]
            Self::Gapps(gapps) => &gapps.domain,
        }
    }

    /// CloudM, where that is the directory.
    pub fn cloudm(&self) -> Option<&Cloudm> {
        match self {
            Self::Cloudm(cloudm) => Some(cloudm),
            #[cfg(feature = "gapps")]
            Self::Gapps(_) => None,
        }
    }
}

impl Target for Directory {
    fn look(&self, sight: &Sight) -> Call {
        match self {
            Self::Cloudm(cloudm) => cloudm.look(sight),
            #[cfg(feature = "gapps")]
            Self::Gapps(gapps) => gapps.look(sight),
        }
    }

    fn plan(&self, situation: &Situation<'_>, seen: &Seen) -> Plan {
        match self {
            Self::Cloudm(cloudm) => cloudm.plan(situation, seen),
            #[cfg(feature = "gapps")]
            Self::Gapps(gapps) => gapps.plan(situation, seen),
        }
    }

    fn receipt(&self, call: &Call, answer: &Answer) -> Receipt {
        match self {
            Self::Cloudm(cloudm) => cloudm.receipt(call, answer),
            #[cfg(feature = "gapps")]
            Self::Gapps(gapps) => gapps.receipt(call, answer),
        }
    }
}
