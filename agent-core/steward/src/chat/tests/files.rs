//! Sessions, history and exports on disk.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::chat::row::{Row, Tone};
use crate::chat::store::{Store, export};

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("steward-chat-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_session_comes_back_by_its_name_and_only_to_its_owner() {
    let folder = folder("session");
    let store = Store::new(folder.clone());
    let entry = vec![Row::new(Tone::Said, "> how much?"), Row::new(Tone::Plain, "10 ETH").detail()];
    store.keep("main", &entry).unwrap();
    store.keep("other", &[Row::new(Tone::Plain, "x")]).unwrap();
    assert_eq!(store.session("main").unwrap(), [entry]);
    assert_eq!(store.session("new").unwrap(), Vec::<Vec<Row>>::new());
    assert_eq!(mode(&folder.join("session-main.jsonl")), 0o600);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_somebody_wrote_into_a_session_is_tamed() {
    let folder = folder("hostile");
    let line = json!([{"tone": "plain", "text": "\u{1b}]0;owned\u{7}", "hang": 4_000_000_000_u64}]);
    std::fs::write(folder.join("session-main.jsonl"), format!("not json\n{line}\n\u{0}\n")).unwrap();
    let entries = Store::new(folder.clone()).session("main").unwrap();
    assert_eq!(entries.len(), 1);
    assert!(!entries[0][0].text.contains(char::is_control) && entries[0][0].hang < 100);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_long_session_is_cut_to_its_end() {
    let folder = folder("long");
    let store = Store::new(folder.clone());
    let lines: String = (0..5_000)
        .map(|number| format!("[{{\"tone\":\"plain\",\"text\":\"line {number}\",\"hang\":2}}]\n"))
        .collect();
    std::fs::write(folder.join("session-main.jsonl"), lines).unwrap();
    for _ in 0..2 {
        let entries = store.session("main").unwrap();
        assert_eq!((entries.len(), entries[0][0].text.as_str()), (2_000, "line 3000"));
    }
    let left = std::fs::read_to_string(folder.join("session-main.jsonl")).unwrap();
    assert_eq!(left.lines().count(), 2_000);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn history_is_kept() {
    let folder = folder("history");
    let store = Store::new(folder.clone());
    for line in ["one", "two \"quoted\"", "three\nlines"] {
        store.remember(line).unwrap();
    }
    assert_eq!(store.history(), ["one", "two \"quoted\"", "three\nlines"]);
    assert_eq!(mode(&folder.join("history.jsonl")), 0o600);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_export_never_writes_over_a_file() {
    let folder = folder("export");
    let first = export(&folder, "steward-main", "md", "one").unwrap();
    let second = export(&folder, "steward-main", "md", "two").unwrap();
    assert_ne!(first, second);
    assert_eq!(std::fs::read_to_string(&first).unwrap(), "one");
    assert_eq!(mode(&first), 0o600);
    assert!(export(&folder.join("none"), "x", "md", "").unwrap_err().contains("cannot be written"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_restored_session_is_shown_and_not_kept_twice() {
    let (mut model, now) = (model(80, 24), Instant::now());
    let entries = vec![vec![Row::new(Tone::Said, "> how much?")]];
    model.update(Msg::Session { name: "treasury".to_owned(), entries }, now);
    let drawn = screen(&model, 80, 24).join("\n");
    assert!(drawn.contains("> how much?") && drawn.contains("session treasury goes on"), "{drawn}");
    assert_eq!(model.effects, []);
}
