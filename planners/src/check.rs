//! The check of a read sentence: what can never be is refused, what is not clear is asked about. Here by its words;
//! by what the steps took of them in `uses.rs`, by the steps' values in `values.rs`.

use agent_core::draft::{DraftAmount, Outcome};

use crate::{
    ask::{clarify, refuse, shown},
    evidence,
    lexer::{Kind, Lexed, Payee, Place, Problem, Value},
    lines::Writer,
};

/// What the words alone rule out, whatever the model wrote: first what can never be, then what is not clear.
pub(crate) fn words(lexed: &Lexed) -> Option<Outcome> {
    let problems = [
        Problem::Negative,
        Problem::TooLarge,
        Problem::NotANumber,
        Problem::Unlimited,
        Problem::Ambiguous,
        Problem::Malformed,
        Problem::Vague,
    ];
    let (never, unclear) = problems.split_at_checked(4).unwrap_or_default();
    let in_amounts = |problems: &[Problem]| {
        problems.iter().find_map(|problem| {
            let is = |kind: &Kind| matches!(kind, Kind::Amount { value: Value::Problem(own), .. } if own == problem);
            let token = lexed.tokens.iter().find(|token| is(&token.kind))?;
            Some(amount(*problem, &shown(lexed.said(token))))
        })
    };
    in_amounts(never)
        .or_else(|| unlimited_approval(lexed))
        .or_else(|| in_amounts(unclear))
        .or_else(|| names(lexed))
        .or_else(|| stranger(lexed))
        .or_else(|| {
            let question = "That says what not to do; what should I do?";
            evidence::forbids(lexed).then(|| clarify("clarify.sentence", &["action"], question))
        })
}

fn amount(problem: Problem, said: &str) -> Outcome {
    let never = |reason: String| refuse("input.amount", reason);
    let unclear = |code: &str, question: String| clarify(code, &["amount"], question);
    match problem {
        Problem::Negative => never(format!("`{said}` is negative; an amount has to be above zero.")),
        Problem::TooLarge => never(format!("`{said}` does not fit 256 bits.")),
        Problem::NotANumber => never(format!("`{said}` is not a number.")),
        Problem::Unlimited => never(format!("`{said}` has no bound; name an amount.")),
        Problem::Ambiguous => unclear(
            "clarify.number",
            format!("`{said}` can be read in two ways; which number is it, without separators?"),
        ),
        Problem::Malformed => unclear(
            "clarify.number",
            format!("I can't read `{said}` as a number; how much is it, in plain digits?"),
        ),
        Problem::Vague => unclear("clarify.amount", format!("How much is `{said}`, exactly?")),
    }
}

fn unlimited_approval(lexed: &Lexed) -> Option<Outcome> {
    let approves = |kind: &Kind| matches!(kind, Kind::Word(word) if matches!(word.as_str(), "approve" | "allow" | "permit"));
    let all = |kind: &Kind| matches!(kind, Kind::Amount { value: Value::Quantity(DraftAmount::All), .. });
    let has = |test: &dyn Fn(&Kind) -> bool| lexed.tokens.iter().any(|token| test(&token.kind));
    let reason = "An unlimited allowance is never given; each step approves exactly what it spends.";
    (has(&approves) && has(&all)).then(|| refuse("input.amount", reason))
}

/// Malformed addresses and names that nothing is known about.
fn names(lexed: &Lexed) -> Option<Outcome> {
    lexed.tokens.iter().find_map(|token| {
        let said = shown(lexed.said(token));
        let (code, field, question) = match &token.kind {
            Kind::Payee(Payee::Malformed) => (
                "clarify.address",
                "to",
                format!("`{said}` is not an address (0x and 40 hex digits); which one is it?"),
            ),
            Kind::Payee(Payee::Checksum) => (
                "clarify.checksum",
                "to",
                format!("The checksum of `{said}` is wrong: a typing error. Please copy the address again."),
            ),
            Kind::Unknown(Place::Token) => {
                ("clarify.token", "asset", format!("I don't know the token `{said}`; which one do you mean?"))
            }
            Kind::Unknown(Place::Network) => (
                "clarify.chain",
                "chain",
                format!("I know no chain or protocol called `{said}`; which one do you mean?"),
            ),
            Kind::Payee(Payee::Address | Payee::Ens | Payee::Contact | Payee::Unknown)
            | Kind::Word(_)
            | Kind::Break
            | Kind::Quoted
            | Kind::Amount { .. }
            | Kind::Time(_)
            | Kind::Name(_) => return None,
        };
        Some(clarify(code, &[field], question))
    })
}

/// The only payee is a word that is in no address book. (Of several, how much each gets is asked first.)
fn stranger(lexed: &Lexed) -> Option<Outcome> {
    let mut payees = lexed.tokens.iter().filter(|token| matches!(token.kind, Kind::Payee(_)));
    let only = payees.next().filter(|_| payees.next().is_none())?;
    (only.kind == Kind::Payee(Payee::Unknown)).then(|| who(lexed.said(only)))
}

pub(crate) fn who(said: &str) -> Outcome {
    let said = shown(said);
    clarify(
        "clarify.payee",
        &["to"],
        format!("Who is `{said}`? They are not in your contacts; give an address or an ENS name."),
    )
}

/// All that the steps lack is named at once; the first of it is the question.
pub(crate) fn questions(writer: &Writer<'_>) -> Option<Outcome> {
    let first = writer.questions.first()?;
    let mut fields: Vec<&str> = Vec::new();
    for question in &writer.questions {
        if !fields.contains(&question.field.as_str()) {
            fields.push(&question.field);
        }
    }
    Some(clarify(first.code, &fields, first.text.clone()))
}
