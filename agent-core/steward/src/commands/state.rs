//! `steward portfolio`, `halt` and `resume`: what the account has, and whether the agent may sign.

use agent_core::Refusal;
use serde_json::json;

use crate::chat;
use crate::cli::Halt;
use crate::compose::App;
use crate::output::Done;

pub(crate) async fn portfolio(app: &App) -> Result<Done, Refusal> {
    let (portfolios, unknown) = app.core().await?.portfolio().await?;
    let text = chat::text::portfolio(&portfolios, &unknown).join("\n");
    Ok(Done::new(json!({"portfolios": portfolios, "unknown": unknown}), text))
}

/// Holds for every process of this journal, at once and across restarts: it is a row.
pub(crate) async fn halt(app: &App, asked: &Halt) -> Result<Done, Refusal> {
    let text = app.core().await?.halt(&asked.because).await?;
    Ok(Done::new(json!({"halted": true, "level": asked.level, "because": asked.because}), text))
}

pub(crate) async fn resume(app: &App) -> Result<Done, Refusal> {
    let text = app.core().await?.unhalt().await?;
    Ok(Done::new(json!({"halted": false}), text))
}
