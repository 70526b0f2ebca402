//! The Across relayer: it watches deposits on each chain and fills them on another from its own inventory.

use std::{
    collections::VecDeque,
    io::Write,
    time::{Duration, Instant},
};

use alloy::{
    network::EthereumWallet,
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, TransactionRequest},
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEvent, sol};

use crate::{error::DevnetError, supervisor::RunningChain, tokens::BRIDGED, world::Roles};

/// How long after a deposit the relayer fills it.
pub const RELAYER_DELAY: Duration = Duration::from_secs(3);
/// What the relayer keeps, in millionths of the input: 0.05 %. It fills no deposit that leaves it less.
pub const RELAYER_FEE_PIPS: u64 = 500;

const POLL: Duration = Duration::from_millis(250);
/// A fill that fails is tried again this often.
const ATTEMPTS: u8 = 5;

sol! {
    #[derive(Debug)]
    event V3FundsDeposited(
        address inputToken, address outputToken, uint256 inputAmount, uint256 outputAmount,
        uint256 indexed destinationChainId, uint32 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline,
        uint32 exclusivityDeadline, address indexed depositor, address recipient, address exclusiveRelayer, bytes message
    );
    #[derive(Debug)]
    struct V3RelayData {
        address depositor; address recipient; address exclusiveRelayer; address inputToken; address outputToken;
        uint256 inputAmount; uint256 outputAmount; uint256 originChainId; uint32 depositId; uint32 fillDeadline;
        uint32 exclusivityDeadline; bytes message;
    }
    function fillV3Relay(V3RelayData relayData, uint256 repaymentChainId);
}

/// One side of the bridge.
struct Side {
    chain_id: u64,
    roles: Roles,
    spoke_pool: Address,
    provider: DynProvider,
    next_block: u64,
}

/// A deposit that waits for its fill.
struct Due {
    at: Instant,
    destination: u64,
    relay: V3RelayData,
    attempts: u8,
}

/// The relayer of one world.
pub(crate) struct Relayer {
    address: Address,
    sides: Vec<Side>,
    due: VecDeque<Due>,
}

impl Relayer {
    pub(crate) fn new(chains: &[RunningChain], key: &PrivateKeySigner) -> Result<Self, DevnetError> {
        let sides = chains
            .iter()
            .map(|chain| {
                let url = chain.rpc_url.parse().map_err(|_| DevnetError::Node {
                    chain_id: chain.chain_id,
                    reason: "not a URL".to_owned(),
                })?;
                let wallet = EthereumWallet::from(key.clone());
                let provider = ProviderBuilder::new().wallet(wallet).connect_http(url).erased();
                let roles = chain.roles.clone();
                let spoke_pool = roles.get("across.spoke_pool").copied().unwrap_or_default();
                Ok(Side { chain_id: chain.chain_id, roles, spoke_pool, provider, next_block: 0 })
            })
            .collect::<Result<_, DevnetError>>()?;
        Ok(Self { address: key.address(), sides, due: VecDeque::new() })
    }

    /// Runs until it is dropped. A chain that does not answer is asked again.
    pub(crate) async fn run(mut self) {
        loop {
            for index in 0..self.sides.len() {
                if let Err(error) = self.watch(index).await {
                    log(&format!("deposits could not be read: {error}"));
                }
            }
            self.fill_due().await;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Queues the deposits of blocks that were not seen yet.
    async fn watch(&mut self, index: usize) -> Result<(), alloy::transports::TransportError> {
        let Some(side) = self.sides.get_mut(index) else { return Ok(()) };
        let latest = side.provider.get_block_number().await?;
        if latest < side.next_block {
            return Ok(());
        }
        let filter = Filter::new()
            .address(side.spoke_pool)
            .event_signature(V3FundsDeposited::SIGNATURE_HASH)
            .from_block(side.next_block)
            .to_block(latest);
        let logs = side.provider.get_logs(&filter).await?;
        side.next_block = latest.saturating_add(1);
        let (origin_chain_id, origin) = (side.chain_id, side.roles.clone());
        for deposit in logs.iter().filter_map(|entry| V3FundsDeposited::decode_log(&entry.inner).ok()) {
            let destination =
                self.sides.iter().find(|side| U256::from(side.chain_id) == deposit.destinationChainId);
            match destination.map(|side| (side.chain_id, self.refusal(&deposit, &origin, &side.roles))) {
                Some((destination, None)) => self.due.push_back(Due {
                    at: Instant::now().checked_add(RELAYER_DELAY).unwrap_or_else(Instant::now),
                    destination,
                    relay: relay_data(&deposit, origin_chain_id),
                    attempts: 0,
                }),
                Some((_, Some(reason))) => {
                    log(&format!("deposit {} is not filled: {reason}", deposit.depositId))
                }
                None => log(&format!("deposit {} is for a chain that is not here", deposit.depositId)),
            }
        }
        Ok(())
    }

    /// Why a deposit is not worth filling.
    fn refusal(
        &self,
        deposit: &V3FundsDeposited,
        origin: &Roles,
        destination: &Roles,
    ) -> Option<&'static str> {
        let same = |role: &&str| {
            origin.get(*role) == Some(&deposit.inputToken)
                && destination.get(*role) == Some(&deposit.outputToken)
        };
        if !BRIDGED.iter().any(same) {
            return Some("its output is another token than its input");
        }
        if !deposit.message.is_empty() {
            return Some("it carries a message");
        }
        if ![Address::ZERO, self.address].contains(&deposit.exclusiveRelayer) {
            return Some("it is for another relayer");
        }
        let fee = deposit.inputAmount.checked_sub(deposit.outputAmount);
        let wanted = fee_of(deposit.inputAmount);
        if fee.zip(wanted).is_none_or(|(fee, wanted)| fee < wanted) {
            return Some("its fee is too small");
        }
        None
    }

    /// Fills what has waited long enough.
    async fn fill_due(&mut self) {
        for _ in 0..self.due.len() {
            let Some(mut due) = self.due.pop_front() else { return };
            if Instant::now() < due.at {
                self.due.push_back(due);
                continue;
            }
            let Some(side) = self.sides.iter().find(|side| side.chain_id == due.destination) else {
                continue;
            };
            if let Err(reason) = fill(side, &due.relay).await {
                log(&format!("deposit {} could not be filled: {reason}", due.relay.depositId));
                due.attempts = due.attempts.saturating_add(1);
                if due.attempts < ATTEMPTS {
                    self.due.push_back(due);
                }
            }
        }
    }
}

/// The least fee for this input, in the token's smallest unit.
fn fee_of(input: U256) -> Option<U256> {
    input.checked_mul(U256::from(RELAYER_FEE_PIPS))?.checked_div(U256::from(1_000_000))
}

async fn fill(side: &Side, relay: &V3RelayData) -> Result<(), String> {
    // Repaid on the chain of the fill; in this world the relayer's inventory is deep enough never to be repaid.
    let call = fillV3RelayCall { relayData: relay.clone(), repaymentChainId: U256::from(side.chain_id) };
    let request = TransactionRequest::default().to(side.spoke_pool).input(call.abi_encode().into());
    let pending = side.provider.send_transaction(request).await.map_err(|e| e.to_string())?;
    let receipt = pending.get_receipt().await.map_err(|e| e.to_string())?;
    if receipt.status() { Ok(()) } else { Err(format!("{} reverted", receipt.transaction_hash)) }
}

fn relay_data(deposit: &V3FundsDeposited, origin_chain_id: u64) -> V3RelayData {
    V3RelayData {
        depositor: deposit.depositor,
        recipient: deposit.recipient,
        exclusiveRelayer: deposit.exclusiveRelayer,
        inputToken: deposit.inputToken,
        outputToken: deposit.outputToken,
        inputAmount: deposit.inputAmount,
        outputAmount: deposit.outputAmount,
        originChainId: U256::from(origin_chain_id),
        depositId: deposit.depositId,
        fillDeadline: deposit.fillDeadline,
        exclusivityDeadline: deposit.exclusivityDeadline,
        message: deposit.message.clone(),
    }
}

/// A line in the supervisor's log, which is its standard error.
fn log(line: &str) {
    drop(writeln!(std::io::stderr(), "relayer: {line}"));
}
