//! Text to token ids and back, as SmolLM2 was trained, and what the grammar's mask needs to know of it.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use llguidance::toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::{byte_level::ByteLevel, digits::Digits, sequence::Sequence};

use crate::Error;

const START: &str = "<|im_start|>";
const STOP: &str = "<|im_end|>";
/// llama.cpp's token type for tokens that are no text.
const CONTROL: i32 = 3;

pub(crate) struct Vocabulary {
    tokenizer: Tokenizer,
    trie: TokTrie,
    start: TokenId,
    pub(crate) stop: TokenId,
}

impl Vocabulary {
    pub(crate) fn from_gguf(content: &Content) -> Result<Self, Error> {
        let mut tokenizer = Tokenizer::from_gguf(content).map_err(Error::failed)?;
        // candle knows `pre=smollm` only as GPT-2's default, which joins digits and puts a space in front.
        let pieces = vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()];
        tokenizer.with_pre_tokenizer(Some(Sequence::new(pieces)));
        // "<|im_end|>" in a user's words is text, never the token.
        tokenizer.set_encode_special_tokens(true);
        let id =
            |token| tokenizer.token_to_id(token).ok_or_else(|| Error::failed(format!("it has no `{token}`")));
        let (start, stop) = (id(START)?, id(STOP)?);
        let words = words(content).map_err(Error::failed)?;
        let count = u32::try_from(words.len()).map_err(Error::failed)?;
        Ok(Self { tokenizer, trie: TokTrie::from(&TokRxInfo::new(count, stop), &words), start, stop })
    }

    /// The ids of plain text. Text that cannot be encoded (there is none for a byte-level vocabulary) has no ids.
    pub(crate) fn encode(&self, text: &str) -> Vec<TokenId> {
        self.tokenizer.encode(text, false).map(|e| e.get_ids().to_vec()).unwrap_or_default()
    }

    /// The chat template around one sentence, up to where the answer begins.
    pub(crate) fn prompt(&self, sentence: &str) -> Vec<TokenId> {
        let user = self.encode(&format!("user\n{sentence}"));
        let (line, assistant) = (self.encode("\n"), self.encode("assistant\n"));
        [vec![self.start], user, vec![self.stop], line, vec![self.start], assistant].concat()
    }

    pub(crate) fn decode(&self, tokens: &[TokenId]) -> String {
        String::from_utf8_lossy(&self.trie.decode(tokens)).into_owned()
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| self.encode(text))
    }
}

/// The bytes of each token, in the order of the ids.
fn words(content: &Content) -> candle_core::Result<Vec<Vec<u8>>> {
    let list = |key: &str| -> candle_core::Result<&Vec<Value>> {
        let value = content
            .metadata
            .get(key)
            .ok_or_else(|| candle_core::Error::msg(format!("`{key}` is missing")))?;
        value.to_vec()
    };
    let bytes = byte_alphabet();
    let kinds = list("tokenizer.ggml.token_type")?;
    let word = |(token, kind): (&Value, &Value)| {
        let token = token.to_string()?;
        if kind.to_i32()? == CONTROL {
            return Ok([&[TokTrie::SPECIAL_TOKEN_MARKER], token.as_bytes()].concat());
        }
        Ok(token.chars().filter_map(|c| bytes.get(&c).copied()).collect())
    };
    list("tokenizer.ggml.tokens")?.iter().zip(kinds).map(word).collect()
}

/// GPT-2's way to write bytes as letters: printable ones as themselves, the others from U+0100 on, in order.
fn byte_alphabet() -> HashMap<char, u8> {
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..);
    let others = (0..=u8::MAX).filter(|byte| !printable(byte));
    let letters = ('\u{100}'..).zip(others);
    (0..=u8::MAX).filter(printable).map(|byte| (char::from(byte), byte)).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_letter() {
        let alphabet = byte_alphabet();
        assert_eq!(alphabet.len(), 256);
        assert_eq!(alphabet[&'Ġ'], b' ');
        assert_eq!(alphabet[&'Ċ'], b'\n');
        assert_eq!(alphabet[&'a'], b'a');
        assert_eq!(alphabet.values().collect::<std::collections::HashSet<_>>().len(), 256);
    }
}
