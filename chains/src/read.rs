//! Typed reads of contracts through a view, one by one or many in one call of Multicall3.

use agent_core::ports::View;
use agent_core::{Asset, CallEnd, Exit, NetworkInfo, Refusal};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};

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
    let outcome = view.call(from, to, call.abi_encode().into()).await?;
    match outcome.end {
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
    let raw = calls.iter().map(|(to, call)| (*to, call.abi_encode().into())).collect();
    let outputs = aggregate(network, view, raw).await?;
    Ok(outputs.into_iter().map(|output| C::abi_decode_returns(&output?).ok()).collect())
}

async fn aggregate(
    network: &NetworkInfo,
    view: &dyn View,
    calls: Vec<(Address, Bytes)>,
) -> Result<Vec<Option<Bytes>>, Refusal> {
    let count = calls.len();
    if count == 0 {
        return Ok(Vec::new());
    }
    let multicall = role(network, "multicall3")?;
    let calls = calls.into_iter().map(|(target, data)| IMulticall3::Call3 {
        target,
        allowFailure: true,
        callData: data,
    });
    let call = IMulticall3::aggregate3Call { calls: calls.collect() };
    let results = read(view, Address::ZERO, multicall, &call).await?;
    if results.len() != count {
        return Err(bad_answer("aggregate3", multicall));
    }
    Ok(results.into_iter().map(|result| result.success.then_some(result.returnData)).collect())
}

/// Balances of one account, smallest units, in the order of `assets`.
pub(crate) async fn balances(
    network: &NetworkInfo,
    view: &dyn View,
    account: Address,
    assets: &[Asset],
) -> Result<Vec<U256>, Refusal> {
    let multicall = role(network, "multicall3")?;
    let calls = assets.iter().map(|asset| match asset.token() {
        None => (multicall, IMulticall3::getEthBalanceCall { account }.abi_encode().into()),
        Some(token) => (token, IERC20::balanceOfCall { account }.abi_encode().into()),
    });
    let outputs = aggregate(network, view, calls.collect()).await?;
    let raw = outputs.iter().zip(assets).map(|(output, asset)| {
        let output = output.as_ref().and_then(|output| U256::abi_decode(output).ok());
        output.ok_or_else(|| bad_answer("balanceOf", asset.token().unwrap_or(multicall)))
    });
    raw.collect()
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
