//! Typed reads of contracts through a view, one by one or many in one call of Multicall3.

use std::marker::PhantomData;

use agent_core::ports::View;
use agent_core::{Asset, CallEnd, CallOutcome, Exit, NetworkInfo, Refusal, tame};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, decode_revert_reason, sol};

use crate::protocols::erc20::IERC20;

sol! {
    /// <https://github.com/mds1/multicall3>
    #[derive(Debug)]
    interface IMulticall3 {
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calls) external payable returns (Result[] returnData);
        function getEthBalance(address account) external view returns (uint256 balance);
    }
}

/// One read. A revert is a refusal: what is asked here must answer.
pub(crate) async fn read<C: SolCall>(
    view: &dyn View,
    from: Address,
    to: Address,
    call: &C,
) -> Result<C::Return, Refusal> {
    decoded::<C>(to, &view.call(from, to, call.abi_encode().into()).await?)
}

fn decoded<C: SolCall>(to: Address, outcome: &CallOutcome) -> Result<C::Return, Refusal> {
    match &outcome.end {
        CallEnd::Success => C::abi_decode_returns(&outcome.output).map_err(|_| bad_answer(C::SIGNATURE, to)),
        CallEnd::Revert(reason) | CallEnd::Halt(reason) => {
            let message = format!("{} of {to} does not answer: {reason}", C::SIGNATURE);
            Err(Refusal::new(Exit::Unreachable, "rpc.bad_answer", message)
                .help("check the network's addresses in the configuration"))
        }
    }
}

/// Many reads at once; `None` for one that reverts or answers nonsense.
pub(crate) async fn read_all<C: SolCall>(
    network: &NetworkInfo,
    view: &dyn View,
    calls: &[(Address, C)],
) -> Result<Vec<Option<C::Return>>, Refusal> {
    let mut reads = Reads::default();
    let slots: Vec<Slot<C>> = calls.iter().map(|(to, call)| reads.ask(*to, call)).collect();
    let answers = reads.run(network, view).await?;
    Ok(slots.iter().map(|slot| answers.get(slot).ok()).collect())
}

/// Reads of any kind, collected to be made in one call of Multicall3.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    calls: Vec<IMulticall3::Call3>,
}

/// Where the answer to a collected read will be.
#[derive(Debug)]
pub(crate) struct Slot<C> {
    index: usize,
    call: PhantomData<C>,
}

/// The answers to collected reads.
#[derive(Debug)]
pub(crate) struct Answers {
    results: Vec<IMulticall3::Result>,
}

impl Reads {
    pub(crate) fn ask<C: SolCall>(&mut self, target: Address, call: &C) -> Slot<C> {
        let index = self.calls.len();
        self.calls.push(IMulticall3::Call3 {
            target,
            allowFailure: true,
            callData: call.abi_encode().into(),
        });
        Slot { index, call: PhantomData }
    }

    pub(crate) async fn run(self, network: &NetworkInfo, view: &dyn View) -> Result<Answers, Refusal> {
        if self.calls.is_empty() {
            return Ok(Answers { results: Vec::new() });
        }
        let (multicall, data) = self.call(network)?;
        let outcome = view.call(Address::ZERO, multicall, data).await?;
        self.answers(multicall, &outcome)
    }

    /// Multicall3 and what to call it with.
    pub(crate) fn call(&self, network: &NetworkInfo) -> Result<(Address, Bytes), Refusal> {
        let call = IMulticall3::aggregate3Call { calls: self.calls.clone() };
        Ok((role(network, "multicall3")?, call.abi_encode().into()))
    }

    pub(crate) fn answers(&self, multicall: Address, outcome: &CallOutcome) -> Result<Answers, Refusal> {
        let results = decoded::<IMulticall3::aggregate3Call>(multicall, outcome)?;
        if results.len() != self.calls.len() {
            return Err(bad_answer("aggregate3", multicall));
        }
        Ok(Answers { results })
    }
}

impl Answers {
    /// The error is why there is no answer, tamed.
    pub(crate) fn get<C: SolCall>(&self, slot: &Slot<C>) -> Result<C::Return, String> {
        let result = self.results.get(slot.index).ok_or("it was not asked")?;
        if !result.success {
            let reason = decode_revert_reason(&result.returnData);
            return Err(reason.map_or_else(|| "it reverts".to_owned(), |reason| tame(&reason)));
        }
        C::abi_decode_returns(&result.returnData)
            .map_err(|_| format!("it does not answer {} as such a contract does", C::SIGNATURE))
    }
}

/// Balances of one account, smallest units, in the order of `assets`.
pub(crate) async fn balances(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    assets: &[Asset],
) -> Result<Vec<U256>, Refusal> {
    let mut reads = Reads::default();
    let asked: Vec<Balance> = assets
        .iter()
        .map(|asset| Balance::ask(&mut reads, network, account, asset))
        .collect::<Result<_, _>>()?;
    let answers = reads.run(network, view).await?;
    let raw = asked.iter().zip(assets).map(|(balance, asset)| {
        balance.get(&answers).map_err(|_| bad_answer("balanceOf", asset.token().unwrap_or_default()))
    });
    raw.collect()
}

/// A collected read of a balance.
#[derive(Debug)]
pub(crate) enum Balance {
    Native(Slot<IMulticall3::getEthBalanceCall>),
    Token(Slot<IERC20::balanceOfCall>),
}

impl Balance {
    pub(crate) fn ask(
        reads: &mut Reads,
        network: &NetworkInfo,
        account: Address,
        asset: &Asset,
    ) -> Result<Self, Refusal> {
        Ok(match asset.token() {
            Some(token) => Self::Token(reads.ask(token, &IERC20::balanceOfCall { account })),
            None => {
                let call = IMulticall3::getEthBalanceCall { account };
                Self::Native(reads.ask(role(network, "multicall3")?, &call))
            }
        })
    }

    /// Smallest units; the error is why it is not known.
    pub(crate) fn get(&self, answers: &Answers) -> Result<U256, String> {
        match self {
            Self::Native(slot) => answers.get(slot),
            Self::Token(slot) => answers.get(slot),
        }
    }
}

pub(crate) fn role(network: &NetworkInfo, role: &str) -> Result<Address, Refusal> {
    network.role(role).ok_or_else(|| {
        Refusal::new(Exit::NotPossible, "world.lacks", format!("{} has no {role}", network.name))
            .help("name another network")
    })
}

fn bad_answer(what: &str, to: Address) -> Refusal {
    Refusal::new(
        Exit::Unreachable,
        "rpc.bad_answer",
        format!("{to} does not answer {what} as such a contract does"),
    )
    .help("check the network's addresses in the configuration")
}
