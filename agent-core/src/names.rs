//! Names of people that a network's registry resolves (ENS): resolved once for a plan, pinned in it, and resolved again
//! before its step is signed.

use crate::core::Core;
use crate::draft::{self, Draft, Outcome};
use crate::ports::ResolvedName;
use crate::{Action, Contact, Exit, Refusal, Step, tame};

/// What could be a name of the ENS: an address, a contact and a protocol have no dot.
fn is_name(said: &str) -> bool {
    said.contains('.')
}

impl Core {
    /// Whoever the draft names by a name that no contact has.
    pub(crate) async fn resolve_names(
        &self,
        draft: &Draft,
        contacts: &[Contact],
    ) -> Result<Vec<ResolvedName>, Refusal> {
        let Outcome::Plan { steps, .. } = &draft.outcome else { return Ok(Vec::new()) };
        let payee = |step: &draft::Step| {
            let (draft::Step::Transfer { to, .. } | draft::Step::Delegate { to, .. }) = step else {
                return None;
            };
            Some(to.clone())
        };
        let said = steps.iter().filter_map(payee);
        let mut names: Vec<ResolvedName> = Vec::new();
        for name in said.filter(|said| is_name(said)) {
            let name = name.as_str();
            let known = contacts.iter().any(|contact| contact.name.eq_ignore_ascii_case(name));
            if !known && !names.iter().any(|other| other.name == name) {
                names.push(self.resolve_name(name).await?);
            }
        }
        Ok(names)
    }

    async fn resolve_name(&self, name: &str) -> Result<ResolvedName, Refusal> {
        let carries = self.registry.networks.values().find(|network| network.role("ens.registry").is_some());
        let network = carries.ok_or_else(|| {
            let message =
                format!("`{}` cannot be resolved: no network here has a registry of names", tame(name));
            Refusal::new(Exit::NotPossible, "world.no_ens", message)
                .help("say the address, or a contact's name")
        })?;
        let chain = self.chain(network.id.chain_id)?;
        chain.verify().await?;
        let view = chain.head().await?;
        let address = self.compiler.resolve_name(name, &*view).await?;
        Ok(ResolvedName { name: name.to_owned(), address, block: view.block().number })
    }

    /// The name that a step's payee was said by must still lead to the address that was shown.
    pub(crate) async fn name_still_holds(&self, step: &Step) -> Result<(), Refusal> {
        let (Action::Transfer { to, payee: Some(name), .. } | Action::Delegate { to, payee: Some(name), .. }) =
            &step.action
        else {
            return Ok(());
        };
        if !is_name(name) {
            return Ok(());
        }
        let now = self.resolve_name(name).await?.address;
        if now == *to {
            return Ok(());
        }
        let message = format!(
            "step {}: `{}` leads to {now} now, and {to} was shown when the plan was made",
            step.index,
            tame(name)
        );
        Err(Refusal::new(Exit::Stale, "plan.name_moved", message)
            .help("ask the payee which address is theirs, then state the intent with it"))
    }
}
