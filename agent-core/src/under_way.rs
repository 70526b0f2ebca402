//! Where money is that left one network for another, from its deposit's receipt.

use jiff::{Timestamp, tz::TimeZone};

use crate::core::Core;
use crate::progress::StepProgress;
use crate::report::FILL_S;
use crate::{Asset, Refusal, Registry, UnderWay};

impl Core {
    /// `None`: the step's receipts hold no deposit.
    pub(crate) fn under_way(&self, own: &StepProgress, out: &Asset) -> Result<Option<UnderWay>, Refusal> {
        let Some(deposit) = own.act_receipt() else { return Ok(None) };
        let origin = self.chain(deposit.chain_id)?;
        let promised = own.compiled.as_ref().and_then(|compiled| compiled.yields.first());
        let (Some(refund_after), Some(amount)) = (origin.refund_after(deposit), promised) else {
            return Ok(None);
        };
        let mut place = UnderWay {
            amount: amount.clone(),
            from: deposit.chain_id,
            to: out.chain_id,
            left_at: deposit.block.timestamp,
            expected_at: deposit.block.timestamp.saturating_add(FILL_S),
            arrived_at: None,
            refund_after,
            text: String::new(),
        };
        place.text = place.words(&self.registry);
        Ok(Some(place))
    }
}

impl UnderWay {
    /// The same after the other side has it.
    pub(crate) fn arrived(mut self, at: u64, registry: &Registry) -> Self {
        self.arrived_at = Some(at);
        self.text = self.words(registry);
        self
    }

    fn words(&self, registry: &Registry) -> String {
        let (from, to) = (name(registry, self.from), name(registry, self.to));
        let left = format!("left {from} {}", hour(self.left_at));
        match self.arrived_at {
            Some(at) => format!("{left} · on {to} {} UTC", hour(at)),
            None => format!(
                "{left} · not on {to} yet · expected {} · refund possible after {} UTC",
                hour(self.expected_at),
                hour(self.refund_after)
            ),
        }
    }
}

/// A network's name with a capital, or its CAIP-2 id.
pub(crate) fn name(registry: &Registry, chain_id: u64) -> String {
    let Some(network) = registry.network(chain_id) else { return crate::caip2(chain_id) };
    let mut letters = network.name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `12:03`, UTC.
fn hour(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok()).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string()
}
