//! A sentence cut into words with byte spans. What stands in quotes is one word that says nothing.

use crate::lexicon;

#[derive(Debug, Clone)]
pub(crate) struct Word<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: &'a str,
    pub(crate) lower: String,
    /// In double quotes, backticks or a line that begins with `>`: not said.
    pub(crate) quoted: bool,
}

/// The text of the empty word that stands for a line's end: no value reaches across it.
pub(crate) const LINE_END: &str = "\n";
/// Not part of a word although they are not ASCII.
const SEPARATORS: &str = "“”„«»‘’–—−→←≤≥≈±×…•€£¥";
/// Endings by which a dotted word is a name in ENS; any other dot ends a sentence.
const NAME_ENDINGS: [&str; 5] = [".eth", ".xyz", ".id", ".box", ".lens"];

pub(crate) fn is_ens(word: &str) -> bool {
    let lower = word.to_lowercase();
    NAME_ENDINGS.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(ending))
}

/// Bidirectional controls, zero-width and variation characters: they make a text look like another.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{20e3}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

struct Cutter<'a> {
    text: &'a str,
    chars: Vec<(usize, char)>,
}

pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let cutter = Cutter { text, chars: text.char_indices().collect() };
    let mut words = Vec::new();
    let (mut at, mut line_start) = (0usize, true);
    while at < cutter.chars.len() {
        let c = cutter.char(at);
        if c.is_whitespace() {
            if c == '\n' && !line_start {
                let byte = cutter.byte(at);
                words.push(Word {
                    start: byte,
                    end: byte,
                    text: "",
                    lower: LINE_END.to_owned(),
                    quoted: false,
                });
            }
            line_start |= c == '\n';
            at = at.saturating_add(1);
            continue;
        }
        let (end, quoted) = match cutter.quote_end(at, line_start) {
            Some(end) => (end, true),
            None => (cutter.word_end(at), false),
        };
        let (start_byte, end_byte) = (cutter.byte(at), cutter.byte(end));
        let piece = text.get(start_byte..end_byte).unwrap_or_default();
        words.push(Word {
            start: start_byte,
            end: end_byte,
            text: piece,
            lower: if quoted { String::new() } else { piece.to_lowercase().replace('’', "'") },
            quoted,
        });
        line_start = false;
        at = end;
    }
    words
}

impl Cutter<'_> {
    /// A space past either end.
    fn char(&self, at: usize) -> char {
        self.chars.get(at).map_or(' ', |(_, c)| *c)
    }

    fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or(' ', |at| self.char(at))
    }

    fn after(&self, at: usize) -> char {
        self.char(at.saturating_add(1))
    }

    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.text.len(), |(byte, _)| *byte)
    }

    /// The end of what is quoted from here; a quote that is never closed reaches to the end of the text.
    fn quote_end(&self, at: usize, line_start: bool) -> Option<usize> {
        let closes: fn(char) -> bool = match self.char(at) {
            '"' | '“' | '”' => |c| matches!(c, '"' | '“' | '”'),
            '`' => |c| c == '`',
            '>' if line_start => |c| c == '\n',
            _ => return None,
        };
        let inner = at.saturating_add(1);
        let length = self.chars.iter().skip(inner).position(|(_, c)| closes(*c));
        Some(length.map_or(self.chars.len(), |length| inner.saturating_add(length).saturating_add(1)))
    }

    fn word_end(&self, at: usize) -> usize {
        if let Some(end) = self.date_end(at) {
            return end;
        }
        if self.begins_number(at) {
            return self.number_end(at);
        }
        if !self.in_word(at) {
            return at.saturating_add(1);
        }
        let length = (at..self.chars.len()).position(|at| !self.in_word(at) && !self.joins(at));
        let end = length.map_or(self.chars.len(), |length| at.saturating_add(length));
        let word = self.text.get(self.byte(at)..self.byte(end)).unwrap_or_default();
        let cut = |at_char: char| {
            let place = word.chars().position(|c| c == at_char)?;
            Some((place, word.split(at_char).next().unwrap_or_default()))
        };
        let possessive = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"));
        let length = match (cut('.'), cut('-'), possessive) {
            (Some((dot, _)), _, _) if !is_ens(word) => dot,
            (_, Some((dash, name)), _) if lexicon::meanings(name).is_some() => dash,
            (_, _, Some(stem)) => stem.chars().count(),
            _ => return end,
        };
        at.saturating_add(length)
    }

    fn in_word(&self, at: usize) -> bool {
        let c = self.char(at);
        c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace() && !SEPARATORS.contains(c))
    }

    /// `.`, `-` and the apostrophe hold a word together only between letters or digits.
    fn joins(&self, at: usize) -> bool {
        matches!(self.char(at), '.' | '-' | '\'' | '’')
            && self.before(at).is_alphanumeric()
            && self.after(at).is_alphanumeric()
    }

    fn begins_number(&self, at: usize) -> bool {
        let starts = |c: char| c.is_numeric() || c == '.';
        let (c, next) = (self.char(at), self.after(at));
        let next_but_one = self.char(at.saturating_add(2));
        match c {
            '.' => next.is_numeric(),
            '$' | '€' | '£' => starts(next) || (matches!(next, '-' | '−') && starts(next_but_one)),
            '-' | '−' => {
                (self.before(at).is_whitespace() || self.before(at) == '(')
                    && (starts(next) || (next == '$' && starts(next_but_one)))
            }
            _ => c.is_numeric(),
        }
    }

    fn number_end(&self, start: usize) -> usize {
        let part = |at: usize| {
            let (before, c, next) = (self.before(at), self.char(at), self.after(at));
            match c {
                '-' | '−' => at == start || (before == '$' && at == start.saturating_add(1)),
                '$' | '€' | '£' => at <= start.saturating_add(1) || before.is_alphanumeric(),
                '.' => next.is_numeric() || (next == '.' && self.char(at.saturating_add(2)).is_numeric()),
                ',' | '_' | '\'' | '’' => before.is_numeric() && next.is_numeric(),
                '/' | ':' => before.is_numeric() && next.is_numeric(),
                '%' => true,
                _ => self.in_word(at),
            }
        };
        let length = (start..self.chars.len()).position(|at| !part(at));
        let end = length.map_or(self.chars.len(), |length| start.saturating_add(length));
        // `100USDC`, `0.5eth`: two words.
        let letters = (start..end).find(|at| self.char(*at).is_ascii_alphabetic()).unwrap_or(end);
        let tail = self.text.get(self.byte(letters)..self.byte(end)).unwrap_or_default();
        if letters > start && lexicon::asset(tail).is_some() { letters } else { end }
    }

    /// `2026-12-01`, `2026-12-01T09:00:00Z`
    fn date_end(&self, at: usize) -> Option<usize> {
        let shape = "dddd-dd-dd";
        let fits = shape.chars().zip(at..).all(|(shape, at)| match shape {
            'd' => self.char(at).is_ascii_digit(),
            _ => self.char(at) == shape,
        });
        if !fits || self.before(at).is_alphanumeric() {
            return None;
        }
        let part = |at: usize| {
            let c = self.char(at);
            c.is_ascii_alphanumeric()
                || (matches!(c, ':' | '-' | '+' | '.') && self.after(at).is_ascii_digit())
        };
        Some((at..self.chars.len()).find(|at| !part(*at)).unwrap_or(self.chars.len()))
    }
}
