//! Where the contracts stand: the addresses of the real chains, by role.
//!
//! Pools and Aave's proxies are not listed: they follow, as on the real chain, a pool from its factory (CREATE2),
//! Aave's Pool from its addresses provider (first creation). What is not listed either stands at an address made from
//! its role, which no one has a key for.

use alloy_primitives::{Address, address};

use crate::{
    evm::named,
    world::{ARBITRUM, BASE, ETHEREUM, OPTIMISM},
};

/// OP-stack predeploys.
pub(crate) const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
pub(crate) const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");

/// The address that this role has on this chain.
pub(crate) fn place(chain_id: u64, role: &str) -> Address {
    let own = match chain_id {
        ETHEREUM => ON_ETHEREUM,
        BASE => ON_BASE,
        ARBITRUM => ON_ARBITRUM,
        OPTIMISM => ON_OPTIMISM,
        _ => &[],
    };
    let everywhere = if chain_id == BASE { &[] } else { V3_BUT_ON_BASE };
    let known = own.iter().chain(everywhere).chain(EVERYWHERE).find(|(known, _)| *known == role);
    known.map_or_else(|| named(role), |(_, address)| *address)
}

type Places = &'static [(&'static str, Address)];

const EVERYWHERE: Places = &[
    ("multicall3", address!("cA11bde05977b3631167028862bE2a173976CA11")),
    ("permit2", address!("000000000022D473030F116dDEE9F6B43aC78BA3")),
];

const V3_BUT_ON_BASE: Places = &[
    ("uniswap.factory", address!("1F98431c8aD98523631AE4a59f267346ea31F984")),
    ("uniswap.position_manager", address!("C36442b4a4522E871399CD717aBDD847Ab11FE88")),
    ("uniswap.quoter_v2", address!("61fFE014bA17989E743c5F6cB21bF9697530B21e")),
    ("uniswap.swap_router02", address!("68b3465833fb72A70ecDF485E0e4C7bD8665Fc45")),
];

const ON_ETHEREUM: Places = &[
    ("weth", address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")),
    ("usdc", address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")),
    ("usdt", address!("dAC17F958D2ee523a2206206994597C13D831ec7")),
    ("dai", address!("6B175474E89094C44Da98b954EedeAC495271d0F")),
    ("wbtc", address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599")),
    ("link", address!("514910771AF9Ca656af840dff83E8264EcF986CA")),
    ("uni", address!("1f9840a85d5aF5bf1D1762F925BDADdC4201F984")),
    ("aave", address!("7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9")),
    ("steth", address!("ae7ab96520DE3A18E5e111B5EaAb095312D7fE84")),
    ("wsteth", address!("7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0")),
    ("uniswap.v2_factory", address!("5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f")),
    ("uniswap.v2_router02", address!("7a250d5630B4cF539739dF2C5dAcb4c659F2488D")),
    ("uniswap.pool_manager", address!("000000000004444c5dc75cB358380D2e3dE08A90")),
    ("uniswap.v4_position_manager", address!("bD216513d74C8cf14cf4747E6AaA6420FF64ee9e")),
    ("uniswap.v4_quoter", address!("52F0E24D1c21C8A0cB1e5a5dD6198556BD9E1203")),
    ("uniswap.state_view", address!("7fFE42C4a5DEeA5b0feC41C94C136Cf115597227")),
    ("aave.rewards_controller", address!("8164Cc65827dcFe994AB23944CBC90e0aa80bFcb")),
    ("aave.addresses_provider", address!("2f39d218133AFaB8F2B819B1066c7E434Ad94E9e")),
    ("aave.oracle", address!("54586bE62E3c3580375aE3723C145253060Ca0C2")),
    ("aave.data_provider", address!("7B4EB56E7CD4b454BA8ff71E4518426369a138a3")),
    ("ens.registry", address!("00000000000C2E074eC69A0dFb2997BA6C7d2e1e")),
    ("ens.old_registry", address!("314159265dD8dbb310642f98f50C066173C1259b")),
    ("ens.resolver", address!("4976fb03C32e5B8cfe2b6cCB31c09Ba78EBaBa41")),
    ("across.spoke_pool", address!("5c7BCd6E7De5423a257D81B442095A1a6ced35C5")),
];

const ON_BASE: Places = &[
    ("weth", address!("4200000000000000000000000000000000000006")),
    ("usdc", address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")),
    ("dai", address!("50c5725949A6F0c72E6C4a641F24049A917DB0Cb")),
    ("uniswap.factory", address!("33128a8fC17869897dcE68Ed026d694621f6FDfD")),
    ("uniswap.position_manager", address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1")),
    ("uniswap.quoter_v2", address!("3d4e44Eb1374240CE5F1B871ab261CD16335B76a")),
    ("uniswap.swap_router02", address!("2626664c2603336E57B271c5C0b26F421741e481")),
    ("uniswap.v2_factory", address!("8909Dc15e40173Ff4699343b6eB8132c65e18eC6")),
    ("uniswap.v2_router02", address!("4752ba5DBc23f44D87826276BF6Fd6b1C372aD24")),
    ("uniswap.pool_manager", address!("498581fF718922c3f8e6A244956aF099B2652b2b")),
    ("uniswap.v4_position_manager", address!("7C5f5A4bBd8fD63184577525326123B519429bDc")),
    ("uniswap.v4_quoter", address!("0d5e0F971ED27FBfF6c2837bf31316121532048D")),
    ("uniswap.state_view", address!("A3c0c9b65baD0b08107Aa264b0f3dB444b867A71")),
    ("aave.addresses_provider", address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D")),
    ("aave.oracle", address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156")),
    ("aave.data_provider", address!("2d8A3C5677189723C4cB8873CfC9C8976FDF38Ac")),
    ("across.spoke_pool", address!("09aea4b2242abC8bb4BB78D537A67a245A7bEC64")),
];

const ON_ARBITRUM: Places = &[
    ("weth", address!("82aF49447D8a07e3bd95BD0d56f35241523fBab1")),
    ("usdc", address!("af88d065e77c8cC2239327C5EDb3A432268e5831")),
    ("usdce", address!("FF970A61A04b1cA14834A43f5dE4533eBDDB5CC8")),
    ("usdt", address!("Fd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9")),
    ("dai", address!("DA10009cBd5D07dd0CeCc66161FC93D7c9000da1")),
    ("wbtc", address!("2f2a2543B76A4166549F7aaB2e75Bef0aefC5B0f")),
    ("arb", address!("912CE59144191C1204E64559FE8253a0e49E6548")),
    ("uniswap.v2_factory", address!("f1D7CC64Fb4452F05c498126312eBE29f30Fbcf9")),
    ("uniswap.v2_router02", address!("4752ba5DBc23f44D87826276BF6Fd6b1C372aD24")),
    ("uniswap.pool_manager", address!("360E68faCcca8cA495c1B759Fd9EEe466db9FB32")),
    ("uniswap.v4_position_manager", address!("d88F38F930b7952f2DB2432Cb002E7abbF3dD869")),
    ("uniswap.v4_quoter", address!("3972C00f7ed4885e145823eb7C655375d275A1C5")),
    ("uniswap.state_view", address!("76Fd297e2D437cd7f76d50F01AfE6160f86e9990")),
    ("aave.addresses_provider", address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb")),
    ("aave.oracle", address!("b56c2F0B653B2e0b10C9b928C8580Ac5Df02C7C7")),
    ("aave.data_provider", address!("69FA688f1Dc47d4B5d8029D5a35FB7a548310654")),
    ("across.spoke_pool", address!("e35e9842fceaCA96570B734083f4a58e8F7C5f2A")),
];

const ON_OPTIMISM: Places = &[
    ("weth", address!("4200000000000000000000000000000000000006")),
    ("usdc", address!("0b2C639c533813f4Aa9D7837CAf62653d097Ff85")),
    ("usdce", address!("7F5c764cBc14f9669B88837ca1490cCa17c31607")),
    ("usdt", address!("94b008aA00579c1307B0EF2c499aD98a8ce58e58")),
    ("dai", address!("DA10009cBd5D07dd0CeCc66161FC93D7c9000da1")),
    ("wbtc", address!("68f180fcCe6836688e9084f035309E29Bf0A2095")),
    ("op", address!("4200000000000000000000000000000000000042")),
    ("uniswap.v2_factory", address!("0c3c1c532F1e39EdF36BE9Fe0bE1410313E074Bf")),
    ("uniswap.v2_router02", address!("4A7b5Da61326A6379179b40d00F57E5bbDC962c2")),
    ("uniswap.pool_manager", address!("9a13F98Cb987694C9F086b1F5eB990EeA8264Ec3")),
    ("uniswap.v4_position_manager", address!("3C3Ea4B57a46241e54610e5f022E5c45859A1017")),
    ("uniswap.v4_quoter", address!("1f3131A13296FB91C90870043742C3CDBFF1A8d7")),
    ("uniswap.state_view", address!("c18A3169788F4F75A170290584ECa6395C75Ecdb")),
    ("aave.addresses_provider", address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb")),
    ("aave.oracle", address!("D81eb3728a631871a7eBBaD631b5f424909f0c77")),
    ("aave.data_provider", address!("69FA688f1Dc47d4B5d8029D5a35FB7a548310654")),
    ("across.spoke_pool", address!("6f26Bf09B1C792e3228e5467807a900A503c0281")),
];
