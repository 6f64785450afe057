"""An independent reader of what the trainer exports: safetensors by hand, and LLaMA, Mistral, Qwen2 and Qwen3 in float64 on PyTorch.

Reads a JSON request from standard input, and prints a JSON answer { loss, error }:
  folder    a model in Hugging Face's layout, in one file
  adapter   a folder in PEFT's layout to add to it, or null
  windows   [{ tokens, targets }], targets of -1 are none; `loss` is the mean cross-entropy of all targets, in nats
  logits    a file of float32 logits of the first window, or null; `error` is the largest difference, relative to a position's largest logit
"""

import json
import math
import re
import struct
import sys

import torch
from torch.nn import functional as F

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_json(path):
    with open(path) as file:
        return json.load(file)


def read_tensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        tensors = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            file.seek(8 + length + start)
            data = torch.frombuffer(bytearray(file.read(end - start)), dtype=TYPES[entry["dtype"]])
            tensors[name] = data.reshape(entry["shape"])
        return tensors


def pattern_of(patterns, module, default):
    """PEFT's rule: a key is a pattern of the end of a module's name."""
    for key, value in (patterns or {}).items():
        if re.match(rf"(.*\.)?({key})$", module):
            return value
    return default


def add_adapter(tensors, tied, folder):
    """Adds scaled products of factors to weights, and replaces the weights that the adapter has whole."""
    config = read_json(f"{folder}/adapter_config.json")
    stored = read_tensors(f"{folder}/adapter_model.safetensors")
    for key, tensor in stored.items():
        name = key[len("base_model.model.") :]
        if name.endswith(".lora_B.weight"):
            continue
        if not name.endswith(".lora_A.weight"):
            tensors[name.replace(".base_layer.", ".")] = tensor
            continue
        module = name[: -len(".lora_A.weight")]
        a, b = tensor.double(), stored[key.replace("lora_A", "lora_B")].double()
        alpha = pattern_of(config.get("alpha_pattern"), module, config["lora_alpha"])
        scaling = alpha / (math.sqrt(len(a)) if config.get("use_rslora") else len(a))
        weight = f"{module}.weight"
        tensors[weight] = tensors[weight].double() + scaling * (b @ a)
    return tied and "lm_head.weight" not in tensors


def norm(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


class Model:
    def __init__(self, folder, adapter):
        self.config = read_json(f"{folder}/config.json")
        self.tensors = read_tensors(f"{folder}/model.safetensors")
        self.tied = self.config.get("tie_word_embeddings", False)
        if adapter is not None:
            self.tied = add_adapter(self.tensors, self.tied, adapter)
        self.heads = self.config["num_attention_heads"]
        self.groups = self.config.get("num_key_value_heads", self.heads)
        self.width = self.config.get("head_dim") or self.config["hidden_size"] // self.heads
        self.eps = self.config.get("rms_norm_eps", 1e-6)

    def weight(self, name):
        return self.tensors[name].double()

    def linear(self, name, x):
        bias = f"{name}.bias"
        return F.linear(x, self.weight(f"{name}.weight"), self.weight(bias) if bias in self.tensors else None)

    def frequencies(self):
        rope = {**self.config, **(self.config.get("rope_parameters") or {})}
        plain = rope.get("rope_theta", 10000.0) ** -(torch.arange(0, self.width, 2, dtype=torch.float64) / self.width)
        scaling = self.config.get("rope_scaling") or {}
        if scaling.get("rope_type") != "llama3":
            return plain
        low, high, factor = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["factor"]
        turns = scaling["original_max_position_embeddings"] * plain / (2 * math.pi)
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        return kept * plain + (1 - kept) * plain / factor

    def heads_of(self, layer, kind, x, count):
        y = self.linear(f"{layer}.{kind}_proj", x).view(len(x), count, self.width)
        name = f"{layer}.{kind}_norm.weight"
        return (norm(y, self.weight(name), self.eps) if name in self.tensors else y).transpose(0, 1)

    def attend(self, layer, x):
        angles = torch.outer(torch.arange(len(x), dtype=torch.float64), self.frequencies())
        cosines, sines = angles.cos(), angles.sin()

        def turned(y):
            first, second = y.chunk(2, -1)
            return torch.cat([first * cosines - second * sines, second * cosines + first * sines], -1)

        share = self.heads // self.groups
        q = turned(self.heads_of(layer, "q", x, self.heads))
        k = turned(self.heads_of(layer, "k", x, self.groups)).repeat_interleave(share, 0)
        v = self.heads_of(layer, "v", x, self.groups).repeat_interleave(share, 0)
        later = torch.full((len(x), len(x)), -math.inf, dtype=torch.float64).triu(1)
        mixed = (q @ k.transpose(1, 2) / math.sqrt(self.width) + later).softmax(-1) @ v
        return self.linear(f"{layer}.o_proj", mixed.transpose(0, 1).reshape(len(x), -1))

    def logits(self, tokens):
        x = self.tensors["model.embed_tokens.weight"][torch.tensor(tokens)].double()
        for i in range(self.config["num_hidden_layers"]):
            layer = f"model.layers.{i}"
            x = x + self.attend(f"{layer}.self_attn", norm(x, self.weight(f"{layer}.input_layernorm.weight"), self.eps))
            y = norm(x, self.weight(f"{layer}.post_attention_layernorm.weight"), self.eps)
            y = F.silu(self.linear(f"{layer}.mlp.gate_proj", y)) * self.linear(f"{layer}.mlp.up_proj", y)
            x = x + self.linear(f"{layer}.mlp.down_proj", y)
        head = "model.embed_tokens.weight" if self.tied else "lm_head.weight"
        return norm(x, self.weight("model.norm.weight"), self.eps) @ self.weight(head).T


def largest_difference(path, logits):
    with open(path, "rb") as file:
        ours = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).double().view_as(logits)
    return ((ours - logits).abs().amax(1) / logits.abs().amax(1)).max().item()


torch.set_num_threads(1)
request = json.load(sys.stdin)
model = Model(request["folder"], request["adapter"])
total, count, error = 0.0, 0, None
for window in request["windows"]:
    logits = model.logits(window["tokens"])
    targets = torch.tensor(window["targets"])
    if request["logits"] is not None and error is None:
        error = largest_difference(request["logits"], logits)
    total += F.cross_entropy(logits, targets, ignore_index=-1, reduction="sum").item()
    count += (targets >= 0).sum().item()
print(json.dumps({"loss": total / count, "error": error}))
