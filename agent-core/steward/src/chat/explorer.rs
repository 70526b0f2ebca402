//! Where a transaction can be looked up.

use agent_core::report::Report;

use super::row::{Row, Tone};

/// The explorers of chains by CAIP-2. What is not here is told by its hash alone.
const EXPLORERS: &[(&str, &str)] = &[
    ("eip155:1", "https://etherscan.io/tx/"),
    ("eip155:10", "https://optimistic.etherscan.io/tx/"),
    ("eip155:8453", "https://basescan.org/tx/"),
    ("eip155:42161", "https://arbiscan.io/tx/"),
];

/// A line a receipt, made to be copied. The demo world has the real chain ids, and no explorer.
pub(crate) fn links(report: &Report, demo: bool) -> Vec<Row> {
    if demo && !report.receipts.is_empty() {
        let none = "none: the demo world has no explorer, its transactions are known by the hashes above";
        return vec![Row::labelled(Tone::Faint, "link", none).detail()];
    }
    let links = report.receipts.iter().map(|receipt| {
        let hash = receipt.tx_hash;
        let explorer = EXPLORERS.iter().find(|(chain, _)| *chain == receipt.chain);
        let none = || format!("{hash} (no explorer is known for {})", receipt.chain);
        let link = explorer.map_or_else(none, |(_, url)| format!("{url}{hash}"));
        Row::labelled(Tone::Faint, "link", link).detail()
    });
    links.collect()
}
