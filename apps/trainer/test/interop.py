"""The other side of interop.test.ts: PyTorch and Hugging Face's transformers (5.18 was used). Reads a JSON request, prints a JSON answer."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM


def loss(folder, text, starts, length):
    """Mean cross-entropy of windows of the text, as AutoModelForCausalLM and AutoTokenizer see it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer(text, add_special_tokens=False).input_ids
    return cross_entropy(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), tokens, starts, length)


def publish(folder, tokenizer):
    """A random model of the kind that is published: half precision, grouped queries, a tied head, room in the vocabulary."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer["model"]["vocab"]) + 6,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    with open(f"{folder}/tokenizer.json", "w") as file:
        json.dump(tokenizer, file)


def cross_entropy(model, tokens, starts, length):
    windows = torch.tensor([tokens[start : start + length + 1] for start in starts])
    with torch.no_grad():
        logits = model(windows[:, :-1]).logits.double()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).item()


torch.set_num_threads(1)
request = json.load(sys.stdin)
print(json.dumps({"loss": loss, "publish": publish}[request.pop("task")](**request)))
