//! Liquidity: positions by their id or their pair. Pools hold WETH, so ETH is wrapped before and unwrapped after.

use agent_core::asset::mul_div_up;
use agent_core::draft::{DraftAmount, PriceRange};
use agent_core::{
    Action, Asset, Exit, LiquidityPosition, LiquidityRange, NetworkInfo, Origin, Quantity, Refusal, tame,
};
use alloy_primitives::U256;

use super::known::is_twin;
use super::places::Measure;
use super::{Grounding, SLIPPAGE_BPS, asks, whole_output, wrapping};

/// One hundredth of a percent in Uniswap's unit.
const PIPS_PER_BPS: u32 = 100;
const TAKES: &str = "the pool takes WETH, not ETH";

impl<'a> Grounding<'a> {
    pub(super) fn add_liquidity(
        &mut self,
        pair: &[String; 2],
        amounts: &[Option<DraftAmount>; 2],
        (fee_bps, range): (Option<u32>, Option<&PriceRange>),
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let [a, b] = pair;
        // The side whose amount was said leads; the other follows from the price.
        let (first, amount, second, second_amount) = match amounts {
            [Some(of_a), of_b] => (a, of_a, b, of_b.as_ref()),
            [None, Some(of_b)] => (b, of_b, a, None),
            [None, None] => {
                return Err(asks("clarify.amount", format!("How much {} or {}?", tame(a), tame(b))));
            }
        };
        let network = self.choose(chain, &[first, second], amount, Some("uniswap"), Measure::Held)?;
        let (asset, other) = (self.token(first, network)?, self.token(second, network)?);
        if asset.same(&other) {
            let message = format!("step {}: {first} and {second} are one asset to a pool", self.number());
            return Err(Refusal::new(Exit::RefusedInput, "input.same_asset", message).help("name two assets"));
        }
        let range = self.range(range, &self.token(b, network)?)?;
        let said = self.asset(first, network)?;
        let quantity = self.quantity(amount, &said)?;
        let other_said = self.asset(second, network)?;
        let other_amount = match second_amount {
            Some(amount) => Some(self.quantity(amount, &other_said)?),
            None if other_said.is_native() => {
                Some(self.what_belongs(&quantity, &asset, &other_said, &range)?)
            }
            None => None,
        };
        let amount = self.in_twin(said, &asset, quantity, TAKES);
        let other_amount = other_amount.map(|quantity| self.in_twin(other_said, &other, quantity, TAKES));
        let fee_pips = fee_bps.map(|bps| bps.saturating_mul(PIPS_PER_BPS));
        let max_slippage_bps = SLIPPAGE_BPS;
        self.push(
            Action::AddLiquidity { asset, amount, other, other_amount, fee_pips, range, max_slippage_bps },
            Origin::Said,
        );
        self.done();
        Ok(())
    }

    /// Prices are said in the second asset of the pair per the first.
    fn range(&self, range: Option<&PriceRange>, quoted_in: &Asset) -> Result<LiquidityRange, Refusal> {
        let bad = |why: &str| {
            let message = format!("step {}: the price range {why}", self.number());
            Err(Refusal::new(Exit::RefusedInput, "input.range", message).help("say two prices, low and high"))
        };
        match range {
            None => Ok(LiquidityRange::Full),
            Some(PriceRange::Around(share)) => match share.ratio() {
                Some((part, whole)) if part > 0 && part < whole => Ok(LiquidityRange::Around(share.clone())),
                _ => bad("must be above 0% and below 100% around the price"),
            },
            Some(PriceRange::Bounds([one, two])) => {
                let (Some(a), Some(b)) = (one.to_raw(36), two.to_raw(36)) else {
                    return bad("is too long a number");
                };
                let (low, high) = if a < b { (one, two) } else { (two, one) };
                if a == b || low.is_zero() {
                    return bad("needs two different prices above 0");
                }
                let (low, high) = (low.clone(), high.clone());
                Ok(LiquidityRange::Between { low, high, quoted_in: quoted_in.clone() })
            }
        }
    }

    /// As much ETH as `quantity` of `asset` is worth, and a hundredth more: it must be wrapped before the pool says
    /// how much it takes.
    fn what_belongs(
        &self,
        quantity: &Quantity,
        asset: &Asset,
        coin: &Asset,
        range: &LiquidityRange,
    ) -> Result<Quantity, Refusal> {
        let portfolio = self.portfolio(asset.chain_id);
        let price = |asset: &Asset| portfolio?.price(asset).filter(|price| !price.is_zero());
        let unit = |asset: &Asset| agent_core::asset::ten_pow(asset.decimals);
        let symmetric = !matches!(range, LiquidityRange::Between { .. });
        let worth = match quantity {
            Quantity::Exact(raw) if symmetric => {
                price(asset).zip(unit(asset)).and_then(|(price, unit)| mul_div_up(*raw, price, unit))
            }
            Quantity::MicroUsd(micro) if symmetric => Some(*micro),
            Quantity::Exact(_)
            | Quantity::MicroUsd(_)
            | Quantity::Share { .. }
            | Quantity::AllBut(_)
            | Quantity::Output { .. } => None,
        };
        let raw = worth.zip(price(coin)).zip(unit(coin)).and_then(|((worth, price), unit)| {
            mul_div_up(mul_div_up(worth, unit, price)?, U256::from(101), U256::from(100))
        });
        raw.map(Quantity::Exact)
            .ok_or_else(|| asks("clarify.amount", format!("How much ETH beside the {}?", asset.symbol)))
    }

    pub(super) fn remove_liquidity(
        &mut self,
        pair: Option<&[String; 2]>,
        amount: &DraftAmount,
        position: Option<&str>,
        chain: Option<&str>,
    ) -> Result<(), Refusal> {
        let (network, found) = self.position(pair, position, chain)?;
        let (position, pair_held) = (found.id, found.pair.clone());
        let [first, _] = &pair_held;
        let amount = match amount {
            DraftAmount::Share(share) => {
                let (numerator, denominator) = self.ratio(share, amount, first)?;
                Quantity::Share { numerator, denominator }
            }
            DraftAmount::All => Quantity::AllBut(U256::ZERO),
            DraftAmount::Units(_)
            | DraftAmount::Usd(_)
            | DraftAmount::AllBut(_)
            | DraftAmount::Yield { .. } => {
                let message = format!("step {}: liquidity is taken out by a share of it", self.number());
                return Err(Refusal::new(Exit::RefusedInput, "input.amount", message).help("say 50%, or all"));
            }
        };
        let max_slippage_bps = SLIPPAGE_BPS;
        let removed = self.push(
            Action::RemoveLiquidity { position, pair: pair_held.clone(), amount, max_slippage_bps },
            Origin::Said,
        );
        let mut outputs: Vec<(usize, Asset)> = Vec::new();
        let coin = pair.is_some_and(|pair| pair.iter().any(|symbol| symbol == "ETH"));
        for asset in pair_held {
            let native = network.native().filter(|native| coin && is_twin(native, &asset));
            outputs.push(match native.cloned() {
                Some(native) => {
                    let because = "the pool gives WETH, and ETH was asked for".to_owned();
                    let whole = whole_output(removed, asset.clone());
                    let unwrapped =
                        self.push(wrapping(asset, native.clone(), whole), Origin::Added { because });
                    (unwrapped, native)
                }
                None => (removed, asset),
            });
        }
        self.outputs.push(outputs);
        Ok(())
    }

    /// The one position that was meant.
    fn position(
        &self,
        pair: Option<&[String; 2]>,
        id: Option<&str>,
        chain: Option<&str>,
    ) -> Result<(&'a NetworkInfo, &'a LiquidityPosition), Refusal> {
        let network = chain.map(|name| self.network(name)).transpose()?;
        let here = self.ask.portfolios.iter().filter(|portfolio| {
            network.is_none_or(|network| network.id.chain_id == portfolio.network.chain_id)
        });
        let fits = |position: &LiquidityPosition| {
            let same_id = id.is_none_or(|id| position.id.to_string() == id);
            let held = position.pair.each_ref().map(|asset| asset.symbol.as_str());
            let said =
                pair.map(|pair| pair.each_ref().map(|symbol| if symbol == "ETH" { "WETH" } else { symbol }));
            same_id && said.is_none_or(|[a, b]| held == [a, b] || held == [b, a])
        };
        let all = here.flat_map(|portfolio| portfolio.liquidity.iter().map(move |own| (portfolio, own)));
        let found: Vec<_> = all.filter(|(_, own)| !own.liquidity.is_zero() && fits(own)).collect();
        match found.as_slice() {
            [(portfolio, own)] => Ok((self.by_id(portfolio.network.chain_id)?, *own)),
            [] => {
                let what = match (id, pair) {
                    (Some(id), _) => format!("position {}", tame(id)),
                    (None, Some([a, b])) => format!("a position of {}/{}", tame(a), tame(b)),
                    (None, None) => "a position".to_owned(),
                };
                let place = network.map_or("any chain", |network| network.name.as_str());
                let message =
                    format!("step {}: there is no liquidity of yours in {what} on {place}", self.number());
                Err(Refusal::new(Exit::NotPossible, "world.no_position", message)
                    .help("`steward portfolio` lists the positions with their ids"))
            }
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|(portfolio, own)| {
                        let [a, b] = &own.pair;
                        format!("{} ({}/{} on {})", own.id, a.symbol, b.symbol, portfolio.name)
                    })
                    .collect();
                Err(asks("clarify.position", format!("Which position do you mean: {}?", ids.join(", "))))
            }
        }
    }
}
