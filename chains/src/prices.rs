//! Two independent readings of a price: Aave's oracle, and the registry's Uniswap V3 pools, where USDC counts as a
//! dollar. Both are made in one call.
//!
//! The pool reading is that of the deepest pool with USDC or, over one pool more, with WETH. USDC itself is read
//! against DAI or USDT; stETH, which no pool here holds, as its wrapper by the wrapper's own rate.

pub(crate) mod pools;

use agent_core::asset::{mul_div, ten_pow};
use agent_core::ports::View;
use agent_core::{Asset, NetworkInfo, Price, Prices, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;

use crate::protocols::aave_v3::IAaveOracle;
use crate::read::{Answers, Reads, Slot};
use crate::registry;
use pools::{PoolRead, PoolState};

sol! {
    #[derive(Debug)]
    interface IWstEthRate {
        /// stETH for one wstETH.
        function stEthPerToken() external view returns (uint256);
    }
}

/// Aave's 8 decimals to millionths.
const ORACLE_TO_MICRO: u64 = 100;
const DOLLAR_MICRO: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);

pub(crate) async fn prices(
    network: &NetworkInfo,
    assets: &[Asset],
    view: &dyn View,
) -> Result<Prices, Refusal> {
    let mut reads = Reads::default();
    let asked = PriceReads::ask(&mut reads, network, assets);
    Ok(asked.prices(&reads.run(network, view).await?))
}

/// An asset with what it is priced as: itself, WETH for the native coin, the underlying of a position.
#[derive(Debug)]
struct Priced {
    asset: Asset,
    token: Address,
    /// One whole unit of the token.
    unit: U256,
    oracle: Option<Slot<IAaveOracle::getAssetPriceCall>>,
}

/// Collected reads of prices.
#[derive(Debug)]
pub(crate) struct PriceReads<'a> {
    network: &'a NetworkInfo,
    assets: Vec<Asset>,
    priced: Vec<Priced>,
    pools: Vec<PoolRead>,
    rate: Option<Slot<IWstEthRate::stEthPerTokenCall>>,
}

impl<'a> PriceReads<'a> {
    pub(crate) fn ask(reads: &mut Reads, network: &'a NetworkInfo, assets: &[Asset]) -> Self {
        let oracle = network.role("aave.oracle");
        let mut priced = Vec::new();
        for asset in assets {
            let underlying = registry::underlying(network, asset);
            let token = underlying.and_then(|underlying| Some((underlying.token()?, underlying.decimals)));
            let Some((token, unit)) = token.and_then(|(token, decimals)| Some((token, ten_pow(decimals)?)))
            else {
                continue;
            };
            let oracle =
                oracle.map(|oracle| reads.ask(oracle, &IAaveOracle::getAssetPriceCall { asset: token }));
            priced.push(Priced { asset: asset.clone(), token, unit, oracle });
        }
        let (wsteth, steth) = (network.role("wsteth"), network.role("steth"));
        let staked = steth.is_some_and(|steth| priced.iter().any(|own| own.token == steth));
        let rate =
            wsteth.filter(|_| staked).map(|wsteth| reads.ask(wsteth, &IWstEthRate::stEthPerTokenCall {}));
        let roles =
            |roles: &[&str]| -> Vec<Address> { roles.iter().filter_map(|role| network.role(role)).collect() };
        let (quotes, dollars) = (roles(&["weth", "usdc"]), roles(&["usdc", "dai", "usdt"]));
        let wanted = |token: &Address| {
            quotes.contains(token)
                || priced.iter().any(|own| own.token == *token)
                || staked && wsteth == Some(*token)
        };
        let usdc = priced.iter().any(|own| network.role("usdc") == Some(own.token));
        let useful = |pool: &pools::Pool| {
            let quoted = pool.tokens.iter().any(|token| quotes.contains(token));
            let dollar = usdc && pool.tokens.iter().all(|token| dollars.contains(token));
            dollar || quoted && pool.tokens.iter().all(wanted)
        };
        let pools: Vec<_> = pools::named(network).filter(useful).collect();
        let pools = pools.into_iter().map(|pool| PoolRead::ask(reads, pool)).collect();
        Self { network, assets: assets.to_vec(), priced, pools, rate }
    }

    /// Every asset that was asked for has an entry; a reading that was not to be had is none.
    pub(crate) fn prices(&self, answers: &Answers) -> Prices {
        let mut prices: Prices = self.assets.iter().map(|asset| (asset.caip19(), Price::default())).collect();
        let pools = self.pools.iter().filter_map(|pool| pool.state(answers)).collect();
        let rate = self.rate.as_ref().and_then(|rate| answers.get(rate).ok());
        let market = Market { network: self.network, pools, rate };
        for Priced { asset, token, unit, oracle } in &self.priced {
            let oracle = oracle.as_ref().and_then(|slot| answers.get(slot).ok());
            let oracle_micro_usd = oracle.and_then(|price| price.checked_div(U256::from(ORACLE_TO_MICRO)));
            let price = Price {
                oracle_micro_usd: oracle_micro_usd.filter(|price| !price.is_zero()),
                pool_micro_usd: market.micro_usd(*token, *unit).filter(|price| !price.is_zero()),
            };
            prices.insert(asset.caip19(), price);
        }
        prices
    }
}

/// What pools say of prices.
struct Market<'a> {
    network: &'a NetworkInfo,
    pools: Vec<PoolState>,
    /// stETH for a wstETH.
    rate: Option<U256>,
}

/// A token that prices are read in, and what its unit is worth.
struct QuotedIn {
    token: Address,
    unit: U256,
    micro_usd: U256,
}

impl Market<'_> {
    /// Millionths of a USD for one whole unit.
    fn micro_usd(&self, token: Address, unit: U256) -> Option<U256> {
        let is = |role: &str| self.network.role(role) == Some(token);
        if is("usdc") {
            return self.deepest(token, unit, &["dai", "usdt"].map(|role| self.dollar(role)));
        }
        if is("steth") {
            let wrapped = self.micro_usd(self.network.role("wsteth")?, unit)?;
            return mul_div(wrapped, unit, self.rate?);
        }
        let weth = self.network.token(self.network.role("weth")?)?;
        let (weth, weth_unit) = (weth.token()?, ten_pow(weth.decimals)?);
        let in_dollars = [self.dollar("usdc")];
        if token == weth {
            return self.deepest(token, unit, &in_dollars);
        }
        let micro_usd = self.deepest(weth, weth_unit, &in_dollars);
        let in_weth = micro_usd.map(|micro_usd| QuotedIn { token: weth, unit: weth_unit, micro_usd });
        let [in_dollars] = in_dollars;
        self.deepest(token, unit, &[in_dollars, in_weth])
    }

    fn dollar(&self, role: &str) -> Option<QuotedIn> {
        let asset = self.network.token(self.network.role(role)?)?;
        Some(QuotedIn { token: asset.token()?, unit: ten_pow(asset.decimals)?, micro_usd: DOLLAR_MICRO })
    }

    /// The reading of the pool that has the most dollars behind its price.
    fn deepest(&self, token: Address, unit: U256, quotes: &[Option<QuotedIn>]) -> Option<U256> {
        let readings = self.pools.iter().filter_map(|state| {
            let other = state.pool.other(token)?;
            let quoted = quotes.iter().flatten().find(|quoted| quoted.token == other)?;
            let dollars = |raw: U256| mul_div(raw, quoted.micro_usd, quoted.unit);
            let depth = dollars(state.depth(other)?).filter(|depth| !depth.is_zero())?;
            Some((depth, dollars(state.worth(unit, token)?)?))
        });
        readings.max_by_key(|(depth, _)| *depth).map(|(_, price)| price)
    }
}
