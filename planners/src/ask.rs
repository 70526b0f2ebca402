//! Questions and refusals: what comes back instead of a plan.

use agent_core::draft::Outcome;

pub(crate) fn clarify(code: &str, missing: &[&str], question: impl Into<String>) -> Outcome {
    Outcome::Clarify {
        code: code.to_owned(),
        missing: missing.iter().map(|field| (*field).to_owned()).collect(),
        question: question.into(),
    }
}

pub(crate) fn refuse(code: &str, reason: impl Into<String>) -> Outcome {
    Outcome::Refuse { code: code.to_owned(), reason: reason.into() }
}

/// The sentence was not understood at all.
pub(crate) fn not_understood() -> Outcome {
    clarify("clarify.sentence", &[], "I could not make sense of that. Could you say it in other words?")
}

/// What the user wrote, short and without control or invisible characters, for a message.
pub(crate) fn shown(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !crate::lexer::is_invisible(*c)).collect();
    if visible.chars().count() <= 60 {
        return visible;
    }
    visible.chars().take(57).chain("...".chars()).collect()
}

/// The question for a field that `action` lacks, and its code.
pub(crate) fn for_field(action: &str, field: &str, asset: Option<&str>) -> (&'static str, String) {
    let verb = action.replace('_', " ");
    let what = asset.unwrap_or("it");
    match (action, field) {
        ("bridge", "to") => ("clarify.chain", format!("Which chain should {what} be bridged to?")),
        ("delegate", "to") => ("clarify.payee", "Who should the votes be delegated to?".to_owned()),
        (_, "to") => ("clarify.payee", format!("Who should {what} be sent to?")),
        ("remove_liquidity", "amount") => (
            "clarify.amount",
            "How much of the liquidity should I take out: all of it, or a share?".to_owned(),
        ),
        (_, "amount") => {
            ("clarify.amount", format!("How much {} should I {verb}?", asset.unwrap_or("of it")))
        }
        ("swap", "sell") => ("clarify.token", "Which token should be sold?".to_owned()),
        ("swap", "buy") => ("clarify.token", "Which token do you want to get?".to_owned()),
        (_, "asset") => ("clarify.token", format!("Which token should I {verb}?")),
        (_, "pair") => ("clarify.token", "Which two tokens does the pool have?".to_owned()),
        (_, "position") => {
            ("clarify.position", "Which position do you mean: its number, or its pair of tokens?".to_owned())
        }
        (_, "governor") => ("clarify.protocol", "Which protocol's governance do you mean?".to_owned()),
        (_, "proposal") => ("clarify.number", "Which proposal, by its number?".to_owned()),
        (_, "targets") => ("clarify.number", "Which share should each token have?".to_owned()),
        (_, "trigger") => ("clarify.trigger", "When exactly should that happen?".to_owned()),
        (_, "fee_bps") => ("clarify.number", "Which fee tier, in percent?".to_owned()),
        (_, "max_slippage_bps") => ("clarify.number", "How much slippage at most, in percent?".to_owned()),
        (_, "range") => ("clarify.number", "Which price range should the position cover?".to_owned()),
        (_, "use") => ("clarify.collateral", "Should it count as collateral, or not any more?".to_owned()),
        (_, field) => ("clarify.sentence", format!("Which {} do you mean?", field.replace('_', " "))),
    }
}

/// A message of our own with foreign text in it, without invisible characters and not without end.
pub(crate) fn shown_long(text: &str) -> String {
    text.chars().filter(|c| !crate::lexer::is_invisible(*c)).take(400).collect()
}
