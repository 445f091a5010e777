#!/bin/sh
# Trains a model and an adapter as the demo's by our own engine, from problems that are made here:
#
#     sh learn.sh LONGHAND_JAR OUT_DIR
#
# Architecture and tokenizer are those of the checkpoint beside this script; its weights are not used.
# Not run to its end yet: the demo's own weights come from train.py and train_adapter.py.
set -e
here=$(cd "$(dirname "$0")" && pwd)
jar=$1
out=$2
mkdir -p "$out"
java "$here/Demonstrations.java" answers 90000 1 "$out/answers.jsonl"
java "$here/Demonstrations.java" thoughts 24000 5 "$out/thoughts.jsonl"
java -jar "$jar" train --model "$here/checkpoint" --method full --from-scratch --data "$out/answers.jsonl" \
    --out "$out/base" --lr 2e-3 --beta2 0.98 --weight-decay 0.01 --warmup 100 --accumulate 32 --steps 2800 \
    --normalise token --save-every 100 --compute bf16
java -jar "$jar" train --model "$out/base/last" --rank 64 --data "$out/thoughts.jsonl" --out "$out/adapter" \
    --lr 1.5e-3 --beta2 0.98 --warmup 40 --accumulate 16 --steps 1500 --normalise token --save-every 100 \
    --compute bf16
