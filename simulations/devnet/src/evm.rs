//! revm as a deployer: one chain's state and the calls that build it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::{TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};

use crate::{
    artifacts::{Artifacts, Contract},
    error::DevnetError,
    places::place,
    world::{Account, Roles},
};

/// When the world was made, as its contracts saw it (2025-10-09): before any clock that will run it.
pub(crate) const MADE_AT: u64 = 1_760_000_000;
const GAS_LIMIT: u64 = 10_000_000_000;

/// An address that no one has a key for.
pub(crate) fn named(label: &str) -> Address {
    Address::from_word(keccak256(format!("steward demo world: {label}")))
}

/// Owner and admin of what is deployed, and the seeder of pools.
pub(crate) fn admin() -> Address {
    named("admin")
}

/// One chain while it is built. Gas costs nothing, and no signature is asked for.
pub(crate) struct Evm<'a> {
    pub(crate) chain_id: u64,
    artifacts: &'a Artifacts,
    db: CacheDB<EmptyDB>,
    libraries: BTreeMap<String, Address>,
    roles: Roles,
}

impl<'a> Evm<'a> {
    pub(crate) fn new(chain_id: u64, artifacts: &'a Artifacts) -> Self {
        Self {
            chain_id,
            artifacts,
            db: CacheDB::new(EmptyDB::default()),
            libraries: BTreeMap::new(),
            roles: Roles::new(),
        }
    }

    /// Where the contract of this role stands, or will stand.
    pub(crate) fn place(&self, role: &str) -> Address {
        place(self.chain_id, role)
    }

    /// The contract of a role that was deployed before.
    pub(crate) fn at(&self, role: &str) -> Result<Address, DevnetError> {
        self.roles.get(role).copied().ok_or_else(|| DevnetError::Deploy {
            step: format!("looking up `{role}`"),
            reason: format!("chain {} has none so far", self.chain_id),
        })
    }

    /// Names a contract that others should find.
    pub(crate) fn set_role(&mut self, role: &str, address: Address) {
        self.roles.insert(role.to_owned(), address);
    }

    /// Deploys the contract `name` at the place of `role`, and names it so.
    pub(crate) fn deploy_role(
        &mut self,
        role: &str,
        name: &str,
        arguments: Vec<u8>,
    ) -> Result<Address, DevnetError> {
        let address = self.deploy(self.place(role), name, arguments)?;
        self.set_role(role, address);
        Ok(address)
    }

    /// Runs the constructor of `name` at `address` and leaves the code it returns there, as a creation would.
    ///
    /// The creation code is first laid at the address itself and called: so a contract stands where the real one does,
    /// whichever deployer and nonce (or salt) brought the real one there, and its own address in immutables is right.
    pub(crate) fn deploy(
        &mut self,
        address: Address,
        name: &str,
        arguments: Vec<u8>,
    ) -> Result<Address, DevnetError> {
        let mut creation = link(name, self.artifacts.contract(name)?, &self.libraries)?;
        creation.extend(arguments);
        self.set_code(address, creation.into(), 1);
        let runtime = self.call(admin(), address, U256::ZERO, Bytes::new(), name)?;
        let nonce = self.db.load_account(address).map_or(1, |account| account.info.nonce);
        self.set_code(address, runtime, nonce);
        Ok(address)
    }

    /// As [`Evm::deploy`], where `factory` creates the contract by CREATE2 with a salt of zero.
    pub(crate) fn deploy_create2(&mut self, factory: Address, name: &str) -> Result<Address, DevnetError> {
        let creation = &self.artifacts.contract(name)?.creation;
        let address = factory.create2_from_code(B256::ZERO, creation);
        self.deploy(address, name, Vec::new())
    }

    /// Deploys a library that later contracts link.
    pub(crate) fn deploy_library(&mut self, name: &str) -> Result<(), DevnetError> {
        let address = self.deploy(named(name), name, Vec::new())?;
        self.libraries.insert(name.to_owned(), address);
        Ok(())
    }

    /// Sends a typed call and reads what it returned.
    pub(crate) fn send<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<C::Return, DevnetError> {
        let output = self.call(from, to, U256::ZERO, call.abi_encode().into(), C::SIGNATURE)?;
        C::abi_decode_returns(&output)
            .map_err(|e| DevnetError::Deploy { step: C::SIGNATURE.to_owned(), reason: e.to_string() })
    }

    /// Sends a call with value; anything but a success is an error that names `step`.
    pub(crate) fn call(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
        data: Bytes,
        step: &str,
    ) -> Result<Bytes, DevnetError> {
        let failed = |reason: String| DevnetError::Deploy { step: format!("{step} on {to}"), reason };
        let mut evm = Context::mainnet()
            .with_db(&mut self.db)
            .modify_cfg_chained(|cfg| {
                cfg.chain_id = self.chain_id;
                cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
                cfg.disable_nonce_check = true;
                cfg.tx_gas_limit_cap = Some(u64::MAX);
                cfg.limit_contract_code_size = Some(usize::MAX);
                cfg.limit_contract_initcode_size = Some(usize::MAX);
            })
            .modify_block_chained(|block| {
                block.number = U256::ZERO;
                block.timestamp = U256::from(MADE_AT);
            })
            .build_mainnet();
        let tx = TxEnv::builder()
            .caller(from)
            .kind(TxKind::Call(to))
            .value(value)
            .data(data)
            .gas_limit(GAS_LIMIT)
            .gas_price(0)
            .chain_id(Some(self.chain_id))
            .build()
            .map_err(|e| failed(format!("{e:?}")))?;
        match evm.transact_commit(tx).map_err(|e| failed(e.to_string()))? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(failed(format!("reverted with {output}"))),
            ExecutionResult::Halt { reason, .. } => Err(failed(format!("halted: {reason:?}"))),
        }
    }

    /// Gives an account this many wei more.
    pub(crate) fn credit(&mut self, address: Address, wei: U256) {
        let mut info = self.info(address);
        info.balance = info.balance.saturating_add(wei);
        self.db.insert_account_info(address, info);
    }

    /// Writes a storage slot.
    pub(crate) fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        match self.db.insert_account_storage(address, slot, value) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    fn set_code(&mut self, address: Address, code: Bytes, nonce: u64) {
        let info = self.info(address).with_nonce(nonce).with_code(Bytecode::new_raw(code));
        self.db.insert_account_info(address, info);
    }

    fn info(&mut self, address: Address) -> AccountInfo {
        self.db.load_account(address).map(|account| account.info.clone()).unwrap_or_default()
    }

    /// Everything that is not empty, and where to find it.
    pub(crate) fn into_state(self) -> (BTreeMap<Address, Account>, Roles) {
        let contracts = self.db.cache.contracts;
        let account = |entry: revm::database::DbAccount| {
            let code = contracts.get(&entry.info.code_hash).map(Bytecode::original_bytes).unwrap_or_default();
            Account {
                balance: entry.info.balance,
                nonce: entry.info.nonce,
                code,
                storage: entry.storage.into_iter().filter(|(_, value)| !value.is_zero()).collect(),
            }
        };
        let accounts = self
            .db
            .cache
            .accounts
            .into_iter()
            .map(|(address, entry)| (address, account(entry)))
            .filter(|(_, account)| *account != Account::default())
            .collect();
        (accounts, self.roles)
    }
}

/// The creation code with the libraries' addresses written into it.
fn link(
    name: &str,
    contract: &Contract,
    libraries: &BTreeMap<String, Address>,
) -> Result<Vec<u8>, DevnetError> {
    let failed = |reason: String| DevnetError::Deploy { step: name.to_owned(), reason };
    let mut code = contract.creation.to_vec();
    for (library, offsets) in &contract.links {
        let address =
            libraries.get(library).ok_or_else(|| failed(format!("library {library} is not deployed yet")))?;
        for offset in offsets {
            let end = offset.saturating_add(Address::len_bytes());
            let place = code.get_mut(*offset..end).ok_or_else(|| failed(format!("no room for {library}")))?;
            place.copy_from_slice(address.as_slice());
        }
    }
    Ok(code)
}
