//! Payees: addresses, ENS names, names from the address book.

use alloy_primitives::Address;

use super::{
    Scan,
    text::{is_ens, is_invisible},
};
use crate::lexicon;

/// Who is meant by a payee phrase; its text is kept as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payee {
    /// A well-formed address; its checksum holds where it has one (EIP-55).
    Address,
    Ens,
    /// A name of the address book.
    Contact,
    /// A word in a payee's place that nothing is known about.
    Unknown,
    /// Not an address although it looks like one.
    Malformed,
    /// An address whose letters' case does not fit it (EIP-55): a typing error.
    Checksum,
}

pub(crate) fn payee(scan: &Scan<'_>, at: usize) -> Option<(Payee, usize)> {
    let next = at.saturating_add(1);
    let word = scan.word(at).filter(|word| !word.quoted)?;
    let hex = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.lower.starts_with("0x") {
        return Some((address(word.text), next));
    }
    if hex(word.text) && !word.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((Payee::Malformed, next));
    }
    if is_ens(word.text) {
        let clean = !word.text.chars().any(is_invisible) && !word.text.contains("..");
        return Some((if clean { Payee::Ens } else { Payee::Malformed }, next));
    }
    contact(scan, at).map(|next| (Payee::Contact, next))
}

/// The check of EIP-55: all lower or all upper case carries no checksum.
pub(crate) fn address(text: &str) -> Payee {
    let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) else {
        return Payee::Malformed;
    };
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || text.starts_with("0X") {
        return Payee::Malformed;
    }
    let upper = digits.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = digits.bytes().any(|byte| byte.is_ascii_lowercase());
    if upper && lower && Address::parse_checksummed(text, None).is_err() {
        Payee::Checksum
    } else {
        Payee::Address
    }
}

/// The longest name of the book that begins here, by whole words in any case. A name that also means something else
/// (a token, `max`, `all`) counts only where a payee is introduced.
fn contact(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let fits = |name: &str| {
        let mut next = at;
        for part in name.split_whitespace() {
            if scan.lower(next) != part.to_lowercase() {
                return None;
            }
            next = next.saturating_add(1);
        }
        (next > at).then_some(next)
    };
    let end = scan.book.iter().filter_map(|name| fits(name)).max()?;
    let word = scan.lower(at);
    let before = at.checked_sub(1).map_or("", |at| scan.lower(at));
    let introduced =
        matches!(before, "to" | "pay" | "tip" | "send" | "give" | "for" | "and" | "from" | "with");
    let other = lexicon::meanings(word).is_some() || super::context::is_common(word);
    (introduced || scan.alone(at, end.saturating_sub(at)) || !other).then_some(end)
}
