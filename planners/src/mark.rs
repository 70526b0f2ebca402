//! The sentence as the model sees it: markers for values, `"…"` for what is quoted, single spaces.

use crate::lexer::{Kind, Lexed};

/// Longer marked sentences are not shown to the model, in characters.
pub const MARKED_CHARS_MAX: usize = 3000;

/// Characters that a word keeps; what could be taken for a marker, a template's control token or an invisible
/// character is dropped.
fn keeps(c: char) -> bool {
    c.is_alphanumeric() || ".,;:!?()'’-_/%+*=<>$→−–—≤≥".contains(c)
}

pub fn marked(lexed: &Lexed) -> String {
    let mut out = String::new();
    let (mut amounts, mut payees, mut times) = (0usize, 0usize, 0usize);
    let mut end = 0usize;
    for token in &lexed.tokens {
        let numbered = |count: &mut usize, sign: char| {
            *count = count.saturating_add(1);
            format!("{sign}{count}")
        };
        let piece = match &token.kind {
            Kind::Break => continue,
            Kind::Quoted => "\"…\"".to_owned(),
            Kind::Amount { .. } => numbered(&mut amounts, '#'),
            Kind::Payee(_) => numbered(&mut payees, '&'),
            Kind::Time(_) => numbered(&mut times, '~'),
            Kind::Word(_) | Kind::Name(_) | Kind::Unknown(_) => {
                let kept = lexed.said(token).chars().map(|c| if c.is_whitespace() { ' ' } else { c });
                kept.filter(|c| *c == ' ' || keeps(*c)).collect()
            }
        };
        if piece.is_empty() {
            end = if token.start == end { token.end } else { end };
            continue;
        }
        if token.start != end && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&piece);
        end = token.end;
    }
    out
}
