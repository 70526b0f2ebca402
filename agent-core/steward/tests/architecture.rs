//! The shape of the repository is held by tests: who may name whom, where heavy libraries live, how files look.
//!
//! Each checker is a function from text to complaints; each is also run on a planted violation, which it must find.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests: a panic is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 500;

/// A library (with its family) and the crates that may name it.
const HEAVY: [(&[&str], &[&str]); 8] = [
    (&["candle-core", "candle-nn", "candle-transformers", "tokenizers"], &["local-llm"]),
    (&["wasmtime"], &["strategies"]),
    (&["revm", "op-revm", "foundry-fork-db"], &["simulations", "devnet"]),
    (&["sqlx"], &["journal"]),
    (&["cedar-policy"], &["policies"]),
    (&["ratatui", "ratatui-textarea", "crossterm", "clap"], &["steward"]),
    (&["axum"], &["steward"]),
    (&["alloy"], &["chains", "simulations", "devnet"]),
];

/// What may lie at the top, beside dotfiles and what git ignores.
const TOP: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "agent-core",
    "chains",
    "local-llm",
    "planners",
    "policies",
    "simulations",
    "strategies",
];

/// The core does no I/O and has no clock of its own.
const IO: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "tokio::fs",
    "tokio::net",
    "SystemTime",
    "Instant::now",
];

#[derive(Debug, Default)]
struct Manifest {
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

type Manifests = BTreeMap<String, Manifest>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files below `folder` that are the project's own.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// Path (from the top) and text of each file whose name ends so.
fn texts(end: &str) -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    files(&root, &mut found);
    found.retain(|path| path.to_string_lossy().ends_with(end));
    found.sort();
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn manifest(text: &str) -> Option<(String, Manifest)> {
    let table: toml::Table = text.parse().expect("a manifest is TOML");
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let keys = |table: &toml::Table, section: &str| -> Vec<String> {
        let section = table.get(section).and_then(toml::Value::as_table);
        section.into_iter().flat_map(|section| section.keys().cloned()).collect()
    };
    let mut own = Manifest::default();
    let targets = table.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    for table in std::iter::once(&table).chain(targets) {
        own.normal.extend(keys(table, "dependencies"));
        own.normal.extend(keys(table, "build-dependencies"));
        own.dev.extend(keys(table, "dev-dependencies"));
    }
    Some((name, own))
}

fn manifests() -> Manifests {
    texts("/Cargo.toml").iter().filter_map(|(_, text)| manifest(text)).collect()
}

/// Whether `who` may name the crate `whom` of this workspace outside its tests.
fn may_name(who: &str, whom: &str) -> bool {
    match who {
        "agent-core" => false,
        "steward" => whom != "fakes",
        "scenarios" => whom != "steward" && whom != "fakes",
        "devnet" => matches!(whom, "agent-core" | "simulations"),
        _ => whom == "agent-core",
    }
}

fn arrows(manifests: &Manifests) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, own) in manifests {
        let ours = |named: &&String| manifests.contains_key(*named);
        for whom in own.normal.iter().filter(ours).filter(|whom| !may_name(who, whom)) {
            wrong.push(format!("{who} names {whom}"));
        }
        let tested = |whom: &str| may_name(who, whom) || matches!(whom, "fakes" | "devnet");
        for whom in own.dev.iter().filter(ours).filter(|whom| !tested(whom)) {
            wrong.push(format!("tests of {who} name {whom}"));
        }
    }
    wrong
}

fn heavy(manifests: &Manifests) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, own) in manifests {
        for (libraries, rooms) in HEAVY.iter().filter(|(_, rooms)| !rooms.contains(&who.as_str())) {
            let strays = libraries.iter().filter(|library| own.normal.contains(**library));
            wrong.extend(strays.map(|library| format!("{who} names {library}, which lives in {rooms:?}")));
        }
    }
    wrong
}

/// `#[allow(…)]` and `#[expect(…)]` that do not say why.
fn unexplained(text: &str) -> usize {
    let attributes = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
    let starts = attributes.iter().flat_map(|attribute| text.match_indices(attribute));
    // An attribute that only a string or a comment speaks of does not stand first on its line.
    let real = starts.filter(|(at, _)| {
        let line = text.get(..*at).and_then(|before| before.rsplit('\n').next());
        line.is_some_and(|indent| indent.trim().is_empty())
    });
    let bodies = real.filter_map(|(at, _)| text.get(at..)?.split(")]").next());
    bodies.filter(|body| !body.contains("reason")).count()
}

fn source(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if path.ends_with("/mod.rs") {
        wrong.push(format!("{path}: name the file after the module"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        wrong.push(format!("{path}: {lines} lines, more than {LINES_MAX}"));
    }
    if path.ends_with("src/lib.rs") && !text.starts_with("//!") {
        wrong.push(format!("{path}: does not say what the room is"));
    }
    if unexplained(text) > 0 {
        wrong.push(format!("{path}: a lint is switched off without a reason"));
    }
    for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:")] {
        if text.contains(word) {
            wrong.push(format!("{path}: {word}"));
        }
    }
    if path.starts_with("agent-core/src/") {
        wrong
            .extend(IO.iter().filter(|io| text.contains(**io)).map(|io| format!("{path}: {io} in the core")));
    }
    wrong
}

fn strays<'a>(top: impl Iterator<Item = &'a str>) -> Vec<String> {
    let allowed = |name: &&str| {
        TOP.contains(name) || name.starts_with('.') || *name == "target" || name.ends_with(".swp")
    };
    top.filter(|name| !allowed(name)).map(|name| format!("{name} lies at the top")).collect()
}

/// Members are listed one by one, and every crate is a member.
fn members(workspace: &str, folders: &BTreeSet<String>) -> Vec<String> {
    let table: toml::Table = workspace.parse().unwrap();
    let listed = table["workspace"]["members"].as_array().unwrap();
    let listed: BTreeSet<String> = listed.iter().map(|member| member.as_str().unwrap().to_owned()).collect();
    let missing = folders.difference(&listed).filter(|folder| !folder.starts_with("strategies/guests"));
    let gone = listed.difference(folders);
    let missing = missing.map(|folder| format!("{folder} is no member"));
    missing.chain(gone.map(|member| format!("{member} is a member without a crate"))).collect()
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn the_arrows_between_crates_hold() {
    let manifests = manifests();
    assert!(manifests.contains_key("steward") && manifests.contains_key("agent-core"));
    assert_eq!(arrows(&manifests), nothing());
}

#[test]
fn heavy_libraries_stay_in_their_rooms() {
    assert_eq!(heavy(&manifests()), nothing());
}

#[test]
fn files_look_as_agreed() {
    let sources = texts(".rs");
    assert!(sources.len() > 50, "only {} files", sources.len());
    let wrong: Vec<String> = sources.iter().flat_map(|(path, text)| source(path, text)).collect();
    assert_eq!(wrong, nothing());
}

#[test]
fn the_top_is_fixed_and_every_crate_is_a_member() {
    let names: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(strays(names.iter().map(String::as_str)), nothing());
    let crates = texts("/Cargo.toml");
    let folders =
        crates.iter().filter_map(|(path, _)| path.strip_suffix("/Cargo.toml").map(str::to_owned)).collect();
    assert_eq!(members(&fs::read_to_string(root().join("Cargo.toml")).unwrap(), &folders), nothing());
}

#[test]
fn planted_violations_are_found() {
    let planted = |texts: &[&str]| texts.iter().filter_map(|text| manifest(text)).collect::<Manifests>();
    let rooms = planted(&[
        "[package]\nname = \"agent-core\"\n[dependencies]\nchains.workspace = true",
        "[package]\nname = \"chains\"\n[dependencies]\nagent-core.workspace = true\n[dev-dependencies]\nsteward = \"1\"",
        "[package]\nname = \"planners\"\n[target.'cfg(unix)'.dependencies]\nlocal-llm = \"1\"\nsqlx = \"1\"",
        "[package]\nname = \"local-llm\"\n[build-dependencies]\nrevm = \"1\"\n[dev-dependencies]\nfakes = \"1\"",
        "[package]\nname = \"steward\"\n[dependencies]\nfakes = \"1\"\nalloy = \"1\"",
        "[package]\nname = \"fakes\"",
    ]);
    let named = [
        "agent-core names chains",
        "tests of chains name steward",
        "planners names local-llm",
        "steward names fakes",
    ];
    assert_eq!(arrows(&rooms), named);
    let strangers: Vec<String> =
        heavy(&rooms).iter().map(|wrong| wrong.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(strangers, ["local-llm names revm", "planners names sqlx", "steward names alloy"]);

    let found = |path: &str, text: &str| source(path, text).len();
    assert_eq!(found("chains/src/lib.rs", "//! A room.\n#[allow(unused, reason = \"so\")]\nfn f() {}\n"), 0);
    assert_eq!(found("chains/src/mod.rs", ""), 1);
    assert_eq!(found("chains/src/lib.rs", "mod a;\n"), 1);
    assert_eq!(found("chains/src/a.rs", &"\n".repeat(LINES_MAX)), 0);
    assert_eq!(found("chains/src/a.rs", &"\n".repeat(LINES_MAX + 1)), 1);
    assert_eq!(found("chains/src/a.rs", "    #[allow(dead_code)]\nfn f() {}\n"), 1);
    assert_eq!(found("chains/src/a.rs", "#![expect(\n    dead_code,\n)]\n"), 1);
    assert_eq!(found("chains/src/a.rs", concat!("// TO", "DO\n")), 1);
    assert_eq!(found("agent-core/src/a.rs", "use std::fs;\n"), 1);
    assert_eq!(strays(["Cargo.toml", ".ci", "target", "utils", "rust-toolchain.toml"].into_iter()).len(), 2);

    let folders = ["chains".to_owned(), "planners".to_owned()].into();
    let listed = "[workspace]\nmembers = [\"chains\", \"gone\"]";
    assert_eq!(members(listed, &folders), ["planners is no member", "gone is a member without a crate"]);
}
