"""Contestant with the same model in PyTorch: for every line on standard input, step, pass or sample, does it and writes a line of JSON {ms}.

The optimizer is AdamW: PyTorch has no SUMO. Usage: python3 torch_llama.py '{"threads": 1, "task": …, "prompt": 16, "sampled": 48}'
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

options = json.loads(sys.argv[1])
task = options["task"]
config, length, batch = (task[key] for key in ("config", "length", "batch"))
width, hidden, heads = (config[key] for key in ("hidden_size", "intermediate_size", "num_attention_heads"))
groups = config.get("num_key_value_heads", heads)
head, vocabulary = width // heads, config["vocab_size"]
torch.set_num_threads(options["threads"])
torch.manual_seed(0)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


half = head // 2
angles = torch.outer(torch.arange(length), 10000.0 ** (-torch.arange(half) / half))
cosines, sines = angles.cos(), angles.sin()
causal = torch.full((length, length), float("-inf")).triu(1)


def turn(x, start):
    a, b = x[..., :half], x[..., half:]
    c, s = cosines[start : start + x.shape[-2]], sines[start : start + x.shape[-2]]
    return torch.cat([a * c - b * s, b * c + a * s], -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        self.input_norm, self.post_norm = Norm(), Norm()
        self.qkv, self.out = linear(width, (heads + 2 * groups) * head), linear(width, width)
        self.gate_up, self.down = linear(width, 2 * hidden), linear(hidden, width)

    def forward(self, x, cache=None):
        """`cache`, of sampling, holds the keys and values of the tokens before x."""
        rows, count, _ = x.shape
        qkv = self.qkv(self.input_norm(x)).view(rows, count, heads + 2 * groups, head).transpose(1, 2)
        q, k, v = qkv.split([heads, groups, groups], 1)
        start = 0 if cache is None else cache[0].shape[2]
        q, k = turn(q, start), turn(k, start)
        if cache is not None:
            k, v = cache[:] = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        k, v = (y.repeat_interleave(heads // groups, 1) for y in (k, v))
        scores = q @ k.transpose(-1, -2) / head**0.5 + causal[start : start + count, : start + count]
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, count, width))
        gate, up = self.gate_up(self.post_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.norm = nn.Embedding(vocabulary, width), Norm()
        # As published models begin. PyTorch's own deviation of 1 saturates a tied head, and gradients full of subnormal numbers are slow.
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList(Layer() for _ in range(config["num_hidden_layers"]))
        self.head = nn.Linear(width, vocabulary, bias=False)
        if config.get("tie_word_embeddings"):
            self.head.weight = self.embedding.weight

    def forward(self, tokens, caches=None):
        x = self.embedding(tokens)
        for i, layer in enumerate(self.layers):
            x = layer(x, caches and caches[i])
        return self.head(self.norm(x if caches is None else x[:, -1:]))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
rows = torch.arange(batch * length)
tokens, targets = (rows * 7919 % vocabulary).view(batch, length), rows * 104729 % vocabulary


def train(work):
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(tokens).view(-1, vocabulary), targets).backward()
    if work == "step":
        optimizer.step()


@torch.no_grad()
def sample():
    caches = [[torch.empty(1, groups, 0, head)] * 2 for _ in model.layers]
    logits = model(tokens[:1, : options["prompt"]], caches)
    for _ in range(options["sampled"]):
        logits = model(logits[:, -1].argmax(-1, keepdim=True), caches)


def make(work):
    start = time.perf_counter()
    sample() if work == "sample" else train(work)
    return {"ms": 1000 * (time.perf_counter() - start)}


make("step")
make("step")
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(make(line.strip())), flush=True)
