//! Whole conversations: a table of what is typed and what must come of it, against a core that answers from a script.
//!
//! Each begins with `== name`. Then, a line each: `size W H` (80 24 at first), `type TEXT` (with enter), `key NAME …`,
//! `early NAME` (a key right after the screen changed), `paste TEXT`, `focus lost|gained`, `approved` (in another
//! terminal), and what must hold: `op KIND [WORDS]` (the next operation that was sent, and what its JSON has),
//! `no op`, `see TEXT`, `gone TEXT`, `effect WORDS` (of an effect's debug form), `input TEXT`.

use agent_core::Op;

use super::scripted::ScriptedCore;
use super::*;
use crate::chat::model::Effect;

const TABLE: &str = include_str!("conversations.txt");

struct Talk {
    model: Model,
    core: ScriptedCore,
    now: Instant,
    size: (u16, u16),
    ops: std::collections::VecDeque<Op>,
    effects: Vec<Effect>,
}

impl Talk {
    fn new() -> Self {
        let (size, now) = ((80, 24), Instant::now());
        let mut talk = Self {
            model: model(size.0, size.1),
            core: ScriptedCore::default(),
            now,
            size,
            ops: [].into(),
            effects: Vec::new(),
        };
        for op in talk.model.start() {
            talk.tell(&op);
        }
        talk
    }

    /// What the core answers to an operation.
    fn tell(&mut self, op: &Op) {
        for event in self.core.answer(op) {
            self.now += ms(1);
            self.update(Msg::Event(Box::new(event)));
        }
    }

    fn update(&mut self, msg: Msg) {
        if let Some(op) = self.model.update(msg, self.now) {
            self.ops.push_back(op.clone());
            self.tell(&op);
        }
        self.effects.append(&mut self.model.effects);
    }

    fn press(&mut self, name: &str, after: u64) {
        self.now += ms(after);
        self.update(Msg::Key(named(name)));
        self.now += ms(30);
        self.update(Msg::Tick);
    }

    /// One line of the table; why it does not hold.
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let drawn = screen(&self.model, self.size.0, self.size.1).join("\n");
        let held = match verb {
            "size" => {
                let (width, height) = rest.split_once(' ').unwrap();
                self.size = (width.parse().unwrap(), height.parse().unwrap());
                self.update(Msg::Resize(Size { width: self.size.0, height: self.size.1 }));
                true
            }
            "type" => {
                self.now += ms(700);
                for c in rest.chars() {
                    let name = if c == ' ' { "space".to_owned() } else { c.to_string() };
                    self.press(&name, 20);
                }
                self.press("enter", 20);
                true
            }
            "key" => {
                rest.split(' ').for_each(|name| self.press(name, 700));
                true
            }
            "early" => {
                self.press(rest, 100);
                true
            }
            "paste" => {
                self.now += ms(700);
                self.update(Msg::Paste(rest.to_owned()));
                true
            }
            "focus" => {
                self.update(Msg::Focused(rest == "gained"));
                true
            }
            "approved" => {
                self.core.approve();
                true
            }
            "op" => {
                let (kind, words) = rest.split_once(' ').unwrap_or((rest, ""));
                let op = self.ops.pop_front().map(|op| serde_json::to_value(op).unwrap());
                let Some(op) = op else { return Err("no operation was sent".to_owned()) };
                if op["op"] != kind || !op.to_string().contains(words) {
                    return Err(format!("the operation was {op}"));
                }
                true
            }
            "no" => self.ops.is_empty(),
            "see" => drawn.contains(rest),
            "gone" => !drawn.contains(rest),
            "effect" => {
                let found = self.effects.iter().any(|effect| format!("{effect:?}").contains(rest));
                found || return Err(format!("the effects were {:?}", self.effects))
            }
            "input" => self.model.input.lines().join(" ") == rest,
            _ => return Err("that is no line of a conversation".to_owned()),
        };
        if held { Ok(()) } else { Err(format!("\n{drawn}\nops: {:?}", self.ops)) }
    }
}

fn named(name: &str) -> KeyEvent {
    let control = |c| KeyEvent::new(c, KeyModifiers::CONTROL);
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "ctrl-f" => return control(KeyCode::Char('f')),
        "ctrl-end" => return control(KeyCode::End),
        "f2" => KeyCode::F(2),
        "f3" => KeyCode::F(3),
        "f4" => KeyCode::F(4),
        "f5" => KeyCode::F(5),
        letter => KeyCode::Char(letter.chars().next().unwrap()),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Why a conversation does not hold, with the line.
fn hold(conversation: &str) -> Result<(), String> {
    let mut talk = Talk::new();
    for (at, line) in conversation.lines().enumerate().skip(1) {
        if !line.is_empty() && !line.starts_with('#') {
            talk.line(line).map_err(|why| format!("{line} (line {at}): {why}"))?;
        }
    }
    Ok(())
}

fn conversations() -> Vec<&'static str> {
    TABLE.split("== ").skip(1).collect()
}

#[test]
fn every_conversation_of_the_table_holds() {
    let all = conversations();
    assert!(all.len() >= 40, "{} conversations", all.len());
    let broken: Vec<String> = all
        .iter()
        .filter_map(|talk| hold(talk).err().map(|why| format!("== {}\n{why}", talk.lines().next().unwrap())))
        .collect();
    assert!(broken.is_empty(), "{} broken\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn a_conversation_that_does_not_hold_is_noticed() {
    for wrong in
        ["see what nobody said", "op confirm", "gone what should be done", "effect Copy", "input x", "no way"]
    {
        assert_eq!(hold(&format!("wrong\n{wrong}")).is_err(), wrong != "no way", "{wrong}");
    }
    assert!(hold("wrong\ntype swap 10 ETH to USDC\nno op").is_err());
    assert!(hold("wrong\nswim").is_err());
}
