//! Where the contracts stand: the addresses of Ethereum and Base.

use alloy_primitives::{Address, address};

use crate::world::{BASE, ETHEREUM};

/// The addresses that the deployer chooses on one chain. Pools and Aave's proxies follow from them, as on the real
/// chain: a pool from its factory (CREATE2), Aave's Pool from its addresses provider (first creation).
pub(crate) struct Places {
    pub(crate) chain_id: u64,
    pub(crate) weth: Address,
    pub(crate) usdc: Address,
    pub(crate) dai: Address,
    pub(crate) uniswap_v3_factory: Address,
    pub(crate) position_manager: Address,
    pub(crate) quoter_v2: Address,
    pub(crate) swap_router02: Address,
    /// Uniswap V2 is not deployed; the router wants to know where it would be.
    pub(crate) uniswap_v2_factory: Address,
    pub(crate) aave_addresses_provider: Address,
    pub(crate) aave_oracle: Address,
    pub(crate) aave_data_provider: Address,
    pub(crate) spoke_pool: Address,
}

/// The same on every chain (mds1/multicall).
pub(crate) const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
/// OP-stack predeploys.
pub(crate) const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
pub(crate) const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");

pub(crate) const PLACES: [Places; 2] = [
    Places {
        chain_id: ETHEREUM,
        weth: address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
        usdc: address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        dai: address!("6B175474E89094C44Da98b954EedeAC495271d0F"),
        uniswap_v3_factory: address!("1F98431c8aD98523631AE4a59f267346ea31F984"),
        position_manager: address!("C36442b4a4522E871399CD717aBDD847Ab11FE88"),
        quoter_v2: address!("61fFE014bA17989E743c5F6cB21bF9697530B21e"),
        swap_router02: address!("68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"),
        uniswap_v2_factory: address!("5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"),
        aave_addresses_provider: address!("2f39d218133AFaB8F2B819B1066c7E434Ad94E9e"),
        aave_oracle: address!("54586bE62E3c3580375aE3723C145253060Ca0C2"),
        aave_data_provider: address!("7B4EB56E7CD4b454BA8ff71E4518426369a138a3"),
        spoke_pool: address!("5c7BCd6E7De5423a257D81B442095A1a6ced35C5"),
    },
    Places {
        chain_id: BASE,
        weth: address!("4200000000000000000000000000000000000006"),
        usdc: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        dai: address!("50c5725949A6F0c72E6C4a641F24049A917DB0Cb"),
        uniswap_v3_factory: address!("33128a8fC17869897dcE68Ed026d694621f6FDfD"),
        position_manager: address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
        quoter_v2: address!("3d4e44Eb1374240CE5F1B871ab261CD16335B76a"),
        swap_router02: address!("2626664c2603336E57B271c5C0b26F421741e481"),
        uniswap_v2_factory: address!("8909Dc15e40173Ff4699343b6eB8132c65e18eC6"),
        aave_addresses_provider: address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D"),
        aave_oracle: address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156"),
        aave_data_provider: address!("2d8A3C5677189723C4cB8873CfC9C8976FDF38Ac"),
        spoke_pool: address!("09aea4b2242abC8bb4BB78D537A67a245A7bEC64"),
    },
];
