//! `steward tokens`: what a symbol names.

use agent_core::{Asset, Exit, Refusal};
use serde_json::json;

use crate::cli::Tokens;
use crate::compose::App;
use crate::output::Done;

pub(crate) async fn tokens(app: &App, asked: &Tokens) -> Result<Done, Refusal> {
    let Tokens::Resolve { symbol } = asked;
    let core = app.core().await?;
    let networks = core.registry.networks.values();
    let named: Vec<(&str, &Asset)> = networks
        .flat_map(|network| network.assets.iter().map(|asset| (network.name.as_str(), asset)))
        .filter(|(_, asset)| asset.symbol.eq_ignore_ascii_case(symbol))
        .collect();
    if named.is_empty() {
        let message = format!("no token of these networks is called `{}`", agent_core::tame(symbol));
        return Err(Refusal::new(Exit::Question, "clarify.token", message)
            .help("`steward portfolio` lists the tokens that are known"));
    }
    let data: Vec<_> = named
        .iter()
        .map(|(chain, asset)| {
            json!({"chain": agent_core::caip2(asset.chain_id), "name": chain, "symbol": asset.symbol,
                   "asset": asset.caip19(), "decimals": asset.decimals})
        })
        .collect();
    let lines = named.iter().map(|(chain, asset)| {
        format!("{} on {chain}: {}, {} decimals", asset.symbol, asset.caip19(), asset.decimals)
    });
    Ok(Done::new(json!({"tokens": data}), lines.collect::<Vec<_>>().join("\n")))
}
