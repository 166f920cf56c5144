//! The 51 operations as data. Source: "Google Apps Provisioning API guide", recorded traffic, and for the e-mail lists (from before there were groups) the
//! client libraries.

use people_model::Safety;
use people_model::call::Method;
use people_model::gapps::{
    Alias, CustomerId, EmailList, Group, Member, MultiDomainUser, Nickname, Noun, OrgUnit, OrgUser, Owner,
    Recipient, Rename, User,
};

use super::{Body, Operation, Query, Reply};

macro_rules! op {
    ($method:ident $safety:ident $name:literal $path:literal $(fixed $fixed:literal)? $(query $($query:literal $required:literal)+)?
     $(sends $sent:ident [$($member:literal),*])? entry $shape:ident) => {
        op!(@ $method $safety $name $path [$($fixed)?] [$($($query $required)+)?] [$($sent $($member)*)?] Reply::Entry($shape::SHAPE))
    };
    ($method:ident $safety:ident $name:literal $path:literal $(fixed $fixed:literal)? $(query $($query:literal $required:literal)+)?
     feed $shape:ident $start:literal) => {
        op!(@ $method $safety $name $path [$($fixed)?] [$($($query $required)+)?] []
            Reply::Feed { shape: $shape::SHAPE, start: Some($start) })
    };
    ($method:ident $safety:ident $name:literal $path:literal nothing) => {
        op!(@ $method $safety $name $path [] [] [] Reply::Nothing)
    };
    (@ $method:ident $safety:ident $name:literal $path:literal [$($fixed:literal)?] [$($query:literal $required:literal)*]
     [$($body:tt)*] $reply:expr) => {
        Operation {
            name: $name,
            method: Method::$method,
            path: $path,
            fixed: concat!($($fixed)?),
            query: &[$(Query { name: $query, required: $required }),*],
            body: op!(% $($body)*),
            safety: Safety::$safety,
            reply: $reply,
        }
    };
    (%) => { None };
    (% $sent:ident $($member:literal)*) => { Some(Body { shape: $sent::SHAPE, required: &[$($member),*] }) };
}

/// Every operation: verb, safety, name, path; what always stands in its query, what else may (and whether it must); what is sent, with the members that
/// it cannot do without; what comes back, with the parameter that starts a page.
#[rustfmt::skip]
pub const OPERATIONS: [Operation; 51] = [
    op!(Post Once "gapps.user.create" "/a/feeds/{domain}/user/2.0" sends User ["userName", "password", "familyName", "givenName"] entry User),
    op!(Get Read "gapps.user.get" "/a/feeds/{domain}/user/2.0/{userName}" entry User),
    op!(Get Read "gapps.user.list" "/a/feeds/{domain}/user/2.0" feed User "startUsername"),
    op!(Put Idempotent "gapps.user.update" "/a/feeds/{domain}/user/2.0/{userName}" sends User [] entry User),
    op!(Delete Once "gapps.user.delete" "/a/feeds/{domain}/user/2.0/{userName}" nothing),
    op!(Post Once "gapps.nickname.create" "/a/feeds/{domain}/nickname/2.0" sends Nickname ["nickname", "userName"] entry Nickname),
    op!(Get Read "gapps.nickname.get" "/a/feeds/{domain}/nickname/2.0/{nickname}" entry Nickname),
    op!(Get Read "gapps.nickname.list" "/a/feeds/{domain}/nickname/2.0" query "username" false feed Nickname "startNickname"),
    op!(Delete Once "gapps.nickname.delete" "/a/feeds/{domain}/nickname/2.0/{nickname}" nothing),
    op!(Post Once "gapps.emailList.create" "/a/feeds/{domain}/emailList/2.0" sends EmailList ["name"] entry EmailList),
    op!(Get Read "gapps.emailList.get" "/a/feeds/{domain}/emailList/2.0/{name}" entry EmailList),
    op!(Get Read "gapps.emailList.list" "/a/feeds/{domain}/emailList/2.0" query "recipient" false feed EmailList "startEmailListName"),
    op!(Delete Once "gapps.emailList.delete" "/a/feeds/{domain}/emailList/2.0/{name}" nothing),
    op!(Post Once "gapps.recipient.add" "/a/feeds/{domain}/emailList/2.0/{name}/recipient" sends Recipient ["email"] entry Recipient),
    op!(Get Read "gapps.recipient.list" "/a/feeds/{domain}/emailList/2.0/{name}/recipient" feed Recipient "startRecipient"),
    op!(Delete Once "gapps.recipient.delete" "/a/feeds/{domain}/emailList/2.0/{name}/recipient/{email}" nothing),
    op!(Post Once "gapps.group.create" "/a/feeds/group/2.0/{domain}" sends Group ["groupId", "groupName"] entry Group),
    op!(Get Read "gapps.group.get" "/a/feeds/group/2.0/{domain}/{groupId}" entry Group),
    op!(Get Read "gapps.group.list" "/a/feeds/group/2.0/{domain}" feed Group "start"),
    op!(Get Read "gapps.group.listForMember" "/a/feeds/group/2.0/{domain}" query "member" true "directOnly" false feed Group "start"),
    op!(Put Idempotent "gapps.group.update" "/a/feeds/group/2.0/{domain}/{groupId}" sends Group [] entry Group),
    op!(Delete Once "gapps.group.delete" "/a/feeds/group/2.0/{domain}/{groupId}" nothing),
    op!(Post Once "gapps.member.add" "/a/feeds/group/2.0/{domain}/{groupId}/member" sends Member ["memberId"] entry Member),
    op!(Get Read "gapps.member.list" "/a/feeds/group/2.0/{domain}/{groupId}/member" query "includeSuspendedUsers" false feed Member "start"),
    op!(Get Read "gapps.member.get" "/a/feeds/group/2.0/{domain}/{groupId}/member/{memberId}" entry Member),
    op!(Delete Once "gapps.member.delete" "/a/feeds/group/2.0/{domain}/{groupId}/member/{memberId}" nothing),
    op!(Post Once "gapps.owner.add" "/a/feeds/group/2.0/{domain}/{groupId}/owner" sends Owner ["email"] entry Owner),
    op!(Get Read "gapps.owner.list" "/a/feeds/group/2.0/{domain}/{groupId}/owner" feed Owner "start"),
    op!(Get Read "gapps.owner.get" "/a/feeds/group/2.0/{domain}/{groupId}/owner/{email}" entry Owner),
    op!(Delete Once "gapps.owner.delete" "/a/feeds/group/2.0/{domain}/{groupId}/owner/{email}" nothing),
    op!(Post Once "gapps.mduser.create" "/a/feeds/user/2.0/{domain}" sends MultiDomainUser ["userEmail", "firstName", "lastName", "password"] entry MultiDomainUser),
    op!(Get Read "gapps.mduser.get" "/a/feeds/user/2.0/{domain}/{userEmail}" entry MultiDomainUser),
    op!(Get Read "gapps.mduser.list" "/a/feeds/user/2.0/{domain}" feed MultiDomainUser "start"),
    op!(Put Idempotent "gapps.mduser.update" "/a/feeds/user/2.0/{domain}/{userEmail}" sends MultiDomainUser [] entry MultiDomainUser),
    op!(Put Once "gapps.mduser.rename" "/a/feeds/user/userEmail/2.0/{domain}/{userEmail}" sends Rename ["newEmail"] entry MultiDomainUser),
    op!(Delete Once "gapps.mduser.delete" "/a/feeds/user/2.0/{domain}/{userEmail}" nothing),
    op!(Post Once "gapps.alias.create" "/a/feeds/alias/2.0/{domain}" sends Alias ["aliasEmail", "userEmail"] entry Alias),
    op!(Get Read "gapps.alias.get" "/a/feeds/alias/2.0/{domain}/{aliasEmail}" entry Alias),
    op!(Get Read "gapps.alias.list" "/a/feeds/alias/2.0/{domain}" query "userEmail" false feed Alias "start"),
    op!(Delete Once "gapps.alias.delete" "/a/feeds/alias/2.0/{domain}/{aliasEmail}" nothing),
    op!(Get Read "gapps.customer.getId" "/a/feeds/customer/2.0/customerId" entry CustomerId),
    op!(Post Once "gapps.orgunit.create" "/a/feeds/orgunit/2.0/{customerId}" sends OrgUnit ["name", "parentOrgUnitPath"] entry OrgUnit),
    op!(Put Idempotent "gapps.orgunit.update" "/a/feeds/orgunit/2.0/{customerId}/{orgUnitPath}" sends OrgUnit [] entry OrgUnit),
    op!(Get Read "gapps.orgunit.get" "/a/feeds/orgunit/2.0/{customerId}/{orgUnitPath}" entry OrgUnit),
    op!(Get Read "gapps.orgunit.list" "/a/feeds/orgunit/2.0/{customerId}" fixed "get=all" feed OrgUnit "startKey"),
    op!(Get Read "gapps.orgunit.children" "/a/feeds/orgunit/2.0/{customerId}" fixed "get=children" query "orgUnitPath" true feed OrgUnit "startKey"),
    op!(Delete Once "gapps.orgunit.delete" "/a/feeds/orgunit/2.0/{customerId}/{orgUnitPath}" nothing),
    op!(Put Idempotent "gapps.orguser.update" "/a/feeds/orguser/2.0/{customerId}/{email}" sends OrgUser ["orgUnitPath"] entry OrgUser),
    op!(Get Read "gapps.orguser.get" "/a/feeds/orguser/2.0/{customerId}/{email}" entry OrgUser),
    op!(Get Read "gapps.orguser.list" "/a/feeds/orguser/2.0/{customerId}" fixed "get=all" feed OrgUser "startKey"),
    op!(Get Read "gapps.orguser.listInOrgUnit" "/a/feeds/orguser/2.0/{customerId}" fixed "get=children" query "orgUnitPath" true feed OrgUser "startKey"),
];
