//! Lines that fit a width. Nothing is cut off: an address that does not fit goes on in the next line.

use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

/// Wraps at spaces, and inside words that are too wide. Later lines are indented by `hang` columns.
pub(crate) fn wrap(text: &str, width: usize, hang: usize) -> Vec<String> {
    let width = width.max(1);
    if text.len() <= width && text.is_ascii() {
        return vec![text.trim_end().to_owned()];
    }
    let indent = " ".repeat(hang.min(width / 2));
    let mut lines = Vec::new();
    let (mut line, mut columns) = (String::new(), 0_usize);
    let mut begun = false;
    for word in text.split_inclusive(' ') {
        let wide = word.trim_end().width();
        if begun && columns.saturating_add(wide) > width {
            lines.push(std::mem::replace(&mut line, indent.clone()).trim_end().to_owned());
            columns = indent.len();
        }
        for grapheme in Span::raw(word).styled_graphemes(Style::new()) {
            let wide = grapheme.symbol.width();
            if columns.saturating_add(wide) > width && grapheme.symbol != " " && line != indent {
                lines.push(std::mem::replace(&mut line, indent.clone()).trim_end().to_owned());
                columns = indent.len();
            }
            line.push_str(grapheme.symbol);
            columns = columns.saturating_add(wide);
        }
        begun = begun || wide > 0;
    }
    lines.push(line.trim_end().to_owned());
    lines
}
