//! The demo world: Ethereum and Base emulated on this machine, with the real protocols' bytecode.
//!
//! What it is: [`artifacts`] fetches pinned npm packages and keeps their bytecode; [`deploy`] builds both chains
//! in-process in revm, at the addresses that the protocols have on the real chains; [`node`] loads that state into
//! anvil and checks that it is the same; [`supervisor`] keeps the anvils and the Across relayer alive, detached from
//! the program that started them.
//!
//! What it never does: it names no real endpoint, holds no real key (each world has its own, thrown away with it)
//! and commits no third-party bytecode.
//!
//! What is not as on the real chains: USDC and DAI are Aave's test token, price feeds are Aave's mock aggregators,
//! both SpokePools are Across's Ethereum one, and every seeded pool stands at the recorded pool's price.
//!
//! Where to start reading: [`world::World`], then [`deploy::world`], then [`supervisor::up`].

pub mod artifacts;
pub mod deploy;
mod error;
mod evm;
mod keys;
mod node;
mod npm;
mod places;
mod progress;
mod recorded;
mod relayer;
pub mod supervisor;
mod test_chains;
pub mod world;

pub use artifacts::{Artifacts, Progress};
pub use error::DevnetError;
pub use keys::DemoKeys;
pub use relayer::{RELAYER_DELAY, RELAYER_FEE_PIPS};
pub use supervisor::{Running, RunningChain, down, status, supervise, touch, up};
pub use test_chains::TestChains;
pub use world::{BASE, ChainWorld, Contact, ETHEREUM, Reserve, World, WorldAddresses};
