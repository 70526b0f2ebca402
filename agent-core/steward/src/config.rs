//! `config.toml`: networks to look at, the account, the autonomy, the display. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::Path;

use agent_core::{Autonomy, Exit, Refusal};
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::chat::Theme;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Whose balances are read and for whom plans are made.
    #[serde(default)]
    pub(crate) account: Option<Address>,
    #[serde(default = "propose")]
    pub(crate) autonomy: Autonomy,
    /// Whose EIP-712 signatures count as approvals and for contacts.
    #[serde(default)]
    pub(crate) approvers: Vec<Address>,
    #[serde(default)]
    pub(crate) networks: Vec<Network>,
    #[serde(default)]
    pub(crate) display: Display,
}

/// How the chat looks and behaves; nothing here changes what is allowed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Display {
    /// `dark`, `light` or `mono`; `NO_COLOR` means `mono`.
    pub(crate) theme: Theme,
    /// Nothing on the screen moves by itself; `STEWARD_REDUCED_MOTION` means the same.
    pub(crate) reduced_motion: bool,
    /// The wheel scrolls; off, the terminal's own selection works.
    pub(crate) mouse: bool,
}

fn propose() -> Autonomy {
    Autonomy::Propose
}

impl Default for Config {
    fn default() -> Self {
        Self {
            account: None,
            autonomy: Autonomy::Propose,
            approvers: Vec::new(),
            networks: Vec::new(),
            display: Display::default(),
        }
    }
}

/// A network that is read. Its genesis is stated, so that another chain behind the URL is noticed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) chain_id: u64,
    pub(crate) genesis: B256,
    /// Tried in this order.
    pub(crate) endpoints: Vec<String>,
    #[serde(default)]
    pub(crate) op_stack: bool,
    /// Contract addresses by role, as `steward devnet status --json` prints them.
    #[serde(default)]
    pub(crate) addresses: BTreeMap<String, Address>,
}

impl Config {
    /// The file of a config folder; the default where there is none.
    pub(crate) fn load(folder: &Path) -> Result<Self, Refusal> {
        let path = folder.join("config.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(bad(&path, &error.to_string())),
        };
        toml::from_str(&text).map_err(|error| bad(&path, &error.to_string()))
    }
}

fn bad(path: &Path, why: &str) -> Refusal {
    Refusal::new(Exit::Usage, "config.malformed", format!("{} cannot be read: {why}", path.display()))
        .help("mend the file; `steward config path` shows where it lies")
}
