/*
 * How nvcc lays out the structs that the host writes: build.sh turns these constants into layouts.txt,
 * which KernelStruct.java reads, so that no offset is counted by hand on either side. No kernel is in here.
 *
 * SIZE(S) declares S__bytes; INT64, INT32 and FLOAT32 declare S__field__type with the offset of a field
 * of that type, or of the first element of an array; STRUCT does so for a field that is a struct.
 * Pointers are INT64: to the host a device address is a long.
 */
#include <cstddef>
#include <type_traits>

#include "attention_arguments.cuh"
#include "causal_attention.cuh"
#include "lora.cuh"
#include "quantized_layout.cuh"
#include "sample_slot.cuh"

using namespace longhand;

#define SIZE(type) extern "C" __device__ extern const int type##__bytes = sizeof(type);

#define ELEMENT(type, field) std::remove_all_extents_t<decltype(type::field)>

#define FIELD(type, field, kind, check)                                                            \
    static_assert(check, #type "." #field " is no " #kind);                                        \
    extern "C" __device__ extern const int type##__##field##__##kind = offsetof(type, field);

#define NUMBER(type, field, kind, size, floating)                                                  \
    FIELD(type, field, kind,                                                                       \
          sizeof(ELEMENT(type, field)) == size && std::is_scalar_v<ELEMENT(type, field)> &&        \
              std::is_floating_point_v<ELEMENT(type, field)> == floating)

#define INT64(type, field) NUMBER(type, field, int64, 8, false)
#define INT32(type, field) NUMBER(type, field, int32, 4, false)
#define FLOAT32(type, field) NUMBER(type, field, float32, 4, true)
#define STRUCT(type, field) FIELD(type, field, struct, std::is_class_v<ELEMENT(type, field)>)

SIZE(PagedKv)
INT64(PagedKv, keys)
INT64(PagedKv, values)
INT32(PagedKv, kvHeads)
INT32(PagedKv, headDim)

SIZE(Batch)
INT64(Batch, tokens)
INT64(Batch, positions)
INT64(Batch, sequences)
INT64(Batch, pageTables)
INT32(Batch, pagesPerSequence)
INT32(Batch, rows)

SIZE(AttentionArguments)
INT64(AttentionArguments, qkv)
INT32(AttentionArguments, heads)
STRUCT(AttentionArguments, batch)
STRUCT(AttentionArguments, kv)
INT64(AttentionArguments, out)
INT64(AttentionArguments, partials)
INT32(AttentionArguments, splits)
INT32(AttentionArguments, window)
FLOAT32(AttentionArguments, queryScale)
FLOAT32(AttentionArguments, cap)

SIZE(CausalAttention)
INT64(CausalAttention, q)
INT64(CausalAttention, k)
INT64(CausalAttention, v)
INT32(CausalAttention, positions)
INT32(CausalAttention, heads)
INT32(CausalAttention, kvHeads)
INT32(CausalAttention, dim)
INT32(CausalAttention, window)
FLOAT32(CausalAttention, scale)
FLOAT32(CausalAttention, cap)

SIZE(QuantizedLayout)
INT32(QuantizedLayout, bits)
INT32(QuantizedLayout, group)
INT32(QuantizedLayout, block)
INT32(QuantizedLayout, blockBytes)
INT32(QuantizedLayout, headerBytes)
INT32(QuantizedLayout, groupHeaderBytes)
INT32(QuantizedLayout, halfScales)
INT32(QuantizedLayout, zeros)
INT32(QuantizedLayout, fixedZero)
INT32(QuantizedLayout, e4m3)

SIZE(Problem)
INT64(Problem, x)
INT64(Problem, weights)
INT64(Problem, scales)
INT64(Problem, norm)
INT64(Problem, bias)
INT64(Problem, out)
INT32(Problem, width)
INT32(Problem, chunks)
INT32(Problem, rows)
INT32(Problem, outputs)
INT32(Problem, out_width)
INT32(Problem, accumulate)
INT32(Problem, activation)
FLOAT32(Problem, eps)

SIZE(Adapted)
INT64(Adapted, rows)
INT32(Adapted, group)
INT32(Adapted, second)
INT32(Adapted, third)

SIZE(LoraChange)
INT64(LoraChange, a)
INT64(LoraChange, b)
INT32(LoraChange, rank)
FLOAT32(LoraChange, scale)

SIZE(LoraAdapter)
INT64(LoraAdapter, groups)
STRUCT(LoraAdapter, changes)

SIZE(LoraRows)
INT64(LoraRows, shrunk)
INT32(LoraRows, pitch)
INT32(LoraRows, parts)
INT32(LoraRows, slots)
INT32(LoraRows, tiles)
INT32(LoraRows, capacity)

SIZE(Slot)
INT64(Slot, seed)
INT64(Slot, position)
INT64(Slot, nucleus)
INT64(Slot, least)
FLOAT32(Slot, scale)
FLOAT32(Slot, repetition)
FLOAT32(Slot, presence)
FLOAT32(Slot, frequency)
INT32(Slot, vocabulary)
INT32(Slot, topK)
INT32(Slot, history)
INT32(Slot, bias)
INT32(Slot, biases)
INT32(Slot, reported)
INT32(Slot, allowed)
INT32(Slot, report)

SIZE(Bias)
INT32(Bias, token)
FLOAT32(Bias, added)

SIZE(Entry)
INT32(Entry, token)
FLOAT32(Entry, logit)

SIZE(Report)
INT64(Report, mass)
INT64(Report, max)
