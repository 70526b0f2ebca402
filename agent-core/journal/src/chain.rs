//! The hash chain: `hash = blake3(prev || row)`, each field with its length before it, so that no two rows write alike.

/// What a row's hash covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) agent: &'a str,
    pub(crate) seq: u64,
    pub(crate) at: u64,
    pub(crate) plan_id: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) body: &'a str,
    pub(crate) effects: &'a str,
}

impl Link<'_> {
    /// Hex, of this row on top of `prev`.
    pub(crate) fn hash(&self, prev: &str) -> String {
        let plan_id = self.plan_id.map_or_else(|| "0".to_owned(), |id| format!("1{id}"));
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        hash(&[prev, self.agent, &seq, &at, &plan_id, self.kind, self.body, self.effects])
    }
}

/// What stands before the first row: the agent and its world.
pub(crate) fn genesis(agent: &str, belongs_to: &str) -> String {
    hash(&["steward journal 1", agent, belongs_to])
}

fn hash(fields: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in fields {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_be_bytes()).update(field.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_and_none_flows_into_the_next() {
        let link = Link { agent: "a", seq: 1, at: 2, plan_id: Some("p"), kind: "k", body: "b", effects: "e" };
        let others = [
            Link { agent: "b", ..link },
            Link { seq: 2, ..link },
            Link { at: 3, ..link },
            Link { plan_id: None, ..link },
            Link { kind: "kb", body: "", ..link },
            Link { body: "c", ..link },
            Link { body: "be", effects: "", ..link },
        ];
        let own = link.hash("prev");
        assert_eq!(own, link.hash("prev"));
        assert_ne!(own, link.hash("prew"));
        for other in others {
            assert_ne!(own, other.hash("prev"), "{other:?}");
        }
        assert_ne!(genesis("a", "bc"), genesis("ab", "c"));
    }
}
