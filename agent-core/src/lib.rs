//! The nouns, the ports and the one pipeline of Steward.
//!
//! What it never does: I/O. It knows no RPC provider, no model, no SQL, no clock of its own; whatever it needs from
//! the world it asks a port for ([`ports`], [`ledger`]).
//!
//! Start at [`pipeline`]: the typestate from a compiled step to a settled one, where `Authorized` can be made in one
//! place only. [`planning`] previews a plan, [`executor`] carries it out, `serve` and [`session`] are what the front ends talk to.

pub mod answers;
pub mod asset;
pub mod bounds;
mod bundle;
pub mod control;
pub mod core;
pub mod draft;
mod event;
pub mod executor;
mod judgement;
pub mod ledger;
mod names;
mod network;
mod opening;
pub mod pipeline;
mod plan;
pub mod planning;
mod portfolio;
pub mod ports;
mod progress;
mod reconcile;
mod refusal;
mod registry;
pub mod report;
mod resolve;
mod revise;
mod serve;
pub mod session;
mod settle;
mod simulation;
mod source;
mod state;
mod stop;
mod under_way;
mod wording;

pub use asset::{Amount, Asset, AssetKind, Change};
pub use bundle::{Call, CallRole, CompiledStep, Fees, Quote};
pub use event::{Event, Op, Revision, StuckChoice, UnderWay};
pub use judgement::{
    AGREE_PERCENT, Approval, Autonomy, Bounds, BudgetDelta, Judgement, Price, Prices, RuleHit, Verdict,
};
pub use network::{AccountKind, BlockRef, NetworkId, caip2, caip10};
pub use plan::{Action, Leg, LiquidityRange, Origin, Plan, Quantity, Settled, Side, Step};
pub use portfolio::{Claimable, Lent, LiquidityPosition, Portfolio, Rate, Unknown};
pub use ports::Receipt;
pub use refusal::{Exit, Refusal, tame};
pub use registry::{Contact, ContractInfo, NetworkInfo, Registry};
pub use simulation::{AllowanceLeft, AssetChange, CallEnd, CallOutcome, Log, NftChange, Simulation};
pub use source::Source;
pub use state::PlanState;
