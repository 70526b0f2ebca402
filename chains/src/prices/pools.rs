//! Uniswap V3 pools as they stand at a block: their price and how much is behind it.

use agent_core::NetworkInfo;
use agent_core::asset::mul_div;
use alloy_primitives::aliases::U160;
use alloy_primitives::ruint::UintTryFrom;
use alloy_primitives::{Address, U256, U512};

use crate::protocols::uniswap_route::{IUniswapV3Pool, at_price};
use crate::read::{Answers, Reads, Slot};
use crate::ticks::ONE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) tokens: [Address; 2],
    /// Millionths.
    pub(crate) fee: u32,
    pub(crate) address: Address,
}

impl Pool {
    /// The token on the other side; `None`: `token` is not in it.
    pub(crate) fn other(&self, token: Address) -> Option<Address> {
        match self.tokens {
            [own, other] | [other, own] if own == token => Some(other),
            _ => None,
        }
    }
}

/// The pools that the registry names, `uniswap.pool.weth_usdc_500`.
pub(crate) fn named(network: &NetworkInfo) -> impl Iterator<Item = Pool> {
    network.roles.iter().filter_map(|(role, address)| {
        let (pair, fee) = role.strip_prefix("uniswap.pool.")?.rsplit_once('_')?;
        let (a, b) = pair.split_once('_')?;
        let tokens = [network.role(a)?, network.role(b)?];
        Some(Pool { tokens, fee: fee.parse().ok()?, address: *address })
    })
}

/// A collected read of a pool.
#[derive(Debug)]
pub(crate) struct PoolRead {
    pool: Pool,
    slot0: Slot<IUniswapV3Pool::slot0Call>,
    liquidity: Slot<IUniswapV3Pool::liquidityCall>,
}

impl PoolRead {
    pub(crate) fn ask(reads: &mut Reads, pool: Pool) -> Self {
        let slot0 = reads.ask(pool.address, &IUniswapV3Pool::slot0Call {});
        let liquidity = reads.ask(pool.address, &IUniswapV3Pool::liquidityCall {});
        Self { pool, slot0, liquidity }
    }

    /// `None`: it does not answer, or has no price yet.
    pub(crate) fn state(&self, answers: &Answers) -> Option<PoolState> {
        let slot0 = answers.get(&self.slot0).ok().filter(|slot0| !slot0.sqrtPriceX96.is_zero())?;
        let liquidity = U256::from(answers.get(&self.liquidity).ok()?);
        let tick = slot0.tick.as_i32();
        Some(PoolState { pool: self.pool, sqrt_price: slot0.sqrtPriceX96, tick, liquidity })
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolState {
    pub(crate) pool: Pool,
    /// Times 2^96.
    pub(crate) sqrt_price: U160,
    pub(crate) tick: i32,
    /// In range, the pool's own unit.
    pub(crate) liquidity: U256,
}

impl PoolState {
    /// What `amount` of `from` is worth in the other token at the pool's price, without fee and impact.
    pub(crate) fn worth(&self, amount: U256, from: Address) -> Option<U256> {
        let other = self.pool.other(from)?;
        U256::uint_try_from(at_price(U512::from(amount), self.sqrt_price, from, other)?).ok()
    }

    /// How much of `token` stands behind the price (the virtual reserve, whitepaper 6.2.2), smallest units.
    pub(crate) fn depth(&self, token: Address) -> Option<U256> {
        let (sqrt_price, other) = (U256::from(self.sqrt_price), self.pool.other(token)?);
        if token < other {
            mul_div(self.liquidity, ONE, sqrt_price)
        } else {
            mul_div(self.liquidity, sqrt_price, ONE)
        }
    }
}
