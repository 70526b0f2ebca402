//! The deployer: both chains from nothing, in revm, in a fraction of a second.

mod aave;
mod across;
mod optimism;
mod tokens;
mod uniswap;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, U256};

use crate::{
    artifacts::Artifacts,
    error::DevnetError,
    evm::Evm,
    keys::DemoKeys,
    places::{MULTICALL3, PLACES, Places},
    recorded::RecordedPool,
    world::{BASE, ChainWorld, Contact, World, WorldAddresses},
};

/// Builds both chains for these keys: the wallet and the relayer are funded, everything else is the same in every
/// world but for `alice`, whose address is random.
///
/// # Errors
/// A contract is missing from the artifacts, or a transaction of the deployment fails.
pub fn world(artifacts: &Artifacts, keys: &DemoKeys) -> Result<World, DevnetError> {
    let recorded = RecordedPool::read()?;
    let alice = Contact { name: "alice".to_owned(), address: PrivateKeySigner::random().address() };
    let chains = PLACES
        .iter()
        .map(|places| chain(artifacts, keys, alice.address, &recorded, places))
        .collect::<Result<_, _>>()?;
    Ok(World { chains, contacts: vec![alice] })
}

fn chain(
    artifacts: &Artifacts,
    keys: &DemoKeys,
    alice: Address,
    recorded: &RecordedPool,
    places: &Places,
) -> Result<ChainWorld, DevnetError> {
    let mut evm = Evm::new(places.chain_id, artifacts);
    tokens::deploy(&mut evm, places)?;
    evm.deploy(MULTICALL3, "Multicall3", Vec::new())?;
    let pools = uniswap::deploy(&mut evm, places, recorded)?;
    let aave = aave::deploy(&mut evm, places, recorded)?;
    across::deploy(&mut evm, places, keys.relayer.address())?;
    if places.chain_id == BASE {
        optimism::deploy(&mut evm)?;
    }
    tokens::fund_wallet(&mut evm, places, keys.wallet.address())?;
    evm.credit(alice, units(1, 18));
    Ok(ChainWorld {
        chain_id: places.chain_id,
        accounts: evm.into_accounts(),
        addresses: WorldAddresses {
            weth: places.weth,
            usdc: places.usdc,
            dai: places.dai,
            multicall3: MULTICALL3,
            uniswap_v3_factory: places.uniswap_v3_factory,
            quoter_v2: places.quoter_v2,
            swap_router02: places.swap_router02,
            position_manager: places.position_manager,
            weth_usdc_pool: pools.weth_usdc,
            dai_usdc_pool: pools.dai_usdc,
            aave_pool: aave.pool,
            aave_addresses_provider: places.aave_addresses_provider,
            aave_oracle: places.aave_oracle,
            aave_data_provider: places.aave_data_provider,
            reserves: aave.reserves,
            spoke_pool: places.spoke_pool,
        },
    })
}

/// `whole` tokens in the smallest unit.
fn units(whole: u64, decimals: u64) -> U256 {
    U256::from(whole).saturating_mul(U256::from(10).saturating_pow(U256::from(decimals)))
}
