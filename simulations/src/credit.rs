//! Puts money on a fork that is not there yet: what a bridge will have brought, for a preview.

use agent_core::{Asset, Exit, Refusal};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use revm::DatabaseRef;

use crate::deltas::balanceOfCall;
use crate::fork::LocalFork;

/// Gas for finding out where a token keeps a balance.
const FIND_GAS: u64 = 1_000_000;

impl LocalFork {
    /// Adds `raw` to what `account` holds of `asset`.
    pub(crate) fn put(&mut self, account: Address, asset: &Asset, raw: U256) -> Result<(), Refusal> {
        match asset.token() {
            Some(token) => self.put_token(account, token, asset, raw),
            None => {
                let info = self.state.basic_ref(account).map_err(|error| self.ground.unread(&error))?;
                let mut info = info.unwrap_or_default();
                info.balance = info.balance.saturating_add(raw);
                self.state.insert_account_info(account, info);
                Ok(())
            }
        }
    }

    /// Writes the new balance to each slot that `balanceOf` reads, until `balanceOf` gives it back.
    fn put_token(
        &mut self,
        account: Address,
        token: Address,
        asset: &Asset,
        raw: U256,
    ) -> Result<(), Refusal> {
        let refused = || {
            let message = format!(
                "cannot preview {} that a bridge brings: its balances are not plain slots",
                asset.symbol
            );
            Refusal::new(Exit::NotPossible, "simulation.cannot_credit", message)
        };
        let call = balanceOfCall { account }.abi_encode();
        let before = self.ground.read(&self.state, token, &call)?.ok_or_else(refused)?;
        let wanted = before.checked_add(raw).ok_or_else(refused)?;
        let executed =
            self.ground.try_call(&self.state, Address::ZERO, token, call.clone().into(), FIND_GAS)?;
        let reads = executed.map_err(|_| refused())?.watch.reads;
        for (contract, slot) in reads {
            let mut trial = self.state.clone();
            trial
                .insert_account_storage(contract, slot, wanted)
                .map_err(|error| self.ground.unread(&error))?;
            if self.ground.read(&trial, token, &call)? == Some(wanted) {
                self.state = trial;
                return Ok(());
            }
        }
        Err(refused())
    }
}
