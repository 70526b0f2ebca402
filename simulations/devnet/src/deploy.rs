//! The deployer: all chains from nothing, in revm, in a fraction of a second.

mod aave;
mod aave_reserves;
mod aave_rewards;
mod across;
mod ens;
mod governor;
mod lido;
mod optimism;
mod safe;
mod tokens;
mod uniswap;
mod uniswap_v2;
mod uniswap_v4;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, U256};

use crate::{
    artifacts::Artifacts,
    error::DevnetError,
    evm::Evm,
    keys::DemoKeys,
    prices::Prices,
    recorded::{self, RecordedPool},
    world::{ARBITRUM, BASE, ChainWorld, Contact, ETHEREUM, OPTIMISM, World, is_op_stack},
};

/// Builds all chains for these keys: the wallet and the relayer are funded, everything else is the same in every
/// world but for `alice`, whose address is random.
///
/// # Errors
/// A contract is missing from the artifacts, or a transaction of the deployment fails.
pub fn world(artifacts: &Artifacts, keys: &DemoKeys) -> Result<World, DevnetError> {
    let recorded = recorded::pools()?;
    let prices = Prices::new(&recorded).ok_or_else(|| DevnetError::Malformed {
        what: "the recorded pools".to_owned(),
        reason: "no price of ether, bitcoin or LINK follows from them".to_owned(),
    })?;
    let alice = Contact { name: "alice".to_owned(), address: PrivateKeySigner::random().address() };
    let plan = Plan { artifacts, keys, alice: alice.address, prices, recorded };
    let chains = [ETHEREUM, BASE, ARBITRUM, OPTIMISM].map(|chain_id| plan.chain(chain_id));
    Ok(World { chains: chains.into_iter().collect::<Result<_, _>>()?, contacts: vec![alice] })
}

/// What every chain is built from.
struct Plan<'a> {
    artifacts: &'a Artifacts,
    keys: &'a DemoKeys,
    alice: Address,
    prices: Prices,
    recorded: Vec<RecordedPool>,
}

impl Plan<'_> {
    fn chain(&self, chain_id: u64) -> Result<ChainWorld, DevnetError> {
        let mut evm = Evm::new(chain_id, self.artifacts);
        tokens::deploy(&mut evm)?;
        evm.deploy_role("multicall3", "Multicall3", Vec::new())?;
        uniswap_v2::deploy(&mut evm, &self.prices)?;
        uniswap::deploy(&mut evm, &self.prices, &self.recorded)?;
        uniswap_v4::deploy(&mut evm, &self.prices)?;
        aave::deploy(&mut evm, &self.prices)?;
        across::deploy(&mut evm, self.keys.relayer.address())?;
        if is_op_stack(chain_id) {
            optimism::deploy(&mut evm)?;
        }
        safe::deploy(&mut evm)?;
        if chain_id == ETHEREUM {
            ens::deploy(&mut evm, self.alice)?;
        }
        let wallet = self.keys.wallet.address();
        tokens::fund_wallet(&mut evm, wallet)?;
        let proposals = governor::deploy(&mut evm, wallet)?;
        evm.credit(self.alice, units(1, 18));
        let (accounts, roles) = evm.into_state();
        Ok(ChainWorld { chain_id, accounts, roles, proposals })
    }
}

/// `whole` tokens in the smallest unit.
fn units(whole: u64, decimals: u64) -> U256 {
    U256::from(whole).saturating_mul(U256::from(10).saturating_pow(U256::from(decimals)))
}
