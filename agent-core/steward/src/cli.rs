//! The command line, as `clap` reads it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An autonomous DeFi agent: a sentence becomes a plan that is simulated, judged, journaled and settled.
#[derive(Debug, Parser)]
#[command(name = "steward", version, arg_required_else_help = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Print exactly one JSON object on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print one JSON event a line, the last of which is the `--json` object.
    #[arg(long, global = true)]
    pub(crate) events: bool,
    /// Use the emulated demo world; it is started when it does not run.
    #[arg(long, global = true)]
    pub(crate) demo: bool,
    /// Sign with this account of the keystore. Refused on the demo world, which has a key of its own.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Lines instead of a screen: for pipes and screen readers.
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// The chat's session; one that is known goes on.
    #[arg(long, global = true, value_name = "NAME", default_value = "main", value_parser = session)]
    pub(crate) session: String,
}

fn session(name: &str) -> Result<String, String> {
    crate::chat::command::session_name(name)
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The emulated chains with real protocols, a funded demo wallet, then the chat.
    Demo,
    /// The emulated chains alone.
    #[command(subcommand)]
    Devnet(Devnet),
    /// A sentence to a draft (JSON). Needs no chain and no wallet.
    Draft(Draft),
    /// A sentence to a plan: grounded, compiled, simulated, judged, saved. Sends nothing.
    Plan(Intent),
    /// The same, and executes what the policy allows.
    Run(Run),
    /// Saved plans.
    #[command(subcommand)]
    Plans(Plans),
    /// Approvals: signed by the approver's key, over a plan's hash and its bounds.
    #[command(subcommand)]
    Approvals(Approvals),
    /// Who may be paid; signed by the approver's key.
    #[command(subcommand)]
    Contacts(Contacts),
    /// What the account has on every network: held, lent, owed, provided, allowed, and what is unknown.
    Portfolio,
    /// Nothing is signed until `steward resume`.
    Halt(Halt),
    /// Signing may go on after a halt.
    Resume,
    /// Tokens by symbol; a token is its network and its address.
    #[command(subcommand)]
    Tokens(Tokens),
    /// The policy that judges.
    #[command(subcommand)]
    Policy(Policy),
    /// The hash-chained record of what happened.
    #[command(subcommand)]
    Journal(Journal),
    /// Folders, networks and schemas.
    #[command(subcommand)]
    Config(Config),
    /// A completion script on standard output: `steward completions bash > FILE`.
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub(crate) struct Halt {
    /// `pause`: what is under way finishes its step, and nothing more is signed.
    #[arg(long, value_parser = ["pause"], default_value = "pause")]
    pub(crate) level: String,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT", default_value = "asked for on the command line")]
    pub(crate) because: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Which tokens a symbol names, on each network.
    Resolve { symbol: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Devnet {
    /// Start the chains; prints their RPC URLs and addresses.
    Up,
    /// Whether they run.
    Status,
    /// End them; the world is gone.
    Down,
    /// Keeps the chains; started by `up`.
    #[command(hide = true)]
    Supervise {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        cache: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Draft {
    /// One sentence a line on standard input, one JSON object a line on standard output.
    #[arg(long)]
    pub(crate) batch: bool,
    /// With `--batch`: `json` reads one JSON string a line.
    #[arg(long, value_name = "FORMAT", value_parser = ["lines", "json"], default_value = "lines")]
    pub(crate) input: String,
    /// The clock for "tomorrow at 9" (RFC 3339).
    #[arg(long)]
    pub(crate) now: Option<String>,
    /// The time zone (an IANA name).
    #[arg(long, default_value = "UTC")]
    pub(crate) tz: String,
    /// The sentence; `-` reads it from standard input.
    #[arg(value_name = "INTENT", num_args = 0..)]
    pub(crate) intent: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Intent {
    /// A draft (draft.md) instead of a sentence; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) draft: Option<PathBuf>,
    /// The same key gives the same plan, not a second one.
    #[arg(long, value_name = "KEY")]
    pub(crate) request_id: Option<String>,
    /// The sentence; `-` reads it from standard input.
    #[arg(value_name = "INTENT", num_args = 0.., last = true)]
    pub(crate) intent: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) intent: Intent,
    /// Execute, or go on with, a saved plan.
    #[arg(long, value_name = "ID", conflicts_with_all = ["draft", "intent", "request_id"])]
    pub(crate) plan: Option<String>,
    /// Stop before signing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plans {
    List,
    Show { id: String },
    Cancel { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Approvals {
    /// Plans that wait for an approval.
    List,
    Show {
        id: String,
    },
    Approve {
        id: String,
    },
    Reject {
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Contacts {
    Add { name: String, address: String },
    List,
    Remove { name: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Schema, lint and strict validation of the policy in force.
    Check,
    /// Which rules and which facts judged a plan.
    Explain { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    Show,
    /// Re-computes the hash chain.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// The folders that are used.
    Path,
    /// What is configured.
    Show,
}
