//! The chat in a real terminal: tmux holds it, and the demo world answers. Nothing of ours stands between the keys and
//! the chain. Where tmux is missing the test says so, and fails where `CI` is set.

use std::io::Write;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use alloy::primitives::{I256, U256};

use crate::world::{World, world};

const TABLE: &str = include_str!("conversations.txt");
/// Of the slowest thing that a screen waits for: the model, a bridge.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of its own, with the program in it.
struct Terminal<'a> {
    world: &'a World,
    server: String,
}

impl<'a> Terminal<'a> {
    fn open(world: &'a World, name: &str, size: (u16, u16), arguments: &str) -> Self {
        let terminal = Self { world, server: format!("steward-it-{}-{name}", std::process::id()) };
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let home = world.home().display();
        let exe = env!("CARGO_BIN_EXE_steward");
        let run = format!("STEWARD_HOME={home} {exe} demo {arguments}; echo steward left with $?; sleep 600");
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height, &run]);
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").args(["-L", &self.server]).args(arguments).output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// A person's typing: a key at a time.
    fn type_in(&self, text: &str) {
        for c in text.chars() {
            self.tmux(&["send-keys", "-l", &c.to_string()]);
            sleep(Duration::from_millis(8));
        }
        self.key("Enter");
    }

    fn key(&self, name: &str) {
        self.tmux(&["send-keys", name]);
        sleep(Duration::from_millis(60));
    }

    fn wait(&self, text: &str, shown: bool) -> Result<(), String> {
        let begun = Instant::now();
        while self.screen().contains(text) != shown {
            if begun.elapsed() > PATIENCE {
                let what = if shown { "is not there" } else { "is still there" };
                return Err(format!("`{text}` {what}:\n{}", self.screen()));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn see(&self, text: &str) {
        self.wait(text, true).unwrap_or_else(|why| panic!("{why}"));
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // A chat that is killed leaves its lock; leaving it is the end of every run.
        let _ = Command::new("tmux").args(["-L", &self.server, "kill-server"]).output();
    }
}

/// Whether there is a terminal to test in.
fn tmux() -> bool {
    let found = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    if !found {
        let ci = std::env::var_os("CI").is_some();
        assert!(!ci, "tmux is not installed: the runs in a real terminal cannot be made");
        // Past the test's captured output: a test that passes says it, too.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: without tmux nothing was tried in a real terminal");
    }
    found
}

/// `balance CHAIN TOKEN WHO`: what it is now.
fn balance(world: &World, [chain, token, who]: [&str; 3]) -> U256 {
    let chain = world.chain(chain);
    let who = if who == "alice" { world.alice().parse().unwrap() } else { chain.account };
    if token == "ether" { chain.ether(who) } else { chain.token(token, who) }
}

/// A conversation of the table, line by line.
fn talk(terminal: &Terminal<'_>, conversation: &str) -> Result<(), String> {
    let lines: Vec<&str> = conversation.lines().skip(1).filter(|line| !line.is_empty()).collect();
    let parts = |line: &str| -> Option<[String; 4]> {
        let words: Vec<String> = line.strip_prefix("balance ")?.split(' ').map(str::to_owned).collect();
        words.try_into().ok()
    };
    let read = |[chain, token, who, _]: &[String; 4]| balance(terminal.world, [chain, token, who]);
    let before: Vec<U256> = lines.iter().filter_map(|line| parts(line)).map(|wanted| read(&wanted)).collect();
    let mut before = before.into_iter();
    for line in lines {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "type" => terminal.type_in(rest),
            "key" => {
                sleep(Duration::from_millis(700));
                terminal.key(rest);
            }
            "paste" => {
                sleep(Duration::from_millis(700));
                terminal.tmux(&["set-buffer", rest]);
                terminal.tmux(&["paste-buffer", "-p"]);
                sleep(Duration::from_millis(100));
            }
            "see" => terminal.wait(rest, true)?,
            "gone" => terminal.wait(rest, false)?,
            "balance" => {
                let wanted = parts(line).ok_or("a balance has a chain, a token, an owner and a change")?;
                let now = I256::try_from(read(&wanted)).unwrap();
                let change = now - I256::try_from(before.next().unwrap()).unwrap();
                if change.to_string() != wanted[3] {
                    return Err(format!("{line}: it changed by {change}"));
                }
            }
            _ => return Err(format!("{line} is no line of a conversation")),
        }
    }
    Ok(())
}

#[test]
fn conversations_in_a_real_terminal_move_real_tokens() {
    if !tmux() {
        return;
    }
    let world = world();
    let _turn = world.turn();
    let terminal = Terminal::open(world, "talk", (80, 24), "--session talk");
    terminal.see("what should be done?");
    let talks: Vec<&str> = TABLE.split("== ").skip(1).collect();
    assert!(talks.len() >= 8, "{} conversations", talks.len());
    for conversation in talks {
        let name = conversation.lines().next().unwrap();
        // A screen of its own for each.
        let session: String = name
            .chars()
            .filter_map(|c| if c == ' ' { Some('-') } else { c.is_ascii_lowercase().then_some(c) })
            .take(40)
            .collect();
        terminal.type_in(&format!("/session {session}"));
        terminal.see(&format!("session {session}"));
        talk(&terminal, conversation).unwrap_or_else(|why| panic!("== {name}\n{why}"));
    }
    terminal.type_in("/quit");
    terminal.see("steward left with 0");
}

#[test]
fn a_session_goes_on_in_another_terminal_of_another_size() {
    if !tmux() {
        return;
    }
    let world = world();
    let _turn = world.turn();
    let first = Terminal::open(world, "first", (120, 40), "--session goes-on");
    first.see("what should be done?");
    first.see("ethereum at block");
    first.type_in("how much usdc do I have on base?");
    first.see("USDC on base (");
    first.type_in("/quit");
    first.see("steward left with 0");
    drop(first);

    let second = Terminal::open(world, "second", (40, 15), "--session goes-on");
    second.see("session goes-on goes on");
    second.see("USDC on base (");
    second.key("Up");
    second.see("> /quit");
    second.key("Up");
    second.see("> how much usdc");
    second.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    second.see("arbitrum");
    second.tmux(&["resize-window", "-x", "40", "-y", "15"]);
    second.key("C-c");
    second.see("steward left with 0");
}

#[test]
fn money_between_two_chains_is_never_out_of_sight() {
    if !tmux() {
        return;
    }
    let world = crate::world::fresh("stalled");
    let there = world.chain("optimism");
    let lent = || there.token("aave.a_token.usdc", there.account);
    let before = lent();
    // No block takes the relayer's fill.
    there.node("evm_setAutomine", serde_json::json!([false]));
    there.node("evm_setIntervalMining", serde_json::json!([0]));
    let terminal = Terminal::open(&world, "stalled", (100, 30), "");
    terminal.see("what should be done?");
    terminal.type_in("bridge 50 USDC from arbitrum to optimism and lend it on aave");
    terminal.see("y execute");
    sleep(Duration::from_millis(700));
    terminal.key("y");
    terminal.see("not on Optimism yet");
    terminal.see("r quote the rest");
    sleep(Duration::from_millis(700));
    terminal.key("r");
    terminal.see("nothing has arrived yet");
    assert_eq!(lent(), before, "nothing was lent before it was there");
    there.node("evm_setAutomine", serde_json::json!([true]));
    there.node("evm_setIntervalMining", serde_json::json!([1]));
    terminal.see("settled as promised");
    let arrived = U256::from(49_975_000);
    let more = lent() - before;
    assert!(
        more + U256::from(1) >= arrived && more <= arrived + U256::from(1),
        "{more}: once, and all of it"
    );
    terminal.key("C-c");
    terminal.see("steward left with 0");
}
