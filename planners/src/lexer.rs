//! Words to values: every amount, payee, time and name of a sentence with its exact bytes. The model never sees a
//! value, only a marker in its place, and whatever it writes about it is looked up here.

mod amount;
pub(crate) mod context;
mod number;
mod payee;
mod text;
mod time;

use agent_core::draft::DraftAmount;
use jiff::Zoned;

pub use amount::Value;
pub use number::Problem;
pub use payee::Payee;
pub(crate) use payee::address;
pub(crate) use text::is_invisible;
pub use time::{Length, When};

use crate::lexicon::{self, Meanings};
use text::{LINE_END, Word};

/// What a token is; values carry what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A plain word or a punctuation mark, in lower case.
    Word(String),
    /// The end of a line.
    Break,
    /// In quotes: not said.
    Quoted,
    /// `digits` are the bytes of its number without `$` or `%`.
    Amount {
        value: Value,
        digits: (usize, usize),
    },
    Payee(Payee),
    Time(When),
    Name(Meanings),
    Unknown(Place),
}

/// Where a word stands that nothing is known about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Token,
    Network,
}

/// A piece of the sentence, bytes `[start, end)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

impl Token {
    pub fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    pub fn name(&self) -> Option<&Meanings> {
        if let Kind::Name(name) = &self.kind { Some(name) } else { None }
    }
}

impl Value {
    /// Counted in an asset's units, or meant to be.
    pub fn is_units(&self) -> bool {
        match self {
            Self::Quantity(DraftAmount::Units(_) | DraftAmount::AllBut(_) | DraftAmount::Usd(_))
            | Self::Problem(_) => true,
            Self::Quantity(DraftAmount::All | DraftAmount::Share(_) | DraftAmount::Yield { .. })
            | Self::Bps(_) => false,
        }
    }
}

/// A sentence, lexed. Markers count from 1 in order of appearance: `#k` amounts, `&k` payees, `~k` times.
#[derive(Debug, Clone)]
pub struct Lexed {
    pub text: String,
    pub tokens: Vec<Token>,
    pub now: Zoned,
}

/// Reads `text`. `book` holds the address book's names; times are counted from `now`, in its time zone.
pub fn lex(text: &str, book: &[String], now: &Zoned) -> Lexed {
    let scan = Scan { text, words: text::words(text), book, now: now.clone(), lone: false };
    let mut tokens = scan.tokens();
    settle_names(&mut tokens);
    context::place(&mut tokens, text);
    two_in_a_row(&mut tokens);
    Lexed { text: text.to_owned(), tokens, now: now.clone() }
}

/// Reads the text of one span again, without the words around it.
pub fn read_again(text: &str, book: &[String], now: &Zoned) -> Vec<Token> {
    Scan { text, words: text::words(text), book, now: now.clone(), lone: true }.tokens()
}

impl Lexed {
    /// The index of the `k`-th token of a marker's kind, from 1.
    fn nth(&self, k: usize, kind: fn(&Kind) -> bool) -> Option<usize> {
        let of_kind = self.tokens.iter().enumerate().filter(|(_, token)| kind(&token.kind));
        of_kind.map(|(at, _)| at).nth(k.checked_sub(1)?)
    }

    pub fn amount(&self, k: usize) -> Option<usize> {
        self.nth(k, |kind| matches!(kind, Kind::Amount { .. }))
    }

    pub fn payee(&self, k: usize) -> Option<usize> {
        self.nth(k, |kind| matches!(kind, Kind::Payee(_)))
    }

    pub fn time(&self, k: usize) -> Option<usize> {
        self.nth(k, |kind| matches!(kind, Kind::Time(_)))
    }

    pub fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The words of a token as typed.
    pub fn said(&self, token: &Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The plain word at `at`, or nothing.
    pub fn word(&self, at: usize) -> &str {
        self.token(at).and_then(Token::word).unwrap_or("")
    }
}

pub(crate) struct Scan<'a> {
    pub(crate) text: &'a str,
    pub(crate) words: Vec<Word<'a>>,
    pub(crate) book: &'a [String],
    pub(crate) now: Zoned,
    /// The text is one span, read again.
    lone: bool,
}

impl<'a> Scan<'a> {
    pub(crate) fn word(&self, at: usize) -> Option<&Word<'a>> {
        self.words.get(at)
    }

    /// The word in lower case; nothing past the end and for what is quoted.
    pub(crate) fn lower(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.lower)
    }

    /// The end of the word before `next`, in bytes.
    pub(crate) fn end_before(&self, next: usize) -> usize {
        next.checked_sub(1).and_then(|at| self.word(at)).map_or(0, |word| word.end)
    }

    /// These `count` words are all that there is.
    pub(crate) fn alone(&self, at: usize, count: usize) -> bool {
        self.lone && at == 0 && self.words.len() == count
    }

    /// A span begins here that is read again without the "every" before it.
    pub(crate) fn begins(&self, at: usize) -> bool {
        self.lone && at == 0
    }

    /// The longest name of the lexicon that begins here, and the word after it.
    pub(crate) fn name(&self, at: usize) -> Option<(Meanings, usize)> {
        (1..=lexicon::NAME_WORDS_MAX).rev().find_map(|count| {
            let end = at.saturating_add(count);
            let words = self.words.get(at..end)?;
            if words.iter().any(|word| word.quoted) {
                return None;
            }
            let phrase = words.iter().map(|word| word.lower.as_str()).collect::<Vec<_>>().join(" ");
            lexicon::meanings(&phrase).map(|meanings| (meanings, end))
        })
    }

    fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(word) = self.word(at) {
            let (kind, next, inner) = self.token(at, word);
            tokens.push(Token { start: word.start, end: self.end_before(next), kind });
            if let Some((name, end)) = inner.and_then(|(at, _)| {
                self.name(at).zip(self.word(at)).map(|((name, next), word)| ((word.start, name), next))
            }) {
                tokens.push(Token { start: name.0, end: self.end_before(end), kind: Kind::Name(name.1) });
            }
            at = next.max(at.saturating_add(1));
        }
        tokens
    }

    /// What stands at `at`, the word after it, and the words of a name inside it.
    fn token(&self, at: usize, word: &Word<'_>) -> (Kind, usize, Option<(usize, usize)>) {
        let next = at.saturating_add(1);
        if word.quoted {
            return (Kind::Quoted, next, None);
        }
        if word.lower == LINE_END {
            return (Kind::Break, next, None);
        }
        if let Some((payee, next)) = payee::payee(self, at) {
            return (Kind::Payee(payee), next, None);
        }
        if let Some((when, next)) = time::when(self, at) {
            return (Kind::Time(when), next, None);
        }
        if let Some((name, next)) = self.name(at) {
            return (Kind::Name(name), next, None);
        }
        if let Some(found) = amount::amount(self, at) {
            return (Kind::Amount { value: found.value, digits: found.digits }, found.next, found.inner);
        }
        (Kind::Word(word.lower.clone()), next, None)
    }
}

/// Narrows names with several meanings by their place: behind "on" stands no asset, behind an amount nothing else, and
/// elsewhere than behind a preposition `eth` and `op` are assets.
fn settle_names(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let counted = before.is_some_and(|token| matches!(token.kind, Kind::Amount { .. }));
        let preposition = before.and_then(Token::word).unwrap_or("").to_owned();
        let Some(Token { kind: Kind::Name(name), .. }) = tokens.get_mut(at) else { continue };
        let Some(asset) = name.asset else { continue };
        if name.chain.is_none() && name.protocol.is_none() {
            continue;
        }
        let only_asset = Meanings { asset: Some(asset), ..Meanings::default() };
        match preposition.as_str() {
            "on" | "via" | "using" | "through" | "at" => name.asset = None,
            _ if counted => *name = only_asset,
            "to" | "from" | "in" | "into" | "onto" | "with" | "by" | "(" | "," | "and" | "->" | "→" => {}
            _ if name.chain.is_some() => *name = only_asset,
            _ => {}
        }
    }
}

/// Two bare numbers side by side ("1 1/2 ETH", "1 0 0 USDC") are neither.
fn two_in_a_row(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        let amount = |at: usize| {
            tokens
                .get(at)
                .is_some_and(|token| matches!(&token.kind, Kind::Amount { value, .. } if value.is_units()))
        };
        if amount(at)
            && at.checked_sub(1).is_some_and(amount)
            && let Some(Token { kind: Kind::Amount { value: value @ Value::Quantity(_), .. }, .. }) =
                tokens.get_mut(at)
        {
            *value = Value::Problem(Problem::Ambiguous);
        }
    }
}
