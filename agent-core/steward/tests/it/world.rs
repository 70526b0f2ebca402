//! One demo world for all tests of this binary, and reads of our own.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::sol;
use alloy::sol_types::SolCall;
use serde_json::{Value, json};

sol! {
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
    struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }
    function quoteExactInputSingle(QuoteParams params) external returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 initializedTicksCrossed, uint256 gasEstimate);
}

pub(crate) struct World {
    home: PathBuf,
    pub(crate) facts: Value,
    /// Whoever executes holds this: the journal lets one process execute at a time.
    turn: Mutex<()>,
}

/// The last act of the test process: the world and its home go.
struct Down(PathBuf);

static WORLD: OnceLock<World> = OnceLock::new();

pub(crate) fn world() -> &'static World {
    WORLD.get_or_init(|| fresh("shared"))
}

/// A world of its own, for a test that spends much of it.
pub(crate) fn fresh(name: &str) -> World {
    let home = std::env::temp_dir().join(format!("steward-it-{}-{name}", std::process::id()));
    std::fs::create_dir_all(home.join("data")).unwrap();
    share_models(&home);
    let mut world = World { home: home.clone(), facts: Value::Null, turn: Mutex::new(()) };
    let up = world.steward(&["devnet", "up", "--json"]);
    assert_eq!(up.status.code(), Some(0), "{}", String::from_utf8_lossy(&up.stderr));
    world.facts = json(&up)["data"].clone();
    // Rust runs no destructors of statics: a watcher outside ends the world when this process is gone.
    Down(home).watch();
    world
}

/// The model is fetched and merged once for the user's own folder, not for every home of a test.
#[expect(clippy::disallowed_methods, reason = "a test finds the user's folder as the program does")]
fn share_models(home: &std::path::Path) {
    let user = || PathBuf::from(std::env::var("HOME").unwrap()).join(".local/share");
    let data = std::env::var("XDG_DATA_HOME").map_or_else(|_| user(), PathBuf::from);
    let models = data.join("steward/models");
    std::fs::create_dir_all(&models).unwrap();
    std::os::unix::fs::symlink(models, home.join("data/models")).unwrap();
}

impl Down {
    #[expect(clippy::zombie_processes, reason = "it outlives this process, which is its purpose")]
    fn watch(&self) {
        let script = format!(
            "while kill -0 {} 2>/dev/null; do sleep 0.5; done; STEWARD_HOME={home} {exe} devnet down >/dev/null 2>&1; rm -rf {home}",
            std::process::id(),
            home = self.0.display(),
            exe = env!("CARGO_BIN_EXE_steward"),
        );
        Command::new("setsid")
            .args(["sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    }
}

pub(crate) fn json(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text:?} {}", String::from_utf8_lossy(&output.stderr)))
}

impl World {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command.env("STEWARD_HOME", &self.home).stdin(Stdio::null());
        command
    }

    pub(crate) fn home(&self) -> &std::path::Path {
        &self.home
    }

    pub(crate) fn steward(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Waits for the right to execute.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `steward run --demo --json -- SENTENCE`: exit code and envelope.
    pub(crate) fn run(&self, sentence: &str) -> (i32, Value) {
        let output = self.steward(&["run", "--demo", "--json", "--", sentence]);
        (output.status.code().unwrap_or(-1), json(&output))
    }

    pub(crate) fn chain(&self, name: &str) -> Chain {
        let chains = self.facts["chains"].as_array().unwrap();
        let chain = chains.iter().find(|chain| chain["name"] == name).unwrap();
        Chain { facts: chain.clone(), account: self.facts["wallet"].as_str().unwrap().parse().unwrap() }
    }

    pub(crate) fn alice(&self) -> String {
        self.facts["contacts"][0]["address"].as_str().unwrap().to_owned()
    }
}

/// A chain, read by the test itself.
pub(crate) struct Chain {
    facts: Value,
    pub(crate) account: Address,
}

impl Chain {
    pub(crate) fn url(&self) -> &str {
        self.facts["rpc_url"].as_str().unwrap()
    }

    pub(crate) fn at(&self, role: &str) -> Address {
        self.facts["addresses"][role]
            .as_str()
            .unwrap_or_else(|| panic!("no role {role}: {}", self.facts))
            .parse()
            .unwrap()
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    pub(crate) fn call<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let provider = ProviderBuilder::new().connect_http(self.url().parse().unwrap());
        // From nobody: an emulated OP chain lets an account without coins not even ask.
        let request = TransactionRequest::default()
            .from(Address::ZERO)
            .to(to)
            .input(Bytes::from(call.abi_encode()).into());
        let output = self.block_on(async { provider.call(request).await }).unwrap();
        C::abi_decode_returns(&output).unwrap()
    }

    pub(crate) fn token(&self, role: &str, of: Address) -> U256 {
        self.call(self.at(role), &balanceOfCall { account: of })
    }

    pub(crate) fn ether(&self, of: Address) -> U256 {
        let provider = ProviderBuilder::new().connect_http(self.url().parse().unwrap());
        self.block_on(async { provider.get_balance(of).await }).unwrap()
    }

    pub(crate) fn nonce(&self) -> u64 {
        let provider = ProviderBuilder::new().connect_http(self.url().parse().unwrap());
        self.block_on(async { provider.get_transaction_count(self.account).await }).unwrap()
    }

    /// A request that only an emulated node takes.
    pub(crate) fn node(&self, method: &'static str, parameters: Value) {
        let provider = ProviderBuilder::new().connect_http(self.url().parse().unwrap());
        let answer: Value =
            self.block_on(async { provider.raw_request(method.into(), parameters).await }).unwrap();
        assert!(!answer["error"].is_object(), "{method}: {answer}");
    }

    /// A transaction of the wallet's that Steward knows nothing of.
    pub(crate) fn behind_its_back<C: SolCall>(&self, to: Address, call: &C) {
        let nonce = self.nonce();
        self.node("anvil_impersonateAccount", json!([self.account]));
        let data = Bytes::from(call.abi_encode());
        self.node("eth_sendTransaction", json!([{"from": self.account, "to": to, "data": data}]));
        for _ in 0..100 {
            if self.nonce() > nonce {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("no block took the transaction");
    }

    /// What QuoterV2 promises for WETH to USDC in the 0.05 % pool.
    pub(crate) fn quote(&self, wei: U256) -> U256 {
        let params = QuoteParams {
            tokenIn: self.at("weth"),
            tokenOut: self.at("usdc"),
            amountIn: wei,
            fee: alloy::primitives::aliases::U24::from(500),
            sqrtPriceLimitX96: alloy::primitives::aliases::U160::ZERO,
        };
        self.call(self.at("uniswap.quoter_v2"), &quoteExactInputSingleCall { params }).amountOut
    }
}

/// Whole units in smallest ones.
pub(crate) fn units(whole: u64, decimals: u32) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}
