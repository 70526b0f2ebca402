//! The demo world: Ethereum, Base, Arbitrum and Optimism emulated on this machine, with the real protocols' bytecode.
//!
//! What it is: [`artifacts`] fetches pinned npm packages, keeps their bytecode, and has the pinned compiler make that of
//! our own contracts; [`deploy`] builds the chains in-process in revm, at the addresses that the protocols have on the
//! real chains; [`node`] loads that state into anvil and checks that it is the same; [`supervisor`] keeps the anvils and
//! the Across relayer alive, detached from the program that started them.
//!
//! What it never does: it names no real endpoint, holds no real key (each world has its own, thrown away with it)
//! and commits no third-party bytecode.
//!
//! What is not as on the real chains: most tokens are Aave's test token, price feeds are Aave's mock aggregators,
//! all SpokePools are Across's Ethereum one, and every seeded pool stands at the prices of the recorded ones. AAVE, ARB
//! and OP, both governors, stETH and wstETH are contracts of our own (`contracts/`, over OpenZeppelin's): no package
//! carries theirs. ETH is staked but never unstaked: there is no withdrawal queue.
//!
//! Where to start reading: [`world::World`], then [`deploy::world`], then [`supervisor::up`].

pub mod artifacts;
mod compile;
pub mod deploy;
mod error;
mod evm;
mod keys;
mod node;
mod npm;
mod places;
mod prices;
mod progress;
mod recorded;
mod relayer;
pub mod supervisor;
mod test_chains;
mod tokens;
pub mod world;

pub use artifacts::{Artifacts, Progress};
pub use error::DevnetError;
pub use keys::DemoKeys;
pub use relayer::{RELAYER_DELAY, RELAYER_FEE_PIPS};
pub use supervisor::{Running, RunningChain, down, status, supervise, touch, up};
pub use test_chains::TestChains;
pub use tokens::{TOKENS, Token};
pub use world::{
    ARBITRUM, BASE, ChainWorld, Contact, ETHEREUM, OPTIMISM, Proposal, Roles, World, is_op_stack,
};
