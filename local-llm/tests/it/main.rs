//! The real model, fetched once into the build folder: tokenizer, mask, forced tokens, damage, and what it was trained for.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use agent_core::ports::Model;
use local_llm::{Engine, pull};

const LINES: &str = include_str!("lines.lark");
/// Anything: as good as no mask.
const ANYTHING: &str = r"start: /(.|\n){1,400}/";

fn models() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("models")
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::open(&models()).unwrap())
}

fn lines(sentence: &str) -> String {
    engine().generate(sentence, LINES, 200).unwrap().text
}

/// Ids from the tokenizer that SmolLM2's authors publish: digits alone, no space put in front.
#[test]
fn text_becomes_the_ids_that_the_model_was_trained_on() {
    for (text, ids) in [
        ("swap #12 ETH to USDC on base", &[39524, 907, 33, 34, 47375, 288, 2038, 14503, 335, 3159][..]),
        (
            "Swap 1,250.5 USDC to 0xA0b8  wstETH",
            &[
                14395, 512, 216, 33, 28, 34, 37, 32, 30, 37, 2038, 14503, 288, 216, 32, 104, 49, 32, 82, 40,
                216, 267, 302, 47792,
            ],
        ),
        ("how much é € do I have?\n", &[6778, 1083, 26411, 24927, 536, 339, 457, 47, 198]),
    ] {
        assert_eq!(engine().tokens(text), ids, "{text}");
    }
}

#[test]
fn a_template_token_in_the_words_is_only_text() {
    let ids = engine().tokens("<|im_end|>");
    assert!(ids.len() > 1, "{ids:?}");
}

#[test]
fn the_mask_admits_only_what_the_grammar_says() {
    let sentence = "swap #1 ETH to USDC on base";
    let one = r#"start: "refuse scope""#;
    assert_eq!(engine().generate(sentence, one, 50).unwrap().text, "refuse scope");
    // Without the mask the model says something else.
    assert_ne!(engine().generate(sentence, ANYTHING, 200).unwrap().text, "refuse scope");
    // A marker that the sentence does not have cannot be written, whatever the words suggest.
    let only_second = r##"start: "swap " AMT " ETH USDC sell base - -"
AMT: "#2" | "#3""##;
    assert!(engine().generate(sentence, only_second, 50).unwrap().text.starts_with("swap #2 "));
}

#[test]
fn forced_tokens_change_nothing_but_the_time() {
    let sentence = "supply #1 USDC to aave on base then borrow #2 WETH there";
    let tight = r##"start: "supply " N " USDC base aave\nborrow " N " WETH base aave"
N: "#1" | "#2""##;
    let (tight, free) = (
        engine().generate(sentence, tight, 200).unwrap(),
        engine().generate(sentence, ANYTHING, 200).unwrap(),
    );
    assert_eq!(tight.text, free.text);
    assert!(tight.forced > 10, "{tight:?}");
    assert_eq!(free.forced, 0, "{free:?}");
}

#[test]
fn the_same_sentence_gives_the_same_lines() {
    let sentence = "bridge #1 USDC from ethereum to base and swap it for ETH";
    assert_eq!(lines(sentence), lines(sentence));
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let code =
        |sentence: &str, grammar: &str, most| engine().generate(sentence, grammar, most).unwrap_err().code();
    assert_eq!(code("swap", "start: nothing_defined", 50), "model.failed");
    assert_eq!(code("swap", "not lark at all {{{", 50), "model.failed");
    assert_eq!(code("swap #1 ETH to USDC", LINES, 3), "model.failed");
    assert_eq!(code(&"swap ".repeat(20_000), LINES, 50), "model.failed");
}

#[test]
fn a_missing_or_damaged_model_is_refused() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    assert_eq!(Engine::load(folder.path()).unwrap_err().code(), "model.missing");
    let whole = pull(&models()).unwrap();
    let copy = folder.path().join(whole.file_name().unwrap());
    let mut bytes = fs::read(&whole).unwrap();
    bytes[100_000_000] ^= 1;
    fs::write(&copy, &bytes).unwrap();
    assert_eq!(Engine::load(folder.path()).unwrap_err().code(), "model.damaged", "without its checksum");
    let sum = fs::read(whole.with_extension("sha256")).unwrap();
    fs::write(copy.with_extension("sha256"), &sum).unwrap();
    assert_eq!(Engine::load(folder.path()).unwrap_err().code(), "model.damaged", "one bit");
    fs::write(&copy, &bytes[..1000]).unwrap();
    assert_eq!(Engine::load(folder.path()).unwrap_err().code(), "model.damaged", "cut off");
    bytes[100_000_000] ^= 1;
    fs::write(&copy, &bytes).unwrap();
    Engine::load(folder.path()).unwrap();
}

/// A new merge is the same, bit for bit.
#[test]
fn merging_again_gives_the_same_model() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let whole = pull(&models()).unwrap();
    let base = "SmolLM2-135M-Instruct.Q4_1.gguf";
    fs::copy(models().join(base), folder.path().join(base)).unwrap();
    let again = pull(folder.path()).unwrap();
    let sum = |path: &PathBuf| fs::read_to_string(path.with_extension("sha256")).unwrap();
    assert_eq!(sum(&again), sum(&whole));
}

#[tokio::test]
async fn it_is_the_core_s_model() {
    let model: &dyn Model = engine();
    assert_eq!(model.id().sha256.len(), 64);
    assert_eq!(model.complete("send #1 USDC to &1", LINES).await.unwrap(), "transfer #1 USDC &1 -");
    assert_eq!(model.complete("send", "{{{").await.unwrap_err().code, "model.failed");
}

/// The sentences of the first slice, exactly.
#[test]
fn the_sentences_of_the_first_slice() {
    for (sentence, want) in [
        (
            "swap #1 ETH to USDC on base and lend it on aave",
            "swap #1 ETH USDC sell base - -\nsupply @1 USDC base aave",
        ),
        ("how much usdc do I have on base?", "answer balance USDC base -"),
        ("swap #1 ETH to USDC on ethereum", "swap #1 ETH USDC sell ethereum - -"),
        (
            "supply #1 USDC to aave on base then borrow #2 WETH there",
            "supply #1 USDC base aave\nborrow #2 WETH base aave",
        ),
        (
            "bridge #1 USDC from ethereum to base and swap it for ETH",
            "bridge #1 USDC ethereum base -\nswap @1 USDC ETH sell base - -",
        ),
        ("send #1 USDC to &1", "transfer #1 USDC &1 -"),
        ("send #1 USDC to &1 on base", "transfer #1 USDC &1 base"),
        ("send #1 ETH to &1 on ethereum", "transfer #1 ETH &1 ethereum"),
        (
            "swap #1 my ETH on Base to USDC and lend it on Aave",
            "swap #1 ETH USDC sell base - -\nsupply @1 USDC base aave",
        ),
        ("wrap #1 ETH on base", "wrap #1 - base"),
        ("repay #1 DAI to aave on ethereum", "repay #1 DAI ethereum aave"),
        ("revoke my USDC allowance for uniswap on base", "revoke USDC uniswap base"),
        ("withdraw #1 USDC from aave on base", "withdraw #1 USDC base aave"),
        (
            "swap #1 ETH to USDC on ethereum, then bridge it to base",
            "swap #1 ETH USDC sell ethereum - -\nbridge @1 USDC ethereum base -",
        ),
    ] {
        assert_eq!(lines(sentence), want, "{sentence}");
    }
}

/// Held-out sentences, written by hand and never trained on. The score is in `adapter/README.md`; it may not fall.
#[test]
fn the_held_out_sentences() {
    let rows = include_str!("../../training/eval.jsonl").lines();
    let (mut right, mut all) = (0, 0);
    for row in rows {
        let (sentence, want): (String, String) = serde_json::from_str(row).unwrap();
        let got = lines(&sentence);
        all += 1;
        right += usize::from(got == want);
        if got != want {
            println!("{sentence}\n  got  {got:?}\n  want {want:?}");
        }
    }
    println!("{right} of {all}");
    assert!(right >= 60, "{right} of {all}");
}
