//! The model's compact lines, read slot by slot. A marker or a name that the sentence does not have is an error, never
//! a value; each value that is taken is written down with the bytes it was said in.

use std::collections::BTreeMap;

use agent_core::draft::{DraftAmount, Share};

use crate::{
    ask,
    lexer::{Kind, Lexed, Value, When},
};

/// A line that the sentence's grammar does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model wrote a line that this sentence does not allow: `{0}`")]
pub struct BadLine(pub String);

pub(crate) type Span = (usize, usize);
pub(crate) type Slot<T> = Result<Option<T>, BadLine>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Asset,
    Chain,
    Protocol,
}

/// A field that a step lacks, and what is asked about it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) field: String,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// What a step yields to the steps behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Yielded {
    Asset(String, Span),
    /// Two tokens out of a pool: `@1:USDC`.
    Either,
    Unknown,
    Nothing,
}

/// Takes slots and writes down sources and what is missing.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) lexed: &'a Lexed,
    /// How often each token was taken.
    pub(crate) used: BTreeMap<usize, usize>,
    last: BTreeMap<(Role, String), usize>,
    pub(crate) sources: BTreeMap<String, Span>,
    pub(crate) questions: Vec<Question>,
    pub(crate) yields: Vec<Yielded>,
    /// The pointer and the action of what is being written.
    pub(crate) base: String,
    pub(crate) action: String,
}

fn numbered(slot: &str, sign: char) -> Option<usize> {
    let digits = slot.strip_prefix(sign)?;
    digits.parse().ok().filter(|k: &usize| *k > 0 && !digits.starts_with(['0', '+']))
}

impl<'a> Writer<'a> {
    pub(crate) fn new(lexed: &'a Lexed) -> Self {
        Self {
            lexed,
            used: BTreeMap::new(),
            last: BTreeMap::new(),
            sources: BTreeMap::new(),
            questions: Vec::new(),
            yields: Vec::new(),
            base: String::new(),
            action: String::new(),
        }
    }

    pub(crate) fn bad(slot: &str) -> BadLine {
        BadLine(slot.chars().take(80).collect())
    }

    pub(crate) fn put(&mut self, field: &str, span: Span) {
        self.sources.insert(format!("{}/{field}", self.base), span);
    }

    fn take(&mut self, token: usize) {
        let count = self.used.entry(token).or_default();
        *count = count.saturating_add(1);
    }

    /// Takes a token by its place and gives its bytes.
    pub(crate) fn span(&mut self, token: usize) -> Option<Span> {
        self.take(token);
        self.lexed.token(token).map(|token| (token.start, token.end))
    }

    pub(crate) fn missing(&mut self, field: &str, asset: Option<&str>) {
        let (code, question) = ask::for_field(&self.action, field, asset);
        self.questions.push(Question { field: field.to_owned(), code, text: question });
    }

    /// `#k`: the value, the bytes of all of it and of its number.
    pub(crate) fn number(&mut self, slot: &str) -> Result<(Value, Span, Span), BadLine> {
        let token = numbered(slot, '#').and_then(|k| self.lexed.amount(k)).ok_or_else(|| Self::bad(slot))?;
        self.take(token);
        match self.lexed.token(token) {
            Some(found) => match &found.kind {
                Kind::Amount { value, digits } => Ok((value.clone(), (found.start, found.end), *digits)),
                Kind::Word(_)
                | Kind::Break
                | Kind::Quoted
                | Kind::Payee(_)
                | Kind::Time(_)
                | Kind::Name(_)
                | Kind::Unknown(_) => Err(Self::bad(slot)),
            },
            None => Err(Self::bad(slot)),
        }
    }

    /// The number of an earlier step.
    fn earlier(&self, slot: &str) -> Result<usize, BadLine> {
        numbered(slot, '@').filter(|step| *step <= self.yields.len()).ok_or_else(|| Self::bad(slot))
    }

    /// AMT; `None` where it is asked about.
    pub(crate) fn amount(&mut self, slot: &str, field: &str, asset: &str) -> Slot<DraftAmount> {
        let asset = (asset != "?" && asset != "-").then_some(asset);
        if slot == "?" {
            self.missing("amount", asset);
            return Ok(None);
        }
        if slot.starts_with('@') {
            let step = self.earlier(slot)?;
            return Ok(self.yielded(None, step, asset));
        }
        if let Some((share, step)) = slot.split_once('@') {
            let step = self.earlier(&format!("@{step}"))?;
            let (value, span, _) = self.number(share)?;
            return Ok(match value {
                Value::Quantity(DraftAmount::Share(share)) if self.is_of_yield(span) => {
                    self.put(field, span);
                    self.yielded(Some(share), step, asset)
                }
                Value::Quantity(DraftAmount::All) => self.yielded(None, step, asset),
                Value::Quantity(units @ DraftAmount::Units(_)) => {
                    self.put(field, span);
                    Some(units)
                }
                Value::Quantity(_) | Value::Bps(_) | Value::Problem(_) => {
                    self.missing("amount", asset);
                    None
                }
            });
        }
        let (value, span, _) = self.number(slot)?;
        Ok(match value {
            Value::Quantity(quantity) => {
                self.put(field, span);
                Some(quantity)
            }
            Value::Bps(_) | Value::Problem(_) => {
                self.missing("amount", asset);
                None
            }
        })
    }

    /// "half **of it**", "20 % of the proceeds"; "half of my USDC" and "the other half" are of something else.
    fn is_of_yield(&self, (start, _): Span) -> bool {
        let token = self.lexed.tokens.iter().position(|token| token.start == start).unwrap_or(0);
        let next = token.saturating_add(1);
        let of = if self.lexed.word(next) == "of" { next.saturating_add(1) } else { next };
        matches!(
            self.lexed.word(of),
            "it" | "that" | "them" | "this" | "those" | "these" | "the" | "what" | "whatever"
        )
    }

    fn yielded(&mut self, share: Option<Share>, step: usize, asset: Option<&str>) -> Option<DraftAmount> {
        let of = step.checked_sub(1).and_then(|at| self.yields.get(at));
        let either = matches!(of, Some(Yielded::Either));
        if matches!(of, Some(Yielded::Nothing) | None) {
            self.missing("amount", asset);
            return None;
        }
        Some(DraftAmount::Yield { share, step, asset: asset.filter(|_| either).map(str::to_owned) })
    }

    /// ASSET behind an amount: what an earlier step yields is of the asset that it yields, and carries its source.
    pub(crate) fn asset_of(&mut self, slot: &str, field: &str, amount: Option<&DraftAmount>) -> Slot<String> {
        let Some(DraftAmount::Yield { step, .. }) = amount else { return self.asset(slot, field) };
        let carried = step.checked_sub(1).and_then(|at| self.yields.get(at)).cloned();
        let Some(Yielded::Asset(asset, span)) = carried else { return self.asset(slot, field) };
        let coin = |name: &str| matches!(name, "ETH" | "WETH");
        if slot == "?" || slot == asset || (coin(slot) && coin(&asset)) {
            self.put(field, span);
            // "and lend the USDC": the name said again is spent, too.
            if slot == asset {
                self.name(slot, Role::Asset);
            }
            return Ok(Some(asset));
        }
        let said = self.asset(slot, field)?;
        if said.is_some() {
            let question = format!("Step {step} yields {asset}, not {slot}: which of them do you mean?");
            self.questions.push(Question { field: field.to_owned(), code: "clarify.token", text: question });
        }
        Ok(None)
    }

    pub(crate) fn asset(&mut self, slot: &str, field: &str) -> Slot<String> {
        if slot == "?" {
            self.missing(field, None);
            return Ok(None);
        }
        self.named(slot, field, Role::Asset).map(Some)
    }

    /// A chain, a protocol or an asset that need not be said: `-`.
    pub(crate) fn maybe(&mut self, slot: &str, field: &str, role: Role) -> Slot<String> {
        if slot == "-" { Ok(None) } else { self.named(slot, field, role).map(Some) }
    }

    pub(crate) fn named(&mut self, slot: &str, field: &str, role: Role) -> Result<String, BadLine> {
        let span = self.name(slot, role).ok_or_else(|| Self::bad(slot))?;
        self.put(field, span);
        Ok(slot.to_owned())
    }

    /// Where a name is said: its first mention that nothing was taken from yet, else the one taken last.
    pub(crate) fn name(&mut self, value: &str, role: Role) -> Option<Span> {
        let means = |kind: &Kind| match kind {
            Kind::Name(name) => match role {
                Role::Asset => name.asset.is_some_and(|asset| asset.symbol == value),
                Role::Chain => name.chain == Some(value),
                Role::Protocol => name.protocol == Some(value),
            },
            // What "wrap" yields is named by the verb.
            Kind::Word(word) => role == Role::Asset && value == "WETH" && word.starts_with("wrap"),
            Kind::Break
            | Kind::Quoted
            | Kind::Amount { .. }
            | Kind::Payee(_)
            | Kind::Time(_)
            | Kind::Unknown(_) => false,
        };
        let mentions =
            || self.lexed.tokens.iter().enumerate().filter(|(_, token)| means(&token.kind)).map(|(at, _)| at);
        let key = (role, value.to_owned());
        let token = mentions()
            .find(|at| !self.used.contains_key(at))
            .or_else(|| self.last.get(&key).copied())
            .or_else(|| mentions().next())?;
        self.last.insert(key, token);
        self.span(token)
    }

    /// TO: the text as typed.
    pub(crate) fn payee(&mut self, slot: &str, field: &str, asset: Option<&str>) -> Slot<String> {
        if slot == "?" {
            self.missing(field, asset);
            return Ok(None);
        }
        let token = numbered(slot, '&').and_then(|k| self.lexed.payee(k)).ok_or_else(|| Self::bad(slot))?;
        let (start, end) = self.span(token).ok_or_else(|| Self::bad(slot))?;
        self.put(field, (start, end));
        Ok(self.lexed.text.get(start..end).map(str::to_owned))
    }

    pub(crate) fn time(&mut self, slot: &str) -> Result<(When, Span), BadLine> {
        let token = numbered(slot, '~').and_then(|k| self.lexed.time(k)).ok_or_else(|| Self::bad(slot))?;
        let (start, end) = self.span(token).ok_or_else(|| Self::bad(slot))?;
        let Some(Kind::Time(when)) = self.lexed.token(token).map(|token| &token.kind) else {
            return Err(Self::bad(slot));
        };
        // A rhythm reads as one only together with its "every".
        let every = token.checked_sub(1).and_then(|at| self.lexed.token(at));
        let start = match (when, every) {
            (When::Rhythm { .. }, Some(every)) if matches!(every.word(), Some("every" | "each")) => {
                every.start
            }
            _ => start,
        };
        Ok((when.clone(), (start, end)))
    }
}
