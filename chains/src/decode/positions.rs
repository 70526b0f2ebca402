//! Uniswap V3 positions: made, emptied, collected.

use agent_core::AssetKind;
use agent_core::asset::decimal;
use alloy_primitives::U256;

use super::{Decoded, Reader, exactly, unknown};
use crate::protocols::uniswap_positions::CLAIMS_MAX;
use crate::protocols::uniswap_positions::IPositionManager::{IPositionManagerCalls, MintParams};

const MANAGER: &str = "NonfungiblePositionManager";

impl Reader<'_> {
    /// A new position, or a multicall of what empties positions.
    pub(super) fn position_manager(&self, data: &[u8]) -> Result<Decoded, String> {
        match exactly(data, MANAGER)? {
            IPositionManagerCalls::mint(call) => self.mint(&call.params),
            IPositionManagerCalls::multicall(call) => {
                let few = usize::try_from(CLAIMS_MAX).is_ok_and(|most| call.data.len() <= most);
                if !few || call.data.is_empty() {
                    return Err(unknown(MANAGER));
                }
                let (mut decoded, mut texts) = (Decoded::default(), Vec::new());
                for data in &call.data {
                    let part = position_part(data)?;
                    texts.push(part.text);
                    decoded.beneficiaries.extend(part.beneficiaries);
                }
                decoded.text = texts.join(", then ");
                Ok(decoded)
            }
            IPositionManagerCalls::decreaseLiquidity(_)
            | IPositionManagerCalls::collect(_)
            | IPositionManagerCalls::burn(_) => Err(unknown(MANAGER)),
        }
    }

    fn mint(&self, mint: &MintParams) -> Result<Decoded, String> {
        if mint.amount0Min.is_zero() && mint.amount1Min.is_zero() {
            return Err(
                "liquidity that has no least on either side can be had at any price: allow less slippage \
                        or a wider range"
                    .to_owned(),
            );
        }
        let text = format!(
            "provide({} and {} at most, {} and {} at least, fee {}%, ticks {} to {}, to {} until {})",
            self.amount(mint.token0, mint.amount0Desired)?,
            self.amount(mint.token1, mint.amount1Desired)?,
            self.amount(mint.token0, mint.amount0Min)?,
            self.amount(mint.token1, mint.amount1Min)?,
            decimal(U256::from(mint.fee), 4),
            mint.tickLower,
            mint.tickUpper,
            mint.recipient,
            mint.deadline
        );
        let sides = [(mint.token0, mint.amount0Desired), (mint.token1, mint.amount1Desired)];
        let given = sides.into_iter().filter(|(_, raw)| !raw.is_zero());
        let out = given.map(|(token, raw)| (AssetKind::Erc20(token), raw)).collect();
        Ok(Decoded { text, out, beneficiaries: vec![mint.recipient], ..Decoded::default() })
    }
}

fn position_part(data: &[u8]) -> Result<Decoded, String> {
    match exactly(data, MANAGER)? {
        IPositionManagerCalls::decreaseLiquidity(call) => {
            let params = call.params;
            if params.amount0Min.is_zero() && params.amount1Min.is_zero() {
                return Err("taking liquidity out has no least out".to_owned());
            }
            let text = format!(
                "take liquidity {} out of position {} for at least {} and {} smallest units until {}",
                params.liquidity, params.tokenId, params.amount0Min, params.amount1Min, params.deadline
            );
            Ok(Decoded { text, ..Decoded::default() })
        }
        IPositionManagerCalls::collect(call) => {
            let params = call.params;
            if (params.amount0Max, params.amount1Max) != (u128::MAX, u128::MAX) {
                return Err("only all that a position owes is collected".to_owned());
            }
            let text = format!("collect from position {} to {}", params.tokenId, params.recipient);
            // The zero address stands for the manager itself, where anybody could take it.
            Ok(Decoded { text, beneficiaries: vec![params.recipient], ..Decoded::default() })
        }
        IPositionManagerCalls::burn(call) => {
            Ok(Decoded { text: format!("burn position {}", call.tokenId), ..Decoded::default() })
        }
        IPositionManagerCalls::mint(_) | IPositionManagerCalls::multicall(_) => Err(unknown(MANAGER)),
    }
}
