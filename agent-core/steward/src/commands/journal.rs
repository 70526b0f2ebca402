//! `steward journal`: the record.

use agent_core::Refusal;
use serde_json::json;

use crate::cli::Journal;
use crate::compose::App;
use crate::output::Done;

pub(crate) async fn journal(app: &App, asked: &Journal) -> Result<Done, Refusal> {
    let core = app.core().await?;
    match asked {
        Journal::Show => {
            let entries = core.ledger.entries().await?;
            let lines = entries.iter().map(|entry| {
                let record = serde_json::to_value(&entry.record).unwrap_or_default();
                let kind = record.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
                let hash: String = entry.hash.chars().take(12).collect();
                format!(
                    "{:>5}  {}  {}  {kind}  {hash}",
                    entry.seq,
                    entry.at,
                    entry.plan_id.as_deref().unwrap_or("-")
                )
            });
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(Done::new(json!({"entries": entries}), text))
        }
        Journal::Verify => {
            let rows = core.ledger.verify().await?;
            Ok(Done::new(json!({"rows": rows, "intact": true}), format!("{rows} rows, the chain holds")))
        }
    }
}
