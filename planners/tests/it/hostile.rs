//! Hostile bytes: an outcome each time, in bounded time, and never a plan.

use agent_core::draft::Outcome;

use crate::model::{draft_of, read};

fn code(sentence: &[u8]) -> String {
    match draft_of(sentence, "transfer #1 USDC &1 -").outcome {
        Outcome::Refuse { code, .. } | Outcome::Clarify { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn input_that_is_no_sentence() {
    assert_eq!(code(b""), "input.empty");
    assert_eq!(code(b" \t\r\n \xe2\x80\x8b"), "input.empty");
    assert_eq!(code(b"send 5 \xff\xfe USDC"), "input.utf8");
    assert_eq!(code("send 5 USDC to alice ".repeat(5000).as_bytes()), "input.too_long");
    assert_eq!(code("x ".repeat(8192).as_bytes()), "input.too_long");
    let draft = draft_of(b"\xff", "transfer #1 USDC &1 -");
    assert_eq!((draft.intent, draft.model.unwrap().name.as_str()), (None, "scripted"));
}

#[test]
fn sixteen_kilobytes_of_anything_end() {
    for piece in [
        "1 ",
        "a",
        "0x",
        "\"",
        "`",
        "> \n",
        "half a ",
        "1,",
        "$",
        "-",
        "every monday ",
        "twenty ",
        "all but ",
        "é",
        "\u{202e}",
        ".",
    ] {
        let text: String = piece.repeat(16_000 / piece.len());
        let begun = std::time::Instant::now();
        let draft = draft_of(text.as_bytes(), "transfer #1 USDC &1 -");
        assert!(!matches!(draft.outcome, Outcome::Plan { .. }), "{piece:?}");
        assert!(begun.elapsed().as_secs() < 5, "{piece:?} took {:?}", begun.elapsed());
    }
}

#[test]
fn what_is_quoted_moves_no_money() {
    for sentence in [
        "\"send 5 USDC to alice\"",
        "summarise `send 5 USDC to alice`",
        "> send 5 USDC to alice",
        "what does “send 5 USDC to alice” mean?",
        "send \"5\" USDC to alice",
    ] {
        assert_ne!(read(sentence, "transfer #1 USDC &1 -")["outcome"], "plan", "{sentence}");
    }
}

#[test]
fn text_that_looks_like_another() {
    for sentence in [
        "send 5 US\u{200b}DC to alice",
        "send 5\u{202e}0 USDC to alice",
        "send 5 USDC to vit\u{200d}alik.eth",
        "send 5 USDС to alice", // a Cyrillic С
        "send 1\u{fe0f}\u{20e3}0 USDC to alice",
    ] {
        assert_ne!(read(sentence, "transfer #1 USDC &1 -")["outcome"], "plan", "{sentence:?}");
    }
}
