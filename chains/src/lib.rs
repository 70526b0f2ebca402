//! The networks: what is on them, reading and writing them, and the protocols that a step is compiled to.
//!
//! What it never does: decide. It does not judge, journal or keep a plan; it signs only what is `Authorized` and sends
//! only what is `Journaled`. It names no emulated network: what a network has comes from its configuration.
//!
//! Start at [`ProtocolCompiler`] (a step to calls), then [`LiveChain`] (a network through its endpoints) and
//! [`LocalSigner`] (which reads the calldata once more, by itself, with [`decode`]).

mod ask;
mod compiler;
pub mod decode;
mod ens;
mod live;
mod portfolio;
mod prices;
mod protocols;
mod range;
mod read;
mod registry;
mod rpc;
mod signer;
mod ticks;
mod view;

pub use compiler::ProtocolCompiler;
pub use live::LiveChain;
pub use registry::{NetworkConfig, registry};
pub use signer::LocalSigner;
