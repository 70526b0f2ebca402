//! What messages read on a network: learned from what ran before, and kept between processes. It only says what to
//! fetch, never what it is worth: a wrong hint costs time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::cache;

/// Accounts, and storage slots of each.
pub(crate) type Touched = BTreeMap<Address, BTreeSet<U256>>;

/// How many messages are remembered, and how much of each.
const MOST_MESSAGES: usize = 512;
const MOST_ACCOUNTS: usize = 64;
const MOST_SLOTS: usize = 256;
/// Of the file.
const MOST_BYTES: u64 = 4 << 20;

/// What one network's messages read.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    file: Option<PathBuf>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    messages: BTreeMap<B256, Entry>,
    /// Counts uses: the least recently used message is forgotten first.
    clock: u64,
    changed: bool,
}

#[derive(Debug)]
struct Entry {
    used: u64,
    reads: Touched,
    /// The message that came after it.
    next: B256,
}

/// The key of what a fork reads before its first message.
pub(crate) const FIRST: B256 = B256::ZERO;

/// What makes two messages alike: contract, function, and the addresses among the arguments, but no amounts or times.
/// Arguments lie at words after one, two or three selectors (a call in a call).
pub(crate) fn key(to: Address, data: &[u8]) -> B256 {
    let mut alike = to.to_vec();
    alike.extend(data.iter().take(4));
    for selectors in [4, 8, 12] {
        let words = data.get(selectors..).unwrap_or_default().chunks_exact(32);
        for word in words.map(B256::from_slice) {
            // Numbers of up to 16 bytes are no addresses.
            if word.iter().take(12).all(|byte| *byte == 0)
                && word.iter().skip(12).take(4).any(|byte| *byte != 0)
            {
                alike.extend(Address::from_word(word));
            }
        }
    }
    keccak256(alike)
}

impl Hints {
    /// What `file` says; where it is missing, damaged or too large, less or nothing.
    pub(crate) fn load(file: PathBuf) -> Self {
        let bytes = cache::read(&file, MOST_BYTES).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut book = Book::default();
        for (key, next, reads) in text.lines().take(MOST_MESSAGES).filter_map(parse) {
            book.learn(key, reads, next);
        }
        book.changed = false;
        Self { file: Some(file), book: Mutex::new(book) }
    }

    /// What a message read the last time.
    pub(crate) fn of(&self, key: B256) -> Option<Touched> {
        let mut book = self.book();
        let now = book.tick();
        let entry = book.messages.get_mut(&key)?;
        entry.used = now;
        Some(entry.reads.clone())
    }

    /// What it and the messages that came after it read the last time, together.
    pub(crate) fn path(&self, key: B256) -> Touched {
        let (book, mut path, mut seen) = (self.book(), Touched::new(), BTreeSet::new());
        let mut at = book.messages.get(&key);
        while let Some(entry) = at
            && path.len() < MOST_ACCOUNTS
        {
            for (account, slots) in &entry.reads {
                path.entry(*account).or_default().extend(slots);
            }
            at = book.messages.get(&entry.next).filter(|_| entry.next != FIRST && seen.insert(entry.next));
        }
        path
    }

    pub(crate) fn learn(&self, key: B256, reads: Touched, next: B256) {
        self.book().learn(key, reads, next);
    }

    /// Writes the file, if there is one and anything is new. A failure only costs time later.
    pub(crate) fn save(&self) {
        let Some(file) = &self.file else { return };
        let text = {
            let mut book = self.book();
            if !std::mem::take(&mut book.changed) {
                return;
            }
            book.text()
        };
        write(file, &text);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(file: &Path, text: &str) {
    let _ = cache::write(file, text.as_bytes());
}

impl Book {
    fn tick(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(1);
        self.clock
    }

    fn learn(&mut self, key: B256, mut reads: Touched, next: B256) {
        while reads.len() > MOST_ACCOUNTS {
            reads.pop_last();
        }
        for slots in reads.values_mut() {
            while slots.len() > MOST_SLOTS {
                slots.pop_last();
            }
        }
        let used = self.tick();
        let before = self.messages.get(&key);
        self.changed |= !before.is_some_and(|entry| entry.reads == reads && entry.next == next);
        self.messages.insert(key, Entry { used, reads, next });
        if self.messages.len() > MOST_MESSAGES {
            let oldest = self.messages.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            oldest.and_then(|key| self.messages.remove(&key));
        }
    }

    /// A line for each message, the least recently used first: its key, the next one's, and each account with
    /// its slots behind it.
    fn text(&self) -> String {
        let mut entries: Vec<_> = self.messages.iter().collect();
        entries.sort_by_key(|(_, entry)| entry.used);
        let mut text = String::new();
        for (key, entry) in entries {
            // Writing to a string does not fail.
            let _ = write!(text, "{key:?} {:?}", entry.next);
            for (account, slots) in &entry.reads {
                let _ = write!(text, " {account:?}");
                for slot in slots {
                    let _ = write!(text, " {:?}", B256::from(*slot));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// A line of [`Book::text`]; `None` if anything in it is not as written there.
fn parse(line: &str) -> Option<(B256, B256, Touched)> {
    let mut words = line.split(' ');
    let (key, next) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (mut reads, mut account) = (Touched::new(), None);
    for word in words {
        if let Ok(slot) = word.parse::<B256>() {
            reads.entry(account?).or_default().insert(slot.into());
        } else {
            let named: Address = word.parse().ok()?;
            reads.entry(named).or_default();
            account = Some(named);
        }
    }
    Some((key, next, reads))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(accounts: u8, slots: u64) -> Touched {
        (0..accounts).map(|at| (Address::repeat_byte(at), (0..slots).map(U256::from).collect())).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut book = Book::default();
        for index in 0..3_u8 {
            book.learn(B256::repeat_byte(index), reads(index, u64::from(index)), B256::repeat_byte(9));
        }
        let lines: Vec<_> = book.text().lines().map(|line| parse(line).unwrap()).collect();
        let line = |i: u8| (B256::repeat_byte(i), B256::repeat_byte(9), reads(i, u64::from(i)));
        assert_eq!(lines, (0..3).map(line).collect::<Vec<_>>());
        let word = B256::repeat_byte(1);
        for damaged in [
            "",
            "0x12",
            &format!("{word:?}"),
            &format!("{word:?} {word:?} {word:?}"),
            &format!("{word:?} {word:?} 0x12"),
            "\u{0}",
        ] {
            assert_eq!(parse(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn it_forgets_what_was_not_used_for_longest() {
        let hints = Hints::default();
        let key = |index: u64| B256::from(U256::from(index));
        for index in 0..600 {
            let (accounts, slots) = if index == 0 { (100, 300) } else { (2, 2) };
            hints.learn(key(index), reads(accounts, slots), FIRST);
            hints.of(key(0)).unwrap();
        }
        assert!(hints.of(key(1)).is_none() && hints.of(key(599)).is_some());
        let kept = hints.of(key(0)).unwrap();
        assert_eq!((hints.book().messages.len(), kept.len(), kept[&Address::ZERO].len()), (512, 64, 256));
    }

    #[test]
    fn a_path_ends_where_it_began_or_is_unknown() {
        let (hints, key) = (Hints::default(), B256::repeat_byte);
        for (at, next) in [(1, key(2)), (2, key(3)), (3, key(1)), (4, FIRST), (5, key(77))] {
            hints.learn(key(at), [(Address::repeat_byte(at), BTreeSet::new())].into(), next);
        }
        let accounts = |at| hints.path(key(at)).into_keys().map(|account| account.0[0]).collect::<Vec<_>>();
        assert_eq!(
            [accounts(2), accounts(4), accounts(5), accounts(6)],
            [vec![1, 2, 3], vec![4], vec![5], vec![]]
        );
    }

    #[test]
    fn amounts_do_not_make_a_message_another_but_addresses_do() {
        let to = Address::repeat_byte(1);
        let data = |nested: usize, address: u8, amount: u64| {
            let selectors = vec![7; nested * 4];
            let words = [Address::repeat_byte(address).into_word(), U256::from(amount).into()];
            [selectors, words.concat()].concat()
        };
        for nested in 1..=3 {
            assert_eq!(key(to, &data(nested, 2, 5)), key(to, &data(nested, 2, u64::MAX)));
            assert_ne!(key(to, &data(nested, 2, 5)), key(to, &data(nested, 3, 5)));
        }
        assert_ne!(key(to, &[1, 2, 3, 4]), key(to, &[1, 2, 3, 5]));
        assert_ne!(key(to, &[]), key(Address::ZERO, &[]));
    }
}
