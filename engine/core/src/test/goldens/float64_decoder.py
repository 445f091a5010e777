"""The goldens' models in float64 numpy, from the definition: tells transformers' own float32 error."""

import json
import math

import numpy as np
from safetensors.torch import load_file


class Float64Decoder:
    """The same model in float64 numpy, from the definition: tells transformers' own float32 error."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {}
        for file in folder.glob("model*.safetensors"):
            self.weights |= {key: tensor.double().numpy() for key, tensor in load_file(file).items()}
        self.heads, self.kv = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        self.head_dim = self.config.get("head_dim") or self.config["hidden_size"] // self.heads
        self.gemma2 = self.config["model_type"] == "gemma2"
        self.frequencies, self.rope_scale = self.rope()

    def rope(self):
        """Inverse frequencies and the factor on cos and sin; YaRN as in its paper, beta 32 and 1."""
        rope = self.config.get("rope_parameters") or self.config.get("rope_scaling") or {}
        theta = rope.get("rope_theta") or self.config["rope_theta"]
        dim = self.head_dim
        plain = theta ** (-np.arange(0, dim, 2) / dim)
        kind = rope.get("rope_type") or rope.get("type") or "default"
        if kind == "default":
            return plain, 1.0
        length, factor = rope["original_max_position_embeddings"], rope["factor"]
        if kind == "llama3":
            waves = length / (2 * np.pi / plain)  # in the original context
            low, high = rope["low_freq_factor"], rope["high_freq_factor"]
            keep = np.clip((waves - low) / (high - low), 0, 1)
            return plain * keep + plain / factor * (1 - keep), 1.0
        assert kind == "yarn"

        def dimension(rotations):
            return dim * math.log(length / (rotations * 2 * math.pi)) / (2 * math.log(theta))

        low, high = max(math.floor(dimension(32)), 0), min(math.ceil(dimension(1)), dim - 1)
        ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
        return plain * (1 - ramp) + plain / factor * ramp, 0.1 * math.log(factor) + 1

    def window(self, layer):
        """Positions that a layer's queries see, their own included."""
        family, window = self.config["model_type"], self.config.get("sliding_window")
        if window is None or family == "llama":
            return math.inf
        if family in ("qwen2", "qwen3"):
            slides = self.config["use_sliding_window"] and layer >= self.config["max_window_layers"]
        else:
            slides = family == "mistral" or layer % 2 == 0
        return window if slides else math.inf

    def norm(self, x, key):
        weight = self.weights[key] + (1 if self.gemma2 else 0)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * weight

    def rotate(self, x, positions):
        angles = positions[:, None, None] * self.frequencies
        cos, sin = np.cos(angles) * self.rope_scale, np.sin(angles) * self.rope_scale
        a, b = np.split(x, 2, axis=-1)
        return np.concatenate((a * cos - b * sin, b * cos + a * sin), axis=-1)

    def linear(self, x, key):
        return x @ self.weights[key + ".weight"].T + self.weights.get(key + ".bias", 0)

    def attention(self, x, layer, positions):
        prefix = f"model.layers.{layer}.self_attn."

        def project(part, heads):
            y = self.linear(x, f"{prefix}{part}_proj").reshape(len(x), heads, self.head_dim)
            norm = f"{prefix}{part}_norm.weight"
            return self.norm(y, norm) if norm in self.weights else y

        k = self.rotate(project("k", self.kv), np.arange(len(x)))
        v = project("v", self.kv)
        q = self.rotate(project("q", self.heads), np.arange(len(x)))[positions]
        scale = (self.config.get("query_pre_attn_scalar") or self.head_dim) ** -0.5
        cap, window = self.config.get("attn_logit_softcapping"), self.window(layer)
        out = np.empty_like(q)
        for head in range(self.heads):
            group = head * self.kv // self.heads
            for start in range(0, len(positions), 256):
                rows = positions[start : start + 256]
                seen = rows[-1] + 1
                scores = q[start : start + 256, head] @ k[:seen, group].T * scale
                if cap:
                    scores = cap * np.tanh(scores / cap)
                distances = rows[:, None] - np.arange(seen)
                scores[(distances < 0) | (distances >= window)] = -np.inf
                scores -= scores.max(-1, keepdims=True)
                np.exp(scores, out=scores)
                out[start : start + 256, head] = scores @ v[:seen, group] / scores.sum(-1, keepdims=True)
        return self.linear(out.reshape(len(positions), -1), prefix + "o_proj")

    def activate(self, gate):
        if self.gemma2:
            return gate / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
        return gate / (1 + np.exp(-gate))

    def layer(self, x, layer, rows):
        prefix = f"model.layers.{layer}."
        attended = self.attention(self.norm(x, prefix + "input_layernorm.weight"), layer, rows)
        before_mlp = "post_attention_layernorm.weight"
        if self.gemma2:
            attended = self.norm(attended, prefix + "post_attention_layernorm.weight")
            before_mlp = "pre_feedforward_layernorm.weight"
        x = x[rows] + attended
        normed = self.norm(x, prefix + before_mlp)
        gate = self.activate(self.linear(normed, prefix + "mlp.gate_proj"))
        out = self.linear(gate * self.linear(normed, prefix + "mlp.up_proj"), prefix + "mlp.down_proj")
        if self.gemma2:
            out = self.norm(out, prefix + "post_feedforward_layernorm.weight")
        return x + out

    def logits(self, ids, positions):
        """Logits at the given positions (sorted) of the sequence ids: (positions, vocab)."""
        x = self.weights["model.embed_tokens.weight"][ids]
        if self.gemma2:
            x = x * math.sqrt(self.config["hidden_size"])
        layers = self.config["num_hidden_layers"]
        for layer in range(layers):
            x = self.layer(x, layer, np.asarray(positions) if layer == layers - 1 else np.arange(len(ids)))
        tied = self.config.get("tie_word_embeddings", True)
        head = "model.embed_tokens.weight" if tied else "lm_head.weight"
        logits = self.norm(x, "model.norm.weight") @ self.weights[head].T
        cap = self.config.get("final_logit_softcapping")
        return cap * np.tanh(logits / cap) if cap else logits
