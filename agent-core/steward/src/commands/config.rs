//! `steward config`: folders and what is configured.

use agent_core::Refusal;
use serde_json::json;

use crate::cli::Config;
use crate::compose::App;
use crate::output::Done;

pub(crate) fn config(app: &App, asked: &Config) -> Result<Done, Refusal> {
    match asked {
        Config::Path => {
            let folders = &app.folders;
            let data = json!({"config": folders.config, "data": folders.data, "cache": folders.cache});
            let text = format!(
                "config {}\ndata   {}\ncache  {}",
                folders.config.display(),
                folders.data.display(),
                folders.cache.display()
            );
            Ok(Done::new(data, text))
        }
        Config::Show => {
            let config = app.config()?;
            let data = serde_json::to_value(&config).unwrap_or_default();
            let text = toml::to_string_pretty(&config).unwrap_or_default();
            Ok(Done::new(data, text))
        }
    }
}
