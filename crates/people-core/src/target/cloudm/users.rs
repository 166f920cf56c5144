//! The operations on users: get, get by alias, create, schedule, patch, replace, offboard.

use people_model::call::Method;
use people_model::cloudm::{Patch, Profile};
use people_model::{Api, Domain, Members, Safety};
use serde_json::Value;

use crate::endpoint::{Endpoint, segment};

macro_rules! operation {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
     $op:literal $method:ident $safety:ident $(password = $password:literal)?
     path |$this:ident| $($part:expr),*; $(body $body:expr;)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<'a> {
            /// The tenant's domain.
            pub domain: &'a Domain,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Endpoint for $name<'_> {
            const API: Api = Api::Cloudm;
            const NAME: &'static str = $op;
            const METHOD: Method = Method::$method;
            const SAFETY: Safety = Safety::$safety;
            $(const PASSWORD: bool = $password;)?
            type Reply = Profile;

            fn path(&self) -> String {
                let $this = self;
                // A domain needs no encoding: letters, digits, '-' and '.' are all that it may hold.
                ["/people/v4/", $this.domain.as_str(), $(&*$part),*].concat()
            }

            $(fn body(self) -> Option<Value> {
                let $this = self;
                Some($body)
            })?
        }
    };
}

operation!(
    /// `GET /{domain}/{userId}`: the profile of a user. 404 with reason `notFound`: there is none.
    Get { /// The primary address.
        user: &'a str, }
    "cloudm.users.get" Get Read
    path |call| "/", segment(call.user);
);
operation!(
    /// `GET /{domain}/alias/{alias}`: the profile of the user who has this alias.
    GetByAlias { /// The alias.
        alias: &'a str, }
    "cloudm.users.getByAlias" Get Read
    path |call| "/alias/", segment(call.alias);
);
operation!(
    /// `POST /{domain}`: creates a user now. `id`, `givenName`, `familyName` are required; the password is filled in.
    Create { /// The profile, without a password.
        profile: Members, }
    "cloudm.users.create" Post Once password = true
    path |_call|;
    body Value::Object(_call.profile);
);
operation!(
    /// `POST /{domain}/onboard/scheduled`: creates a user at `provisionDate`. The path follows "Building an integration";
    /// the older reference posts to `/{domain}`, so it can be configured.
    Schedule { /// The profile with `provisionDate`, without a password.
        profile: Members,
        /// The path below the domain, `/onboard/scheduled`.
        below: &'a str, }
    "cloudm.users.schedule" Post Once password = true
    path |call| call.below;
    body Value::Object(call.profile);
);
operation!(
    /// `POST /{domain}/{userId}`: changes only the members that are sent.
    PatchUser { /// The primary address.
        user: &'a str,
        /// What to change.
        patch: Patch, }
    "cloudm.users.patch" Post Idempotent
    path |call| "/", segment(call.user);
    body Value::Object(call.patch.0);
);
operation!(
    /// `PUT /{domain}/{userId}`: replaces the whole profile. Documented by its verb only; whether it may leave out the password
    /// is unknown.
    Replace { /// The primary address.
        user: &'a str,
        /// The whole profile, unknown members included.
        profile: Members, }
    "cloudm.users.replace" Put Idempotent
    path |call| "/", segment(call.user);
    body Value::Object(call.profile);
);
operation!(
    /// `POST /{domain}/{userId}/offboard`, with an empty body: starts the offboarding workflow of the user's organizational unit.
    Offboard { /// The primary address.
        user: &'a str, }
    "cloudm.users.offboard" Post Once
    path |call| "/", segment(call.user), "/offboard";
);
