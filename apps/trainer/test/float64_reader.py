"""A second reader of models in Hugging Face's layout, on Python's standard library alone: LLaMA, Mistral, Qwen2 and Qwen3 in float64.

Reads a JSON request { folder, windows } and prints the mean cross-entropy of the windows of tokens in nats per token.
"""

import json
import math
import struct
import sys


def tensors_of(folder):
    """The tensors of model.safetensors: shapes, and rows of numbers."""
    with open(f"{folder}/model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: numbers(entry, data) for name, entry in header.items()}


def numbers(entry, data):
    start, end = entry["data_offsets"]
    piece = data[start:end]
    if entry["dtype"] == "BF16":
        halves = struct.unpack(f"<{len(piece) // 2}H", piece)
        values = struct.unpack(f"<{len(halves)}f", struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves)))
    else:
        code, width = {"F16": ("e", 2), "F32": ("f", 4), "F64": ("d", 8)}[entry["dtype"]]
        values = struct.unpack(f"<{len(piece) // width}{code}", piece)
    shape = entry["shape"]
    if len(shape) == 1:
        return list(values)
    return [values[row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])]


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def apply(matrix, x):
    return [dot(row, x) for row in matrix]


class Model:
    def __init__(self, folder):
        with open(f"{folder}/config.json") as file:
            self.config = json.load(file)
        self.tensors = tensors_of(folder)
        config = self.config
        self.heads = config["num_attention_heads"]
        self.groups = config.get("num_key_value_heads", self.heads)
        self.width = config.get("head_dim") or config["hidden_size"] // self.heads
        self.frequencies = [self.frequency(2 * i / self.width) for i in range(self.width // 2)]

    def frequency(self, exponent):
        rope = {**self.config, **(self.config.get("rope_parameters") or {})}
        plain = rope.get("rope_theta", 10000.0) ** -exponent
        scaling = self.config.get("rope_scaling") or {}
        if scaling.get("rope_type") != "llama3":
            return plain
        wave = 2 * math.pi / plain
        original = scaling["original_max_position_embeddings"]
        low, high, factor = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["factor"]
        if wave < original / high:
            return plain
        if wave > original / low:
            return plain / factor
        smooth = (original / wave - low) / (high - low)
        return (1 - smooth) * plain / factor + smooth * plain

    def norm(self, name, x):
        weight = self.tensors[f"{name}.weight"]
        scale = 1 / math.sqrt(dot(x, x) / len(x) + self.config.get("rms_norm_eps", 1e-6))
        return [value * scale * w for value, w in zip(x, weight)]

    def rotate(self, head, position):
        half = self.width // 2
        turned = list(head)
        for i, frequency in enumerate(self.frequencies):
            cos, sin = math.cos(position * frequency), math.sin(position * frequency)
            turned[i] = head[i] * cos - head[i + half] * sin
            turned[i + half] = head[i + half] * cos + head[i] * sin
        return turned

    def project(self, layer, kind, x, count):
        name = f"model.layers.{layer}.self_attn.{kind}_proj"
        y = apply(self.tensors[f"{name}.weight"], x)
        if f"{name}.bias" in self.tensors:
            y = [a + b for a, b in zip(y, self.tensors[f"{name}.bias"])]
        heads = [y[h * self.width : (h + 1) * self.width] for h in range(count)]
        norm = f"model.layers.{layer}.self_attn.{kind}_norm"
        return [self.norm(norm, head) for head in heads] if f"{norm}.weight" in self.tensors else heads

    def attend(self, layer, rows):
        queries, keys, values = [], [], []
        for position, x in enumerate(rows):
            queries.append([self.rotate(head, position) for head in self.project(layer, "q", x, self.heads)])
            keys.append([self.rotate(head, position) for head in self.project(layer, "k", x, self.groups)])
            values.append(self.project(layer, "v", x, self.groups))
        out = []
        for i in range(len(rows)):
            joined = []
            for h in range(self.heads):
                g = h * self.groups // self.heads
                scores = [dot(queries[i][h], keys[j][g]) / math.sqrt(self.width) for j in range(i + 1)]
                top = max(scores)
                weights = [math.exp(score - top) for score in scores]
                total = math.fsum(weights)
                for c in range(self.width):
                    joined.append(math.fsum(w * values[j][g][c] for j, w in enumerate(weights)) / total)
            out.append(apply(self.tensors[f"model.layers.{layer}.self_attn.o_proj.weight"], joined))
        return out

    def feed(self, layer, x):
        gate, up, down = (self.tensors[f"model.layers.{layer}.mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
        return apply(down, [g / (1 + math.exp(-g)) * u for g, u in zip(apply(gate, x), apply(up, x))])

    def logits(self, tokens):
        embedding = self.tensors["model.embed_tokens.weight"]
        rows = [list(embedding[token]) for token in tokens]
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            attended = self.attend(layer, [self.norm(f"{name}.input_layernorm", x) for x in rows])
            rows = [[a + b for a, b in zip(x, y)] for x, y in zip(rows, attended)]
            fed = [self.feed(layer, self.norm(f"{name}.post_attention_layernorm", x)) for x in rows]
            rows = [[a + b for a, b in zip(x, y)] for x, y in zip(rows, fed)]
        head = embedding if self.config.get("tie_word_embeddings") else self.tensors["lm_head.weight"]
        return [apply(head, self.norm("model.norm", x)) for x in rows]

    def loss(self, window):
        """Sum of the losses of a window's tokens after the first."""
        total = 0.0
        for row, target in zip(self.logits(window[:-1]), window[1:]):
            top = max(row)
            total += top + math.log(math.fsum(math.exp(x - top) for x in row)) - row[target]
        return total


request = json.load(sys.stdin)
model = Model(request["folder"])
print(sum(map(model.loss, request["windows"])) / sum(len(window) - 1 for window in request["windows"]))
