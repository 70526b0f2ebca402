//! What an account has: against what every contract says by itself, in three round trips, with gaps that show.

use std::time::{Duration, Instant};

use agent_core::NetworkInfo;
use agent_core::ports::{Chain, Compiler};
use alloy::providers::{Provider, RootProvider};
use alloy_primitives::aliases::{I24, U24, U48, U160};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use chains::LiveChain;
use serde_json::{Value, json};

use crate::proxy::{Proxy, Weather, through};
use crate::world::{ETHEREUM, World};

sol! {
    function balanceOf(address account) returns (uint256);
    function approve(address spender, uint256 amount) returns (bool);
    function approve(address token, address spender, uint160 amount, uint48 expiration);
    function getUserRewards(address[] assets, address user, address reward) returns (uint256);
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
    function borrow(address asset, uint256 amount, uint256 rateMode, uint16 referralCode, address onBehalfOf);
    function getReserveData(address asset) returns (uint256[12] data);
    function getUserAccountData(address user) returns (uint256[6] data);
    struct Mint {
        address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired;
        uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline;
    }
    function mint(Mint params) returns (uint256 id, uint128 liquidity, uint256 amount0, uint256 amount1);
    struct Decrease { uint256 id; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline; }
    function decreaseLiquidity(Decrease params) returns (uint256 amount0, uint256 amount1);
    struct Collect { uint256 id; address recipient; uint128 amount0Max; uint128 amount1Max; }
    function collect(Collect params) returns (uint256 amount0, uint256 amount1);
    struct ExactInputSingle {
        address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 amountIn;
        uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
    }
    function slot0() returns (uint160 sqrtPriceX96, int24 tick);
    function exactInputSingle(ExactInputSingle params) returns (uint256 amountOut);
}

/// One account on a node, spoken to without the room's own code.
struct Node<'a> {
    network: &'a NetworkInfo,
    provider: RootProvider,
    account: Address,
}

impl Node<'_> {
    fn role(&self, role: &str) -> Address {
        self.network.role(role).unwrap()
    }

    async fn ask(&self, method: &'static str, params: Value) -> Value {
        self.provider.raw_request::<Value, Value>(method.into(), params).await.unwrap()
    }

    /// At block `block`, as the account.
    async fn read<C: SolCall>(&self, to: Address, call: C, block: B256) -> C::Return {
        let call = json!({"from": self.account, "to": to, "data": Bytes::from(call.abi_encode())});
        let output = self.ask("eth_call", json!([call, {"blockHash": block}])).await;
        let output: Bytes = output.as_str().unwrap().parse().unwrap();
        C::abi_decode_returns(&output).unwrap()
    }

    /// A transaction of the account in a block.
    async fn act<C: SolCall>(&self, to: Address, call: C) {
        self.act_for(to, U256::ZERO, call.abi_encode()).await;
    }

    async fn act_for(&self, to: Address, value: U256, data: Vec<u8>) {
        let tx = json!({"from": self.account, "to": to, "value": value, "data": Bytes::from(data), "gas": "0x2dc6c0"});
        let hash = self.ask("eth_sendTransaction", json!([tx])).await;
        for _ in 0..100 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                assert_eq!(receipt["status"], "0x1", "{to} reverted");
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no receipt");
    }

    async fn mint(&self, ticks: (i32, i32)) {
        let (weth, usdc) = (self.role("weth"), self.role("usdc"));
        let weth_first = weth < usdc;
        let (token0, token1) = if weth_first { (weth, usdc) } else { (usdc, weth) };
        let (one_weth, dollars) = (U256::from(10).pow(U256::from(17)), U256::from(250_000_000));
        let (amount0, amount1) = if weth_first { (one_weth, dollars) } else { (dollars, one_weth) };
        let params = Mint {
            token0,
            token1,
            fee: U24::from(500),
            tickLower: I24::try_from(ticks.0).unwrap(),
            tickUpper: I24::try_from(ticks.1).unwrap(),
            amount0Desired: amount0,
            amount1Desired: amount1,
            amount0Min: U256::ZERO,
            amount1Min: U256::ZERO,
            recipient: self.account,
            deadline: U256::MAX,
        };
        self.act(self.role("uniswap.position_manager"), mintCall { params }).await;
    }
}

async fn node<'a>(world: &'a World, chain_id: u64) -> Node<'a> {
    let network = world.network(chain_id);
    let provider = RootProvider::new_http(network.endpoints[0].parse().unwrap());
    let node = Node { network, provider, account: world.account() };
    node.ask("anvil_autoImpersonateAccount", json!([true])).await;
    node
}

/// Supplies 400 of 500 allowed USDC, borrows WETH, opens a position that earns and one that does not, and trades.
async fn live_a_little(node: &Node<'_>) {
    let million = |whole: u64| U256::from(whole * 1_000_000);
    let (weth, usdc, pool) = (node.role("weth"), node.role("usdc"), node.role("aave.pool"));
    let (manager, router) = (node.role("uniswap.position_manager"), node.role("uniswap.swap_router02"));
    node.act(usdc, approve_0Call { spender: pool, amount: million(500) }).await;
    let own = node.account;
    node.act(pool, supplyCall { asset: usdc, amount: million(400), onBehalfOf: own, referralCode: 0 }).await;
    let amount = U256::from(10).pow(U256::from(16));
    let borrow =
        borrowCall { asset: weth, amount, rateMode: U256::from(2), referralCode: 0, onBehalfOf: own };
    node.act(pool, borrow).await;
    // WETH9's deposit.
    node.act_for(weth, U256::from(10).pow(U256::from(18)), vec![0xd0, 0xe3, 0x0d, 0xb0]).await;
    for token in [weth, usdc] {
        node.act(token, approve_0Call { spender: manager, amount: U256::from(10).pow(U256::from(30)) }).await;
    }
    // Close around the price: else its share of the fees would be nothing.
    let head =
        node.ask("eth_getBlockByNumber", json!(["latest", false])).await["hash"].as_str().unwrap().parse();
    let tick = node.read(node.role("uniswap.pool.weth_usdc_500"), slot0Call {}, head.unwrap()).await.tick;
    let near = tick.as_i32() / 10 * 10;
    node.mint((near - 50, near + 50)).await;
    node.mint((-887_270, -300_000)).await;
    node.act(usdc, approve_0Call { spender: router, amount: million(1_000) }).await;
    let params = ExactInputSingle {
        tokenIn: usdc,
        tokenOut: weth,
        fee: U24::from(500),
        recipient: own,
        amountIn: million(1_000),
        amountOutMinimum: U256::ZERO,
        sqrtPriceLimitX96: Default::default(),
    };
    node.act(router, exactInputSingleCall { params }).await;
    let (permit2, spender) = (node.role("permit2"), node.role("uniswap.universal_router"));
    for (token, expiration) in [(node.role("dai"), u32::MAX), (usdc, 1)] {
        let (amount, expiration) = (U160::from(5), U48::from(expiration));
        node.act(permit2, approve_1Call { token, spender, amount, expiration }).await;
    }
    // Rewards take time.
    node.ask("evm_increaseTime", json!([86_400])).await;
    node.ask("anvil_mine", json!(["0x1"])).await;
}

#[tokio::test]
async fn a_portfolio_is_what_each_contract_says() {
    let world = World::start().await;
    let node = node(&world, ETHEREUM).await;
    let empty = world.live[&ETHEREUM].portfolio(node.account).await.unwrap();
    assert_eq!((&empty.unknown[..], empty.lent.len(), empty.owed.len()), (&[][..], 0, 0));
    assert_eq!((empty.health_factor, empty.liquidity.len(), empty.allowances.len()), (None, 0, 0));
    live_a_little(&node).await;
    let found = world.live[&ETHEREUM].portfolio(node.account).await.unwrap();
    assert_eq!(found.unknown, []);
    let at = found.block.hash;

    assert_eq!(found.balances.len(), node.network.assets.len());
    for amount in &found.balances {
        let raw = match amount.asset().token() {
            Some(token) => node.read(token, balanceOfCall { account: node.account }, at).await,
            None => node
                .ask("eth_getBalance", json!([node.account, {"blockHash": at}]))
                .await
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        };
        assert_eq!(amount.raw(), raw, "{amount}");
    }
    let balance =
        async |role: &str| node.read(node.role(role), balanceOfCall { account: node.account }, at).await;
    let [lent] = &found.lent[..] else { panic!("{:?}", found.lent) };
    assert_eq!((lent.amount.raw(), lent.collateral), (balance("aave.a_token.usdc").await, true));
    let [owed] = &found.owed[..] else { panic!("{:?}", found.owed) };
    assert_eq!((owed.raw(), owed.asset().symbol.as_str()), (balance("aave.debt_token.weth").await, "WETH"));
    let account = node.read(node.role("aave.pool"), getUserAccountDataCall { user: node.account }, at).await;
    assert_eq!(found.health_factor, Some(account[5]));

    rates_are_what_the_provider_says(&node, &found).await;

    let left: Vec<_> =
        found.allowances.iter().map(|left| (left.asset.symbol.as_str(), left.spender)).collect();
    let (pool, manager) = (node.role("aave.pool"), node.role("uniswap.position_manager"));
    assert!(left.contains(&("USDC", pool)) && left.contains(&("WETH", manager)), "{left:?}");
    // Permit2's own, once; the other one is expired.
    assert!(left.contains(&("DAI", node.role("uniswap.universal_router"))), "{left:?}");
    assert_eq!(left.len(), 4, "{left:?}");

    let assets = vec![node.role("aave.a_token.usdc")];
    let call = getUserRewardsCall { assets, user: node.account, reward: node.role("aave") };
    let reward = node.read(node.role("aave.rewards_controller"), call, at).await;
    let claims: Vec<_> = found.claimable.iter().filter(|claim| claim.protocol == "aave").collect();
    assert!(!reward.is_zero());
    assert_eq!(claims.iter().map(|claim| claim.amount.raw()).collect::<Vec<_>>(), [reward]);
    let view = world.live[&ETHEREUM].at(found.block.number).await.unwrap();
    assert_eq!(found.prices, world.compiler.prices(&node.network.assets, &*view).await.unwrap());
    positions_are_what_the_manager_gives(&node, &found).await;
    three_round_trips(&world).await;
    rates_are_compounded(&world, &node).await;
}

/// Every reserve's, compounded as floating point does it, within a hundredth of a percent.
#[expect(clippy::float_arithmetic, reason = "the other way to compute it is the point")]
async fn rates_are_what_the_provider_says(node: &Node<'_>, found: &agent_core::Portfolio) {
    let reserves = node.network.roles.keys().filter(|role| role.starts_with("aave.a_token.")).count();
    assert_eq!(found.rates.len(), reserves);
    for rate in &found.rates {
        let call = getReserveDataCall { asset: rate.asset.token().unwrap() };
        let data = node.read(node.role("aave.data_provider"), call, found.block.hash).await;
        for (bps, ray) in [(rate.supply_bps, data[5]), (rate.borrow_bps, data[6])] {
            let yearly: f64 = ray.to_string().parse::<f64>().unwrap() / 1e27;
            let year = 31_536_000.0;
            let expected = 10_000.0 * (year * (yearly / year).ln_1p()).exp_m1();
            assert!(
                (f64::from(u32::try_from(bps).unwrap()) - expected).abs() <= 1.0,
                "{}: {bps}, {expected}",
                rate.asset.symbol
            );
        }
    }
}

/// This world's own rates are next to nothing: a provider that pays 3 % and asks 5 % shows what compounding does.
async fn rates_are_compounded(world: &World, node: &Node<'_>) {
    let (pays, asks) = (3 * 10_u128.pow(25), 5 * 10_u128.pow(25));
    let code = format!("0x6a{pays:022x}60a0526a{asks:022x}60c0526101806000f3");
    node.ask("anvil_setCode", json!([node.role("aave.data_provider"), code])).await;
    node.ask("anvil_mine", json!(["0x1"])).await;
    let found = world.live[&ETHEREUM].portfolio(node.account).await.unwrap();
    assert!(!found.rates.is_empty());
    // e^0.03 is 1.0304…, e^0.05 is 1.0512….
    assert!(found.rates.iter().all(|rate| (rate.supply_bps, rate.borrow_bps) == (304, 512)), "{found:?}");
    rates_are_what_the_provider_says(node, &found).await;
}

/// Each position, taken out and collected by the manager itself in a call that changes nothing.
async fn positions_are_what_the_manager_gives(node: &Node<'_>, found: &agent_core::Portfolio) {
    let manager = node.role("uniswap.position_manager");
    let [earning, idle] = &found.liquidity[..] else { panic!("{:?}", found.liquidity) };
    assert_eq!((earning.in_range, idle.in_range), (true, false));
    assert!(earning.fees.iter().any(|fee| !fee.is_zero()) && idle.fees.iter().all(|fee| fee.is_zero()));
    for position in [earning, idle] {
        let params = Decrease {
            id: position.id,
            liquidity: position.liquidity.to(),
            amount0Min: U256::ZERO,
            amount1Min: U256::ZERO,
            deadline: U256::MAX,
        };
        let given = node.read(manager, decreaseLiquidityCall { params }, found.block.hash).await;
        assert_eq!(position.amounts.each_ref().map(|own| own.raw()), [given.amount0, given.amount1]);
        let params = Collect {
            id: position.id,
            recipient: node.account,
            amount0Max: u128::MAX,
            amount1Max: u128::MAX,
        };
        let fees = node.read(manager, collectCall { params }, found.block.hash).await;
        assert_eq!(position.fees.each_ref().map(|own| own.raw()), [fees.amount0, fees.amount1]);
    }
    let claims = found.claimable.iter().filter(|claim| claim.protocol == "uniswap").count();
    assert_eq!(claims, earning.fees.iter().filter(|fee| !fee.is_zero()).count());
}

/// From nothing, with the check of who answers, positions included.
async fn three_round_trips(world: &World) {
    let mut all = 0;
    for network in world.registry.networks.values() {
        let proxy = Proxy::start(&network.endpoints[0], Weather::default()).await;
        let seen = LiveChain::new(through(network, &proxy)).unwrap();
        let direct = world.live[&network.id.chain_id].portfolio(world.account()).await.unwrap();
        let mut found = seen.portfolio(world.account()).await.unwrap();
        let trips = proxy.take();
        assert!(trips <= 3, "{}: {trips} round trips", network.name);
        all += trips;
        // The relayer may have mined in between.
        found.block = direct.block;
        assert_eq!(found.balances, direct.balances, "{}", network.name);
    }
    assert!(all <= 12, "{all}");
}

#[tokio::test]
async fn what_does_not_answer_is_unknown_and_the_rest_is_there() {
    let world = World::start().await;
    let node = node(&world, ETHEREUM).await;
    let before = world.live[&ETHEREUM].portfolio(node.account).await.unwrap();
    // Reverts whatever it is asked.
    node.ask("anvil_setCode", json!([node.role("dai"), "0x60006000fd"])).await;
    node.ask("anvil_mine", json!(["0x1"])).await;
    let after = world.live[&ETHEREUM].portfolio(node.account).await.unwrap();
    let what: Vec<_> = after.unknown.iter().map(|unknown| unknown.what.as_str()).collect();
    assert!(what.contains(&"the balance of DAI") && what.contains(&"the allowances of DAI"), "{what:?}");
    assert!(after.balances.iter().all(|amount| amount.asset().symbol != "DAI"));
    let rest: Vec<_> = before.balances.into_iter().filter(|amount| amount.asset().symbol != "DAI").collect();
    assert_eq!(after.balances, rest);
}

#[tokio::test]
async fn a_bad_network_is_slow_and_never_wrong() {
    let world = World::start().await;
    let network = world.network(ETHEREUM);
    let weather = Weather { latency: Duration::from_millis(80), per_second: 25, breaks_every: 9 };
    let proxy = Proxy::start(&network.endpoints[0], weather).await;
    let chain = std::sync::Arc::new(LiveChain::new(through(network, &proxy)).unwrap());
    let (account, direct) =
        (world.account(), world.live[&ETHEREUM].portfolio(world.account()).await.unwrap());
    let began = Instant::now();
    let asking = (0..20).map(|_| {
        let chain = std::sync::Arc::clone(&chain);
        tokio::spawn(async move { chain.portfolio(account).await.unwrap() })
    });
    for found in asking.collect::<Vec<_>>() {
        assert_eq!(found.await.unwrap().balances, direct.balances);
    }
    // It was too much for the network, and every one of them came through.
    assert!(proxy.refused() > 0 && proxy.take() > 40);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}
