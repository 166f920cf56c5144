//! `people gapps`: the operations of the Provisioning API, by the resource that they are about.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A command about Google Apps Provisioning.
#[derive(Debug, Subcommand)]
pub enum Gapps {
    /// Users of the domain, by the local part of the address.
    #[command(subcommand)]
    User(UserOp),
    /// Second names of users.
    #[command(subcommand)]
    Nickname(NicknameOp),
    /// E-mail lists, from before there were groups.
    #[command(subcommand)]
    EmailList(ListOp),
    /// Who is on an e-mail list.
    #[command(subcommand)]
    Recipient(InListOp),
    /// Groups.
    #[command(subcommand)]
    Group(GroupOp),
    /// Who is in a group.
    #[command(subcommand)]
    Member(InGroupOp),
    /// Who owns a group.
    #[command(subcommand)]
    Owner(InGroupOp),
    /// Users of all domains of the account, by the whole address.
    #[command(subcommand)]
    MultiUser(MultiUserOp),
    /// Second addresses of users.
    #[command(subcommand)]
    Alias(AliasOp),
    /// The customer.
    #[command(subcommand)]
    Customer(CustomerOp),
    /// Organizational units.
    #[command(subcommand)]
    OrgUnit(OrgUnitOp),
    /// In which organizational unit users are.
    #[command(subcommand)]
    OrgUser(OrgUserOp),
    /// List the operations: name, method, path, safety.
    Operations,
    /// Read an exported document (a feed or an entry) of any length; sends nothing.
    #[command(after_long_help = "Example:
  people gapps read users.xml --output csv > users.csv")]
    Read {
        /// The document; `-` is stdin.
        file: PathBuf,
        /// Take every entry as this kind, such as `user`; by what it says if absent.
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
    /// Answer the Provisioning API over CloudM, so that an old script keeps working.
    ///
    /// Prints `listening on http://ADDRESS:PORT` once it does. What CloudM has no counterpart for is refused with the error 1203.
    #[command(after_long_help = "Example:
  people gapps serve --config /etc/people/people.toml --listen 127.0.0.1:8081")]
    Serve {
        /// Where to listen; `[gapps.facade] listen` if absent.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
}

/// How a list is read.
#[derive(Debug, Args)]
pub struct Listing {
    /// The first entry, by its name; it is included.
    #[arg(long, value_name = "KEY")]
    pub start: Option<String>,
    /// Stop after so many; all pages if absent.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print the first request and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What is sent.
#[derive(Debug, Args)]
pub struct Content {
    /// The members, as a JSON object; `-` is stdin. A password goes here.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// One member.
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::user::pair)]
    pub set: Vec<(String, String)>,
    /// Print the request and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// How something grave is sent.
#[derive(Debug, Clone, Copy, Args)]
pub struct Grave {
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Print the request and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Which customer is meant.
#[derive(Debug, Args)]
pub struct Of {
    /// The customer's id; asked for if absent.
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
}

/// An operation on users.
#[derive(Debug, Subcommand)]
pub enum UserOp {
    /// Show a user.
    Get { name: String },
    /// List all users.
    List(Listing),
    /// Create a user; without a password in the file, one is made and forgotten.
    #[command(after_long_help = "Example:
  people gapps user create ana.silva --set givenName=Ana --set familyName=Silva")]
    Create {
        name: String,
        #[command(flatten)]
        content: Content,
    },
    /// Change a user; what is not named stays.
    Update {
        name: String,
        #[command(flatten)]
        content: Content,
    },
    /// Suspend a user.
    Suspend {
        name: String,
        #[command(flatten)]
        grave: Grave,
    },
    /// Lift a suspension.
    Restore {
        name: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Give a user another name; the old one stays as a nickname.
    Rename {
        name: String,
        to: String,
        #[command(flatten)]
        grave: Grave,
    },
    /// Delete a user. The name is blocked for five days.
    Delete {
        name: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on nicknames.
#[derive(Debug, Subcommand)]
pub enum NicknameOp {
    /// Show whose nickname it is.
    Get { nickname: String },
    /// List nicknames: all, or those of one user.
    List {
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        list: Listing,
    },
    /// Give a user a nickname.
    Create {
        nickname: String,
        user: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a nickname away.
    Delete {
        nickname: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on e-mail lists.
#[derive(Debug, Subcommand)]
pub enum ListOp {
    /// Show a list.
    Get { name: String },
    /// List lists: all, or those that an address is on.
    List {
        #[arg(long, value_name = "ADDRESS")]
        recipient: Option<String>,
        #[command(flatten)]
        list: Listing,
    },
    /// Create a list.
    Create {
        name: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete a list.
    Delete {
        name: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on who is on a list.
#[derive(Debug, Subcommand)]
pub enum InListOp {
    /// List who is on a list.
    List {
        name: String,
        #[command(flatten)]
        list: Listing,
    },
    /// Put an address on a list.
    Add {
        name: String,
        email: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Take an address off a list.
    Delete {
        name: String,
        email: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on groups.
#[derive(Debug, Subcommand)]
pub enum GroupOp {
    /// Show a group.
    Get { group: String },
    /// List groups: all, or those that somebody is in.
    List {
        #[arg(long, value_name = "ADDRESS")]
        member: Option<String>,
        /// With --member: not those that somebody is in by another group.
        #[arg(long, requires = "member")]
        direct_only: bool,
        #[command(flatten)]
        list: Listing,
    },
    /// Create a group; `groupName` is required.
    Create {
        group: String,
        #[command(flatten)]
        content: Content,
    },
    /// Change a group; what is not named stays.
    Update {
        group: String,
        #[command(flatten)]
        content: Content,
    },
    /// Delete a group.
    Delete {
        group: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on who is in a group, or owns it.
#[derive(Debug, Subcommand)]
pub enum InGroupOp {
    /// Show whether somebody is one; ends with 6 where not.
    Get { group: String, email: String },
    /// List all.
    List {
        group: String,
        /// Of members: suspended users too.
        #[arg(long)]
        suspended: bool,
        #[command(flatten)]
        list: Listing,
    },
    /// Add somebody.
    Add {
        group: String,
        email: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove somebody.
    Delete {
        group: String,
        email: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on users of all domains.
#[derive(Debug, Subcommand)]
pub enum MultiUserOp {
    /// Show a user.
    Get { email: String },
    /// List the users of all domains.
    List(Listing),
    /// Create a user; without a password in the file, one is made and forgotten.
    Create {
        email: String,
        #[command(flatten)]
        content: Content,
    },
    /// Change a user; what is not named stays.
    Update {
        email: String,
        #[command(flatten)]
        content: Content,
    },
    /// Give a user another address; the old one stays as an alias.
    Rename {
        email: String,
        to: String,
        #[command(flatten)]
        grave: Grave,
    },
    /// Delete a user.
    Delete {
        email: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on second addresses.
#[derive(Debug, Subcommand)]
pub enum AliasOp {
    /// Show whose address it is.
    Get { alias: String },
    /// List second addresses: all, or those of one user.
    List {
        #[arg(long, value_name = "ADDRESS")]
        user: Option<String>,
        #[command(flatten)]
        list: Listing,
    },
    /// Give a user a second address; one that another user has is moved.
    Create {
        alias: String,
        user: String,
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a second address away.
    Delete {
        alias: String,
        #[command(flatten)]
        grave: Grave,
    },
}

/// An operation on the customer.
#[derive(Debug, Subcommand)]
pub enum CustomerOp {
    /// Show the customer and its id.
    Get,
}

/// An operation on organizational units.
#[derive(Debug, Subcommand)]
pub enum OrgUnitOp {
    /// Show a unit.
    Get {
        path: String,
        #[command(flatten)]
        of: Of,
    },
    /// List units: all, or those right below one (`/`: the top).
    List {
        #[arg(long, value_name = "PATH")]
        below: Option<String>,
        #[command(flatten)]
        list: Listing,
        #[command(flatten)]
        of: Of,
    },
    /// Create a unit.
    Create {
        name: String,
        /// The unit above it, by its path.
        #[arg(long, default_value = "/")]
        parent: String,
        #[command(flatten)]
        content: Content,
        #[command(flatten)]
        of: Of,
    },
    /// Change a unit; what is not named stays. `usersToMove` moves users there.
    Update {
        path: String,
        #[command(flatten)]
        content: Content,
        #[command(flatten)]
        of: Of,
    },
    /// Delete a unit, which must be empty.
    Delete {
        path: String,
        #[command(flatten)]
        grave: Grave,
        #[command(flatten)]
        of: Of,
    },
}

/// An operation on where users are.
#[derive(Debug, Subcommand)]
pub enum OrgUserOp {
    /// Show in which unit a user is.
    Get {
        email: String,
        #[command(flatten)]
        of: Of,
    },
    /// List users with their units: all, or those of one unit.
    List {
        #[arg(long, value_name = "PATH")]
        unit: Option<String>,
        #[command(flatten)]
        list: Listing,
        #[command(flatten)]
        of: Of,
    },
    /// Move a user to a unit.
    Update {
        email: String,
        path: String,
        /// Only if the user is in this unit now.
        #[arg(long, value_name = "PATH")]
        from: Option<String>,
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        of: Of,
    },
}
