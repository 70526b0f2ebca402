"""Trains the adapter: python train.py BASE.gguf OUT.safetensors [PAIRS EPOCHS SEED]

The loss is on the answer's tokens only. A usable adapter is written every hundred steps.
"""

import random
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from generate import evaluation, pairs
from model import ALPHA, RANK, STOP, Llama, load, prompt

BATCH, PEAK, WARMUP = 16, 1.5e-3, 20


def batches(data, epochs, rng):
    """Batches of like length: each pool of eight batches is sorted before it is cut."""
    for _ in range(epochs):
        rng.shuffle(data)
        for i in range(0, len(data), BATCH * 8):
            pool = sorted(data[i : i + BATCH * 8], key=lambda ab: len(ab[0]) + len(ab[1]))
            cut = [pool[j : j + BATCH] for j in range(0, len(pool), BATCH)]
            rng.shuffle(cut)
            yield from cut


def loss_of(model, batch):
    length = max(len(a) + len(b) for a, b in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    said = torch.zeros(len(batch), length, dtype=torch.bool)
    for row, (a, b) in enumerate(batch):
        ids[row, : len(a) + len(b)] = torch.tensor(a + b)
        said[row, len(a) : len(a) + len(b)] = True
    said = said[:, 1:]
    hidden = model(ids[:, :-1])[said]
    return F.cross_entropy(hidden @ model.embedding.T, ids[:, 1:][said])


def save(model, out, about):
    tensors = {k: v.half().contiguous() for k, v in model.adapter().items()}
    save_file(tensors, out, {"rank": str(RANK), "alpha": str(ALPHA), **about})


def score(model, tokenizer):
    right, held_out = 0, evaluation()
    for sentence, want in held_out:
        got = model.answer(tokenizer, sentence)
        right += got == want
        if got != want:
            print(f"  missed {sentence!r}\n    got  {got!r}\n    want {want!r}")
    return f"{right}/{len(held_out)}"


def main(base, out, count=12000, epochs=1, seed=1):
    count, epochs, seed = int(count), int(epochs), int(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(2)
    weights, tokenizer = load(base)
    model = Llama(weights)
    stop = tokenizer.token_to_id(STOP)
    held_out = [sentence for sentence, _ in evaluation()]
    data = [(tokenizer.encode(prompt(s)).ids, tokenizer.encode(lines).ids + [stop]) for s, lines in pairs(count, seed, held_out)]
    tokens = sum(len(a) + len(b) for a, b in data)
    print(f"{count} pairs, {tokens / count:.1f} tokens each", flush=True)
    steps = sum(1 for _ in batches(list(data), epochs, random.Random(seed)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.0, betas=(0.9, 0.98))
    about, begun = {"pairs": str(count), "epochs": str(epochs), "seed": str(seed)}, time.time()
    for step, batch in enumerate(batches(data, epochs, random.Random(seed)), 1):
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min(1, step / WARMUP) * max(0.03, 1 - step / steps)
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 10 == 0:
            print(f"step {step}/{steps} loss {loss.item():.4f} seconds {time.time() - begun:.0f}", flush=True)
        if step % 100 == 0:
            save(model, out, about | {"step": str(step)})
    save(model, out, about | {"step": str(steps)})
    print("score without a grammar", score(model, tokenizer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
