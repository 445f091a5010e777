#!/usr/bin/env python3
"""Makes the goldens of SentencePiece vocabularies: what transformers encodes with them.

    python make_sentencepiece_goldens.py [--texts N] [--out FOLDER]    (default: in sentencepiece/)

Made with sentencepiece 0.2.2, gguf 0.19.0 and the versions that make_goldens.py names. Two tiny vocabularies
are trained on the source of Python 3.11's textwrap, as those of Llama 2 and of Gemma were (BPE, bytes for
other characters, no normalisation), and for each, llama and gemma:

NAME.gguf            tokens, scores and types as llama.cpp's converter writes them: user-defined tokens have
                     spaces, the file of Gemma no space before a text.
NAME/tokenizer.json  as transformers makes it: of Gemma by its own reader of that GGUF file. Of Llama
                     likewise, but with the normalizer of the files that Llama 2 and Mistral are published
                     with, which put a space before a text and after each control token, as llama.cpp does.
NAME.json            {"texts": [{"text", "ids", "decoded"}]}: ids without tokens added; decoded without
                     special tokens. The ids of texts without control tokens are checked to be those of
                     sentencepiece itself, but for runs of spaces in Gemma's, which it never merges.
first/tokenizer.json the vocabulary of llama as LlamaTokenizer of transformers 5 saves it, with a space
first.json           before a text only, and texts of spaces and control tokens.

Everything outside ASCII is written as \\u escapes. --texts adds as many random texts, for a trial of more.
"""

import argparse
import inspect
import io
import json
import pathlib
import textwrap

import gguf
import sentencepiece
from tokenizers import normalizers
from transformers import LlamaTokenizer
from transformers.integrations.gguf import convert_gguf_tokenizer, get_gguf_tokenizer

from golden_shapes import generator
from make_gguf_goldens import finish
from make_tokenizer_goldens import TEXTS

SPACE = "\u2581"
HERE = pathlib.Path(__file__).resolve().parent
KINDS = {
    "llama": dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1, add_dummy_prefix=True,
                  user_defined_symbols=["[INST]"]),
    "gemma": dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3, add_dummy_prefix=False,
                  unk_piece="<unk>", bos_piece="<bos>", eos_piece="<eos>", pad_piece="<pad>",
                  control_symbols=["<start_of_turn>", "<end_of_turn>"],
                  user_defined_symbols=["\n\n", "\n\n\n", "\t\t", *(SPACE * n for n in (2, 3, 4, 5, 6, 8)),
                                        "<b>"]),
}
CONTROLS = {"llama": ("<s>", "</s>", "[INST]"), "gemma": ("<bos>", "<start_of_turn>", "<b>")}
OWN = ["{0}", "{0}a", "a{0}", "{0} a {0}  b", "{0}{0}\n{1} hi", "a {2}b{2} c{2}", "<0x41> <0x0A>",
       "<unk> <pad>", "\u2581", "a\u2581b \u2581 c", "\u2581\u2581x  y", " x", "  x", "   x",
       "     x       y         z", "\u00e9\u0416\u4f60", "tab\t\ttab\t\t\tx", "\n\n\n\n\nx\n \n",
       "{0} \u2581{1}"]
ALPHABET = "aaeeiinst  ,.\n\t\u00e9\u0416\u4f60\U0001f600\u0301<0x>[]/s\u2581\u200d\ufffd\x00\x7f(){{}}=;"


def train(options):
    model = io.BytesIO()
    corpus = [line for text in [*TEXTS, inspect.getsource(textwrap)]
              for line in text.split("\n") if line and "\x00" not in line]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=model, model_type="bpe", vocab_size=640,
        byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, num_threads=1, minloglevel=2, **options)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def write_gguf(file, name, model):
    """As SentencePiece vocabularies are written by convert_hf_to_gguf.py."""
    writer = gguf.GGUFWriter(file, "gemma2" if name == "gemma" else "llama")
    tokens, scores, types = [], [], []
    for id in range(model.vocab_size()):
        piece, kind = model.id_to_piece(id), gguf.TokenType.NORMAL
        if model.is_unknown(id):
            kind = gguf.TokenType.UNKNOWN
        elif model.is_control(id):
            kind = gguf.TokenType.CONTROL
        elif model.is_byte(id):
            kind = gguf.TokenType.BYTE
        elif piece in KINDS[name]["user_defined_symbols"]:
            kind = gguf.TokenType.USER_DEFINED
            piece = piece.replace(SPACE, " ")
        tokens.append(piece)
        scores.append(model.get_score(id))
        types.append(kind)
    for id in range(len(tokens), len(tokens) + 3):
        tokens.append(f"[PAD{id}]")
        scores.append(-10000.0)
        types.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(model.bos_id())
    writer.add_eos_token_id(model.eos_id())
    writer.add_unk_token_id(model.unk_id())
    if name == "gemma":
        writer.add_add_space_prefix(False)
    finish(writer)


def converted(file, name):
    architecture, tokenizer, _ = get_gguf_tokenizer(str(file))
    used = tokenizer["token_type"] = gguf_values(file, "tokenizer.ggml.token_type")
    tokenizer["scores"] = gguf_values(file, "tokenizer.ggml.scores")
    kept = [id for id, kind in enumerate(used) if kind != gguf.TokenType.UNUSED]
    for key in ("tokens", "scores", "token_type"):
        tokenizer[key] = [tokenizer[key][id] for id in kept]
    backend, _ = convert_gguf_tokenizer(architecture, tokenizer)
    first = backend.to_str()
    if name == "llama":
        backend.pre_tokenizer = None
        steps = [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
        backend.normalizer = normalizers.Sequence(steps)
    return backend, first


def gguf_values(file, key):
    field = gguf.GGUFReader(file).fields[key]
    return [field.parts[at][0].item() for at in field.data]


def random_texts(count):
    random = generator("sentencepiece")
    return ["".join(random.choice(list(ALPHABET), random.integers(1, 60))) for _ in range(count)]


def write_texts(file, name, backend, model, extra):
    cases = []
    texts = [*(TEXTS if model else []), *(own.format(*CONTROLS[name]) for own in OWN), *random_texts(extra)]
    for text in texts:
        ids = backend.encode(text, add_special_tokens=False).ids
        special = any(token.content in text for token in backend.get_added_tokens_decoder().values())
        runs = name == "gemma" and ("  " in text or SPACE in text)
        if model is not None and not special and not runs and "\x00" not in text:
            assert ids == model.encode(text), (text, ids, model.encode(text))
        cases.append({"text": text, "ids": ids, "decoded": backend.decode(ids, skip_special_tokens=True)})
    rows = ",\n".join(json.dumps(case) for case in cases)
    file.write_text(f'{{"texts": [\n{rows}\n]}}\n', encoding="ascii")


def write_tokenizer(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(text)) + "\n", encoding="ascii")


def main():
    arguments = argparse.ArgumentParser(description="Makes the goldens of SentencePiece vocabularies.")
    arguments.add_argument("--texts", type=int, default=0)
    arguments.add_argument("--out", type=pathlib.Path, default=HERE / "sentencepiece")
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, options in KINDS.items():
        model, file = train(options), chosen.out / f"{name}.gguf"
        write_gguf(file, name, model)
        backend, saved = converted(file, name)
        write_tokenizer(chosen.out / name, backend.to_str())
        write_texts(chosen.out / f"{name}.json", name, backend, model, chosen.texts)
        if name == "llama":
            write_tokenizer(chosen.out / "first", saved)
            first = LlamaTokenizer.from_pretrained(chosen.out / "first").backend_tokenizer
            write_texts(chosen.out / "first.json", name, first, None, chosen.texts)


if __name__ == "__main__":
    main()
