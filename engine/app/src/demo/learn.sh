#!/bin/sh
# Trains a model and an adapter as the demo's by our own engine, from problems that are made here:
#
#     sh learn.sh LONGHAND_JAR OUT_DIR
#
# Architecture and tokenizer are those of the checkpoint beside this script; its weights are not used.
# OUT_DIR/base/last and OUT_DIR/adapter/last are the demo's checkpoint and adapter, bit for bit with any
# number of threads.
#
# What was tried, right answers of the 210 held-out problems. Minutes are of one core's processor time.
# - 90,000 answers, 2,800 steps, prompts not learned: 33
# - 116,000 answers, 3,600 steps, prompts with weight 0.02: 108 (33 minutes). An adapter of 20,000 thoughts
#   on it: 27. The model had never written the words of a thought, and an adapter leaves the head, tied to
#   the embeddings, as it is.
# - as below, where a quarter of the data is plain text with thoughts, outside of any chat, so that an
#   adapter has something to elicit: 114, with the adapter 200. The model took 48 minutes (computed from
#   the rate of its first 100 steps), the adapter 5. A trainer in Python took 34 and 23, for 88 and 170.
set -e
here=$(cd "$(dirname "$0")" && pwd)
jar=$1
out=$2
mkdir -p "$out"
java -jar "$jar" stories --kind answers --count 84000 --seed 1 --out "$out/answers.jsonl"
java -jar "$jar" stories --kind documents --count 28000 --seed 2 --lengths 1,2,3,4,5 \
    --out "$out/documents.jsonl"
java -jar "$jar" stories --kind thoughts --count 4000 --seed 5 --lengths 1,2,3,4,5 --out "$out/thoughts.jsonl"
base() {
    java -jar "$jar" train --model "$here/checkpoint" --method full --from-scratch \
        --data "$out/answers.jsonl" "$out/documents.jsonl" --out "$out/base" --lr 2e-3 --beta2 0.98 \
        --weight-decay 0.01 --warmup 100 --accumulate 32 --steps 3500 --normalise token \
        --prompt-loss-weight 0.02 --save-every 200 --resume "$@"
}
base
java -jar "$jar" train --model "$out/base/last" --rank 64 --data "$out/thoughts.jsonl" --out "$out/adapter" \
    --lr 1.5e-3 --beta2 0.98 --warmup 40 --accumulate 16 --epochs 1 --normalise token --save-every 100 \
    --save-dtype bf16
base --save-dtype bf16 # the adapter learns over the unrounded weights
