"""The base model (SmolLM2-135M-Instruct, a Llama) in PyTorch, with a LoRA delta on every linear layer."""

import math

import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import nn

LINEAR = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
RANK, ALPHA = 16, 32
STOP = "<|im_end|>"


def prompt(sentence):
    return f"<|im_start|>user\n{sentence}{STOP}\n<|im_start|>assistant\n"


def load(path):
    """The weights of a GGUF in float32, and its tokenizer (digits alone, then GPT-2's byte level: `pre=smollm`)."""
    reader = GGUFReader(path)
    weights = {t.name: torch.from_numpy(dequantize(t.data, t.tensor_type).copy()).float() for t in reader.tensors}
    field = lambda name: reader.fields[f"tokenizer.ggml.{name}"].contents()
    tokens = field("tokens")
    merges = [tuple(m.split(" ", 1)) for m in field("merges")]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    control = [t for t, kind in zip(tokens, field("token_type")) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    return weights, tokenizer


class Lora(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.a = nn.Parameter(torch.randn(RANK, weight.shape[1]) / math.sqrt(weight.shape[1]))
        self.b = nn.Parameter(torch.zeros(weight.shape[0], RANK))

    def forward(self, x):
        return F.linear(x, self.weight) + F.linear(F.linear(x, self.a), self.b) * (ALPHA / RANK)


class Llama(nn.Module):
    def __init__(self, weights, heads=9, kv_heads=3, head=64, base=1e5, eps=1e-5, positions=512):
        super().__init__()
        self.heads, self.kv_heads, self.head, self.eps = heads, kv_heads, head, eps
        self.embedding, self.last_norm = weights["token_embd.weight"], weights["output_norm.weight"]
        self.norms = []
        self.blk = nn.ModuleList()
        while (name := f"blk.{len(self.blk)}") + ".attn_norm.weight" in weights:
            self.norms.append([weights[f"{name}.{n}.weight"] for n in ("attn_norm", "ffn_norm")])
            self.blk.append(nn.ModuleDict({k: Lora(weights[f"{name}.{k}.weight"]) for k in LINEAR}))
        angle = torch.outer(torch.arange(positions).float(), base ** (-torch.arange(0, head, 2).float() / head))
        self.cos, self.sin = angle.cos(), angle.sin()

    def rotate(self, x, start):
        """Rotary positions on interleaved pairs, as GGUF stores a Llama's heads. x: batch, heads, tokens, head."""
        cos, sin = (t[start : start + x.shape[2]] for t in (self.cos, self.sin))
        a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
        return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)

    def norm(self, x, weight):
        return F.rms_norm(x, (x.shape[-1],), weight, self.eps)

    def forward(self, ids, cache=None, start=0):
        """Last hidden states (batch, tokens, width); logits are their product with the embedding."""
        x = F.embedding(ids, self.embedding)
        for i, (block, (norm1, norm2)) in enumerate(zip(self.blk, self.norms)):
            h = self.norm(x, norm1)
            split = lambda y, n: y.unflatten(-1, (n, self.head)).transpose(1, 2)
            q = self.rotate(split(block["attn_q"](h), self.heads), start)
            k = self.rotate(split(block["attn_k"](h), self.kv_heads), start)
            v = split(block["attn_v"](h), self.kv_heads)
            if cache is not None:
                if i in cache:
                    k, v = (torch.cat(pair, 2) for pair in zip(cache[i], (k, v)))
                cache[i] = (k, v)
            group = self.heads // self.kv_heads
            k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
            o = F.scaled_dot_product_attention(q, k, v, is_causal=ids.shape[1] > 1)
            x = x + block["attn_output"](o.transpose(1, 2).flatten(2))
            h = self.norm(x, norm2)
            x = x + block["ffn_down"](F.silu(block["ffn_gate"](h)) * block["ffn_up"](h))
        return self.norm(x, self.last_norm)

    @torch.no_grad()
    def answer(self, tokenizer, sentence, most=120):
        """Greedy, without a grammar."""
        cache, start, out = {}, 0, []
        ids, stop = tokenizer.encode(prompt(sentence)).ids, tokenizer.token_to_id(STOP)
        for _ in range(most):
            hidden = self(torch.tensor([ids]), cache, start)
            start += len(ids)
            token = int((hidden[0, -1] @ self.embedding.T).argmax())
            if token == stop:
                break
            out.append(token)
            ids = [token]
        return tokenizer.decode(out)

    def adapter(self):
        """Name to tensor, in the GGUF's own tensor names: `blk.0.attn_q.a` (rank, in) and `.b` (out, rank)."""
        return {name: p.detach() for name, p in self.named_parameters()}
