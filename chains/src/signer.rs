//! The last look before a signature: the calldata is read once more, and what this signer does not understand, or what
//! passes its own cap, it does not sign, whatever was authorized.

use std::fmt;
use std::sync::Arc;

use agent_core::pipeline::{Authorized, Signed, TxRequest};
use agent_core::ports::{Clock, Signer};
use agent_core::{Amount, Asset, AssetKind, Exit, NetworkInfo, Refusal, Registry};
use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, TxKind, U256};
use async_trait::async_trait;

use crate::decode::{Decoded, decode};
use crate::protocols::permit2::SPENDER;

/// The most of an asset that one transaction may move or allow, whole units: always far below 2^128 smallest units.
const CAPS: [(&str, u64); 14] = [
    ("ETH", 100),
    ("WETH", 100),
    ("stETH", 100),
    ("wstETH", 100),
    ("USDC", 200_000),
    ("USDC.e", 200_000),
    ("USDT", 200_000),
    ("DAI", 200_000),
    ("WBTC", 4),
    ("LINK", 20_000),
    ("UNI", 40_000),
    ("AAVE", 2_000),
    ("ARB", 500_000),
    ("OP", 300_000),
];

/// Roles that may be allowed to take tokens. What a wrapper takes becomes its own token.
const TAKES: [&str; 7] = [
    "uniswap.swap_router02",
    "uniswap.v2_router02",
    "uniswap.position_manager",
    "permit2",
    "aave.pool",
    "across.spoke_pool",
    "wsteth",
];

/// Signs EIP-1559 transactions with a key in memory.
pub struct LocalSigner {
    key: PrivateKeySigner,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    caps: Vec<(String, u64)>,
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner")
            .field("address", &self.key.address())
            .field("caps", &self.caps)
            .finish_non_exhaustive()
    }
}

impl LocalSigner {
    /// With caps of about 200,000 dollars' worth of each asset a transaction.
    pub fn new(key: PrivateKeySigner, registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        let caps = CAPS.iter().map(|(symbol, cap)| ((*symbol).to_owned(), *cap)).collect();
        Self { key, registry, clock, caps }
    }

    /// Reads the transaction as the chain will and says what is wrong with it.
    fn check(&self, tx: &TxRequest) -> Result<(), Refusal> {
        let network = self.registry.network(tx.network.chain_id).filter(|network| network.id == tx.network);
        let network =
            network.ok_or_else(|| refused("network", &format!("{} is not in the registry", tx.network)))?;
        if tx.from != self.key.address() {
            return Err(refused(
                "account",
                &format!("it is for {}, and this key is {}'s", tx.from, self.key.address()),
            ));
        }
        let decoded = decode(&self.registry, network, tx.to, tx.value, &tx.data);
        let decoded = decoded.map_err(|why| refused("calldata", &why))?;
        if let Some(other) = decoded.beneficiaries.iter().find(|address| **address != tx.from) {
            return Err(refused("beneficiary", &format!("`{}` benefits {other}", decoded.text)));
        }
        self.payee(network, &decoded)?;
        self.allowance(network, tx.to, &decoded)?;
        let gas = U256::from(tx.gas_limit).saturating_mul(U256::from(tx.fees.max_fee_per_gas));
        let native = decoded.out.iter().filter(|(kind, _)| *kind == AssetKind::Native).map(|(_, raw)| *raw);
        self.cap(network, AssetKind::Native, native.fold(gas, U256::saturating_add))?;
        for (kind, raw) in decoded.out.iter().filter(|(kind, _)| *kind != AssetKind::Native) {
            self.cap(network, *kind, *raw)?;
        }
        Ok(())
    }

    fn payee(&self, network: &NetworkInfo, decoded: &Decoded) -> Result<(), Refusal> {
        match decoded.payee.filter(|payee| payee.is_zero() || network.contracts.contains_key(payee)) {
            Some(payee) => {
                Err(refused("payee", &format!("`{}` pays a contract or nobody ({payee})", decoded.text)))
            }
            None => Ok(()),
        }
    }

    fn allowance(&self, network: &NetworkInfo, to: Address, decoded: &Decoded) -> Result<(), Refusal> {
        let Some((token, spender, raw)) = decoded.allowance.filter(|(.., raw)| !raw.is_zero()) else {
            return Ok(());
        };
        let is = |role: &str, address| network.role(role) == Some(address);
        let inside_permit2 = is("permit2", to) && is(SPENDER, spender);
        if !inside_permit2 && !TAKES.iter().any(|role| is(role, spender)) {
            return Err(refused(
                "spender",
                &format!("`{}`: {spender} is no contract that takes allowances", decoded.text),
            ));
        }
        self.cap(network, AssetKind::Erc20(token), raw)
    }

    fn cap(&self, network: &NetworkInfo, kind: AssetKind, raw: U256) -> Result<(), Refusal> {
        let asset = network.assets.iter().find(|asset| asset.kind == kind);
        let asset = asset.ok_or_else(|| refused("asset", &format!("{kind:?} is not in the registry")))?;
        let most = self.most(asset).ok_or_else(|| refused("cap", &format!("{} has no cap", asset.symbol)))?;
        if raw > most.raw() {
            return Err(refused(
                "cap",
                &format!("{} is over the signer's own cap of {most} a transaction", asset.amount(raw)),
            ));
        }
        Ok(())
    }

    fn most(&self, asset: &Asset) -> Option<Amount> {
        let (_, cap) = self.caps.iter().find(|(symbol, _)| *symbol == asset.symbol)?;
        let raw = agent_core::asset::ten_pow(asset.decimals)?.checked_mul(U256::from(*cap))?;
        Some(asset.amount(raw))
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn address(&self) -> Address {
        self.key.address()
    }

    async fn sign(&self, authorized: Authorized) -> Result<Signed, Refusal> {
        let now = self.clock.now();
        if now >= authorized.expires_at() {
            let message = format!("the authorization ended at {}, and it is {now}", authorized.expires_at());
            return Err(Refusal::new(Exit::Stale, "signer.expired", message).help("run the command again"));
        }
        let tx = authorized.tx();
        self.check(tx)?;
        let unsigned = TxEip1559 {
            chain_id: tx.network.chain_id,
            nonce: tx.nonce,
            gas_limit: tx.gas_limit,
            max_fee_per_gas: tx.fees.max_fee_per_gas,
            max_priority_fee_per_gas: tx.fees.max_priority_fee_per_gas,
            to: TxKind::Call(tx.to),
            value: tx.value,
            access_list: Default::default(),
            input: tx.data.clone(),
        };
        let signature = self.key.sign_hash_sync(&unsigned.signature_hash());
        let signature = signature.map_err(|error| {
            Refusal::new(
                Exit::Unreachable,
                "signer.failed",
                agent_core::tame(&format!("the key could not sign: {error}")),
            )
        })?;
        let envelope: TxEnvelope = unsigned.into_signed(signature).into();
        let tx_hash = *envelope.tx_hash();
        Ok(authorized.signed(envelope.encoded_2718().into(), tx_hash))
    }
}

fn refused(rule: &str, why: &str) -> Refusal {
    Refusal::new(Exit::Denied, format!("signer.{rule}"), format!("the signer refused a transaction: {why}"))
        .help("nothing was signed; an intent that needs this cannot be carried out with this key")
}
