//! A network, live: reading, fees, broadcasting, receipts.

use std::sync::Arc;
use std::time::Duration;

use agent_core::pipeline::Journaled;
use agent_core::ports::{Chain, SendOutcome, View};
use agent_core::{
    Amount, Asset, BlockRef, Exit, Fees, Log, NetworkId, NetworkInfo, Portfolio, Receipt, Refusal,
};
use alloy_primitives::{Address, B256, U64, U128};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::protocols::across;
use crate::rpc::{Request, Rpc, value};
use crate::view::LiveView;
use crate::{portfolio, read};

/// How long one endpoint may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The least tip, wei per gas.
const PRIORITY_FEE_MIN: u128 = 1_000_000;
/// How the newest block is asked for.
const NEWEST: (&str, (&str, bool)) = ("eth_getBlockByNumber", ("latest", false));
/// Blocks whose tips are looked at.
const FEE_BLOCKS: u64 = 10;
/// Blocks of the destination that are searched for a bridge's fill.
const FILL_BLOCKS: u64 = 10_000;

/// One network through its endpoints.
#[derive(Debug)]
pub struct LiveChain {
    network: NetworkInfo,
    rpc: Arc<Rpc>,
}

#[derive(Deserialize)]
struct Block {
    number: U64,
    hash: B256,
    timestamp: U64,
}

impl From<Block> for BlockRef {
    fn from(block: Block) -> Self {
        Self { number: small(block.number), hash: block.hash, timestamp: small(block.timestamp) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeeHistory {
    base_fee_per_gas: Vec<U128>,
    #[serde(default)]
    reward: Option<Vec<Vec<U128>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeReceipt {
    block_hash: Option<B256>,
    status: U64,
    gas_used: U64,
    effective_gas_price: U128,
    logs: Vec<Log>,
}

impl LiveChain {
    /// # Errors
    /// `config.network`: an endpoint is no HTTP URL.
    pub fn new(network: NetworkInfo) -> Result<Self, Refusal> {
        Self::with_timeout(network, ANSWER_TIMEOUT)
    }

    /// As [`Self::new`], with another bound on the time that one endpoint may take for one answer.
    ///
    /// # Errors
    /// `config.network`: an endpoint is no HTTP URL.
    pub fn with_timeout(network: NetworkInfo, timeout: Duration) -> Result<Self, Refusal> {
        let rpc = Arc::new(Rpc::new(&network, timeout)?);
        Ok(Self { network, rpc })
    }

    async fn block(&self, method: &'static str, params: Value) -> Result<BlockRef, Refusal> {
        let block: Option<Block> = self.rpc.get(method, params).await?;
        block.map(BlockRef::from).ok_or_else(|| {
            Refusal::new(
                Exit::Unreachable,
                "rpc.no_block",
                format!("{} does not have this block (yet)", self.network.name),
            )
            .help("run the command again")
        })
    }

    fn view(&self, block: BlockRef) -> LiveView {
        LiveView { rpc: Arc::clone(&self.rpc), network: self.network.id, block }
    }

    fn no_base_fee(&self) -> Refusal {
        Refusal::new(Exit::Unreachable, "rpc.bad_answer", format!("{} states no base fee", self.network.name))
            .help("use an endpoint of a network with EIP-1559 fees")
    }
}

#[async_trait]
impl Chain for LiveChain {
    fn network(&self) -> NetworkId {
        self.network.id
    }

    async fn verify(&self) -> Result<(), Refusal> {
        self.rpc.verify().await
    }

    async fn head(&self) -> Result<Box<dyn View>, Refusal> {
        let block = self.block(NEWEST.0, json!(NEWEST.1)).await?;
        Ok(Box::new(self.view(block)))
    }

    async fn at(&self, number: u64) -> Result<Box<dyn View>, Refusal> {
        let block = self.block("eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await?;
        Ok(Box::new(self.view(block)))
    }

    async fn nonce(&self, account: Address) -> Result<u64, Refusal> {
        let nonce: U64 = self.rpc.get("eth_getTransactionCount", json!([account, "latest"])).await?;
        Ok(small(nonce))
    }

    async fn fees(&self) -> Result<Fees, Refusal> {
        let Request { method, params } = fee_history();
        let history: FeeHistory = self.rpc.get(method, params).await?;
        fees(&history).ok_or_else(|| self.no_base_fee())
    }

    async fn portfolio(&self, account: Address) -> Result<Portfolio, Refusal> {
        let newest = Request { method: NEWEST.0, params: json!(NEWEST.1) };
        let (block, history): (Block, FeeHistory) = self
            .rpc
            .get_all(&[newest, fee_history()], |answers| {
                let [block, history] = answers else { return None };
                Some((value(block)?, value(history)?))
            })
            .await?;
        let fees = fees(&history).ok_or_else(|| self.no_base_fee())?;
        portfolio::portfolio(&self.network, &self.view(block.into()), fees, account).await
    }

    async fn balances(
        &self,
        account: Address,
        assets: &[Asset],
        view: &dyn View,
    ) -> Result<Vec<Amount>, Refusal> {
        let raw = read::balances(&self.network, view, account, assets).await?;
        Ok(assets.iter().zip(raw).map(|(asset, raw)| asset.amount(raw)).collect())
    }

    async fn send(&self, tx: &Journaled) -> SendOutcome {
        if tx.network() != self.network.id {
            return SendOutcome::Rejected(format!("it was signed for {}", tx.network()));
        }
        match self.rpc.send(tx.raw()).await {
            Ok(Ok(hash)) if hash == tx.tx_hash() => SendOutcome::Accepted,
            Ok(Ok(hash)) => SendOutcome::Unknown(format!("the node names another transaction: {hash}")),
            Ok(Err(error)) => rejected(error.message),
            Err(fault) => SendOutcome::Unknown(self.rpc.refusal("eth_sendRawTransaction", fault).message),
        }
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Refusal> {
        let receipt: Option<NodeReceipt> = self.rpc.get("eth_getTransactionReceipt", json!([hash])).await?;
        let Some((receipt, block)) =
            receipt.and_then(|receipt| receipt.block_hash.map(|block| (receipt, block)))
        else {
            return Ok(None);
        };
        Ok(Some(Receipt {
            chain_id: self.network.id.chain_id,
            tx_hash: hash,
            success: receipt.status == U64::from(1),
            block: self.block("eth_getBlockByHash", json!([block, false])).await?,
            gas_used: small(receipt.gas_used),
            effective_gas_price: wei(receipt.effective_gas_price),
            logs: receipt.logs,
        }))
    }

    async fn bridge_fill(
        &self,
        origin: u64,
        deposit: &Receipt,
        out: &Asset,
    ) -> Result<Option<Amount>, Refusal> {
        let own = self.network.id.chain_id;
        let deposit = across::deposit_of(deposit, own).ok_or_else(|| {
            Refusal::new(
                Exit::Error,
                "bridge.no_deposit",
                format!("{} holds no deposit for chain {own}", deposit.tx_hash),
            )
        })?;
        let head = self.block(NEWEST.0, json!(NEWEST.1)).await?.number;
        let logs: Vec<Log> = self
            .rpc
            .get(
                "eth_getLogs",
                json!([{
                    "address": read::role(&self.network, "across.spoke_pool")?,
                    "topics": across::fill_topics(origin, &deposit),
                    "fromBlock": format!("{:#x}", head.saturating_sub(FILL_BLOCKS)),
                    "toBlock": format!("{head:#x}"),
                }]),
            )
            .await?;
        Ok(logs.iter().find_map(|log| across::filled(log, &deposit)).map(|raw| out.amount(raw)))
    }

    fn refund_after(&self, deposit: &Receipt) -> Option<u64> {
        across::refund_after(deposit)
    }
}

fn fee_history() -> Request {
    Request { method: "eth_feeHistory", params: json!([format!("{FEE_BLOCKS:#x}"), "latest", [50]]) }
}

/// What a node's refusal of a transaction means.
fn rejected(message: String) -> SendOutcome {
    let lower = message.to_lowercase();
    let known = ["already known", "already imported", "alreadyknown", "known transaction"];
    // A node's own trouble, or a pool that has another transaction of this nonce: these bytes may still be included.
    let open = ["internal error", "timeout", "timed out", "underpriced", "pool is full", "limit exceeded"];
    if known.iter().any(|text| lower.contains(text)) {
        SendOutcome::AlreadyKnown
    } else if open.iter().any(|text| lower.contains(text)) {
        SendOutcome::Unknown(message)
    } else {
        SendOutcome::Rejected(message)
    }
}

/// The median tip of late blocks, and room for the base fee to double (EIP-1559: six full blocks).
fn fees(history: &FeeHistory) -> Option<Fees> {
    let base = wei(*history.base_fee_per_gas.last()?);
    let mut tips: Vec<u128> = history.reward.iter().flatten().flatten().map(|tip| wei(*tip)).collect();
    tips.sort_unstable();
    let median = tips.get(tips.len().checked_div(2)?).copied().unwrap_or_default();
    let max_priority_fee_per_gas = median.max(PRIORITY_FEE_MIN);
    let max_fee_per_gas = base.saturating_mul(2).saturating_add(max_priority_fee_per_gas);
    Some(Fees { max_fee_per_gas, max_priority_fee_per_gas })
}

fn small(number: U64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn wei(number: U128) -> u128 {
    u128::try_from(number).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_have_room_for_twice_the_base_fee() {
        let history = |base: &[u64], tips: &[u64]| FeeHistory {
            base_fee_per_gas: base.iter().map(|wei| U128::from(*wei)).collect(),
            reward: Some(tips.iter().map(|wei| vec![U128::from(*wei)]).collect()),
        };
        let fees = |base: &[u64], tips: &[u64]| super::fees(&history(base, tips));
        let made = fees(&[5, 7_000_000], &[3_000_000, 1, 2_000_000]).unwrap();
        assert_eq!((made.max_fee_per_gas, made.max_priority_fee_per_gas), (16_000_000, 2_000_000));
        assert_eq!(fees(&[7], &[]).unwrap().max_priority_fee_per_gas, PRIORITY_FEE_MIN);
        assert!(fees(&[], &[1]).is_none());
    }

    #[test]
    fn what_nodes_say_of_a_transaction() {
        assert_eq!(rejected("already known".to_owned()), SendOutcome::AlreadyKnown);
        assert_eq!(rejected("Transaction already imported.".to_owned()), SendOutcome::AlreadyKnown);
        assert!(matches!(rejected("nonce too low: next nonce 5".to_owned()), SendOutcome::Rejected(_)));
        assert!(matches!(rejected("insufficient funds for gas".to_owned()), SendOutcome::Rejected(_)));
        assert!(matches!(
            rejected("replacement transaction underpriced".to_owned()),
            SendOutcome::Unknown(_)
        ));
    }
}
