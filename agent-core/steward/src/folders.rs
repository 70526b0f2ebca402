//! Where files lie: XDG on every system, or under `STEWARD_HOME`. The only place that touches the environment.

use std::path::{Path, PathBuf};

use agent_core::{Exit, Refusal};

/// The user's folders; made when first used, 0700.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// `config.toml`, `policy/`.
    pub(crate) config: PathBuf,
    /// `journal.db`, `models/`, the demo world.
    pub(crate) data: PathBuf,
    /// Downloads and what is made from them.
    pub(crate) cache: PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Folders {
    pub(crate) fn of_environment() -> Result<Self, Refusal> {
        if let Some(home) = variable("STEWARD_HOME").map(PathBuf::from) {
            // Downloads are shared between homes: they are verified by hash, and large.
            let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).map(|cache| cache.join("steward"));
            let cache = cache.or_else(|| user_home().map(|user| user.join(".cache/steward")));
            let cache = cache.unwrap_or_else(|| home.join("cache"));
            return Ok(Self { config: home.join("config"), data: home.join("data"), cache });
        }
        let xdg = |name: &str, default: &str| {
            let chosen = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
            chosen.or_else(|| user_home().map(|user| user.join(default))).map(|base| base.join("steward"))
        };
        let none = || {
            Refusal::new(
                Exit::Usage,
                "config.no_home",
                "there is no home folder: neither HOME nor STEWARD_HOME is set",
            )
            .help("set STEWARD_HOME to a folder")
        };
        Ok(Self {
            config: xdg("XDG_CONFIG_HOME", ".config").ok_or_else(none)?,
            data: xdg("XDG_DATA_HOME", ".local/share").ok_or_else(none)?,
            cache: xdg("XDG_CACHE_HOME", ".cache").ok_or_else(none)?,
        })
    }

    /// The demo world's own folder.
    pub(crate) fn world(&self) -> PathBuf {
        self.data.join("demo")
    }

    /// Sessions and the input history, apart for the demo world and for real networks.
    pub(crate) fn chat(&self, demo: bool) -> PathBuf {
        self.data.join("chat").join(if demo { "demo" } else { "networks" })
    }
}

fn user_home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// <https://no-color.org>
pub(crate) fn no_color() -> bool {
    variable("NO_COLOR").is_some()
}

pub(crate) fn reduced_motion() -> bool {
    variable("STEWARD_REDUCED_MOTION").is_some()
}

/// Makes a folder that only its owner reads.
pub(crate) fn make(path: &Path) -> Result<(), Refusal> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        Refusal::new(
            Exit::Error,
            "io.folder",
            format!("the folder {} cannot be made: {error}", path.display()),
        )
        .help("make it writable, or set STEWARD_HOME to another one")
    })
}

/// candle takes its number of threads from the environment alone, and more than one of them collapse at their spinning
/// barriers when the machine is busy. To be called before any thread is started.
#[expect(unsafe_code, reason = "no other thread runs yet, which is all that `set_var` asks")]
pub(crate) fn one_model_thread() {
    if variable("CANDLE_NUM_THREADS").is_none() {
        unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    }
}
