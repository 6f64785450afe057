"""Contestant with the same model in PyTorch: for every line on standard input, runs a step and writes a line of JSON {ms, optimizerMs}.

The optimizer is AdamW: PyTorch has no SUMO. Usage: python3 torch_llama.py '{"threads": 1, "width": 128, "layers": 4, "length": 128, "batch": 8}'
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

options = json.loads(sys.argv[1])
width, layers, length, batch = (options[key] for key in ("width", "layers", "length", "batch"))
torch.set_num_threads(options["threads"])
torch.manual_seed(0)
heads, hidden = width // 32, -(-8 * width // 3 // 32) * 32


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


half = 16
angles = torch.outer(torch.arange(length), 10000.0 ** (-torch.arange(half) / half))
cosines, sines = angles.cos(), angles.sin()
causal = torch.full((length, length), float("-inf")).triu(1)


def turn(x):
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosines - b * sines, b * cosines + a * sines], -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        self.input_norm, self.post_norm = Norm(), Norm()
        self.qkv, self.out = linear(width, 3 * width), linear(width, width)
        self.gate_up, self.down = linear(width, 2 * hidden), linear(hidden, width)

    def forward(self, x):
        q, k, v = self.qkv(self.input_norm(x)).view(batch, length, 3, heads, 32).permute(2, 0, 3, 1, 4)
        scores = turn(q) @ turn(k).transpose(-1, -2) / 32**0.5 + causal
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.post_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


model = nn.Sequential(nn.Embedding(256, width), *(Layer() for _ in range(layers)), Norm(), nn.Linear(width, 256, bias=False))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
rows = torch.arange(batch * length)
tokens, targets = (rows * 7919 % 256).view(batch, length), rows * 104729 % 256


def make(work):
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(tokens).view(-1, 256), targets).backward()
    if work == "step":
        optimizer.step()
    return {"ms": 1000 * (time.perf_counter() - start)}


make("step")
make("step")
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(make(line.strip())), flush=True)
