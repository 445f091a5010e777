#!/usr/bin/env python3
"""Makes the goldens of quantised checkpoints: tiny random Qwen2 models as GPTQ and AWQ store them.

    python make_quantized_goldens.py [NAME ...] [--out FOLDER]    (default: every one, in quantized/)

Made with the versions that make_goldens.py names, whose weights, prompts, seeds and golden.json these
share (but wider models make float32 noisier: up to 5e-5 is allowed). Each linear layer of a transformer layer
is rounded to groups of 128 inputs and packed; then what is on disk is unpacked again by dequantise()
below, each format in a few lines of torch, and the golden is what transformers computes in float32 and
eager with those weights. The formats, of a layer of K inputs
and N outputs, all integers little-endian in int32:

GPTQ (AutoGPTQ 0.7): qweight [K bits/32, N], each int32 the codes of 32/bits inputs, the first lowest;
    qzeros [K/128, N bits/32], each int32 the zero points of 32/bits outputs, less 1 unless
    checkpoint_format is gptq_v2; scales [K/128, N] float16; g_idx [K], the group of each input. AutoGPTQ
    gives layers that have no bias one of zeros.
AWQ (AutoAWQ, version gemm): qweight [K, N/8], each int32 the codes of 8 outputs in the order 0, 2, 4, 6,
    1, 3, 5, 7 from the lowest bits up; qzeros [K/128, N/8] likewise; scales [K/128, N] float16.

A weight is scale (code - zero).
"""

import json
import pathlib
import tempfile
from functools import partial

import torch
from safetensors.torch import load_file, save_file

import make_goldens
from golden_shapes import classic, config_of
from make_goldens import HERE, command, record, write_checkpoint

GROUP = 128
NOISE_MAX = 5e-5
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]
SHAPE = dict(hidden=128, heads=4, kv=2, inter=384, dtype="float16", rope=classic(1e6))

GPTQ = {"quant_method": "gptq", "desc_act": False, "sym": True, "true_sequential": True, "damp_percent": 0.01}

# The first three as Qwen publishes its own; the last two as others' tools write them.
QUANTIZED = {
    "gptq-int4": dict(shape=dict(vocab=211, shards=2), bits=4, symmetric=True, config=GPTQ),
    "gptq-int8": dict(shape=dict(vocab=199), bits=8, symmetric=True, config=GPTQ),
    "awq": dict(shape=dict(vocab=211), bits=4, symmetric=False, config={
        "quant_method": "awq", "version": "gemm", "zero_point": True, "modules_to_not_convert": None}),
    "gptq-int4-asymmetric": dict(shape=dict(vocab=211), bits=4, symmetric=False,
                                 config=GPTQ | {"sym": False, "checkpoint_format": "gptq"}),
    "gptq-int8-v2": dict(shape=dict(vocab=211), bits=8, symmetric=False,
                         config=GPTQ | {"sym": False, "checkpoint_format": "gptq_v2"}),
}


def is_awq(config):
    return config["quant_method"] == "awq"


def zero_stored_less(config):
    return 1 if config["quant_method"] == "gptq" and config.get("checkpoint_format", "gptq") == "gptq" else 0


def round_to_groups(weight, bits, symmetric):
    """Codes [K, N], zero points and scales [K/128, N] of weights [N, K]."""
    groups = weight.T.float().reshape(-1, GROUP, weight.shape[0])
    top = 2**bits - 1
    low, high = groups.amin(1).clamp(max=0), groups.amax(1).clamp(min=0)
    if symmetric:
        high = torch.maximum(-low, high)
        low = -high
    scales = ((high - low) / top).half()
    zeros = (-low / scales.float()).round().clamp(1, top)
    if symmetric:
        zeros = torch.full_like(low, (top + 1) // 2)
    codes = (groups / scales.float()[:, None] + zeros[:, None]).round().clamp(0, top)
    return codes.reshape(-1, weight.shape[0]).int(), zeros.int(), scales


def pack(codes, bits):
    """int32 of 32/bits codes along the last axis, the first lowest."""
    parts = codes.long().reshape(*codes.shape[:-1], -1, 32 // bits)
    words = sum(parts[..., i] << (bits * i) for i in range(32 // bits))
    return torch.where(words >= 2**31, words - 2**32, words).int().contiguous()


def quantise(name, weights, golden):
    """The tensors of the quantised checkpoint."""
    bits, config, packed = golden["bits"], golden["config"], {}
    for key, weight in weights.items():
        if not key.startswith("model.layers.") or not key.endswith("_proj.weight"):
            packed[key] = weight
            continue
        module = key.removesuffix(".weight")
        codes, zeros, scales = round_to_groups(weight, bits, golden["symmetric"])
        if is_awq(config):
            order = torch.arange(weight.shape[0]).reshape(-1, 8)[:, AWQ_ORDER].reshape(-1)
            packed[module + ".qweight"] = pack(codes[:, order], 4)
            packed[module + ".qzeros"] = pack(zeros[:, order], 4)
        else:
            packed[module + ".qweight"] = pack(codes.T, bits).T.contiguous()
            packed[module + ".qzeros"] = pack(zeros - zero_stored_less(config), bits)
            packed[module + ".g_idx"] = (torch.arange(weight.shape[1]) // GROUP).int()
            if module + ".bias" not in weights:
                packed[module + ".bias"] = torch.zeros(weight.shape[0], dtype=torch.float16)
        packed[module + ".scales"] = scales
    return packed


def dequantise(tensors, module, bits, config):
    """Weights [N, K] of a packed layer, by the definition of its format."""
    qweight, qzeros, scales = (tensors[f"{module}.{part}"] for part in ("qweight", "qzeros", "scales"))
    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    zeros = (qzeros[:, :, None] >> shifts) & (2**bits - 1)  # [K/128, N bits/32, 32/bits]
    if is_awq(config):
        places = [AWQ_ORDER.index(output) for output in range(8)]
        codes = ((qweight[:, :, None] >> shifts) & 15)[:, :, places].flatten(1)  # [K, N]
        zeros, groups = zeros[:, :, places].flatten(1), torch.arange(len(codes)) // GROUP
    else:
        codes = ((qweight[:, None, :] >> shifts[:, None]) & (2**bits - 1)).flatten(0, 1)
        zeros, groups = zeros.flatten(1) + zero_stored_less(config), tensors[module + ".g_idx"].long()
    return (scales.float()[groups] * (codes - zeros[groups])).T.contiguous()


def dense(folder, golden, out):
    """Writes the same model in float32, dequantised from the files in folder."""
    tensors, weights = {}, {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors |= load_file(file)
    for key, tensor in tensors.items():
        if key.endswith(".qweight"):
            module = key.removesuffix(".qweight")
            weights[module + ".weight"] = dequantise(tensors, module, golden["bits"], golden["config"])
        elif not key.endswith((".qzeros", ".scales", ".g_idx")) and (tensor.any() or "_proj.bias" not in key):
            weights[key] = tensor.float()
    write_checkpoint(out, golden["shape"] | {"dtype": "float32", "shards": 1}, weights)


def write_quantized(folder, golden, tensors):
    write_checkpoint(folder, golden["shape"], tensors)
    config = config_of(golden["shape"])
    config["quantization_config"] = {"bits": golden["bits"], "group_size": GROUP} | golden["config"]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def make(name, out):
    golden, folder = QUANTIZED[name], out / name
    golden["shape"] = SHAPE | golden["shape"]
    with tempfile.TemporaryDirectory() as temporary:

        def write(weights):
            write_quantized(folder, golden, quantise(name, weights, golden))
            dense(folder, golden, pathlib.Path(temporary))
            return pathlib.Path(temporary)

        record(folder, name, golden["shape"], write)


if __name__ == "__main__":
    make_goldens.NOISE_MAX = NOISE_MAX
    makers = {name: partial(make, name) for name in QUANTIZED}
    command("Makes the goldens of quantised checkpoints.", makers, HERE / "quantized")
