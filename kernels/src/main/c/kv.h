/*
 * The paged cache in memory. A page of one layer and key/value head is a key tile [D, P] and a value
 * tile [P, D], D = head_dim; longhand_cpu.h has the order of the tiles.
 *
 * LH_INT8 keeps keys in bf16 and values in 8 bits: Qwen2.5's key biases would fill the range of 8 bits
 * and leave no resolution for the differences between keys. KeyRoundingTest measures it: under a bias of
 * norm 605, that of the 7B's first layer, 8-bit keys move a sixth of the attention weights, bf16 keys
 * 3 %. Keys less their rotated bias in 8 bits would move 0.2 %, but scores would then have to add the
 * bias again, which the kernel does not do. The value tile of LH_INT8 is [P, D] bytes, then bf16 scales
 * [groups, P], one for each VALUE_GROUP dimensions of a position: a value is byte * scale.
 */
#ifndef LH_KV_H
#define LH_KV_H

#include <longhand_cpu.h>
#include <stddef.h>

#define P LH_PAGE_POSITIONS
#define VALUE_GROUP 32

/* The dtype of a cache's keys. */
static inline int32_t key_dtype(const lh_kv *kv) { return kv->dtype == LH_F32 ? LH_F32 : LH_BF16; }

static inline size_t key_tile_bytes(const lh_kv *kv) {
    return (size_t)kv->head_dim * P * (kv->dtype == LH_F32 ? 4 : 2);
}

static inline int32_t value_groups(const lh_kv *kv) {
    return (kv->head_dim + VALUE_GROUP - 1) / VALUE_GROUP;
}

static inline size_t value_tile_bytes(const lh_kv *kv) {
    return kv->dtype == LH_INT8 ? (size_t)P * (kv->head_dim + 2 * value_groups(kv))
                                : key_tile_bytes(kv);
}

/* Index of a tile among the tiles of all layers and pages. */
static inline size_t tile_index(const lh_kv *kv, int32_t layer, int32_t page, int32_t kv_head) {
    return ((size_t)layer * kv->pages + page) * kv->kv_heads + kv_head;
}

static inline char *key_tile(const lh_kv *kv, size_t index) {
    return (char *)kv->keys + index * key_tile_bytes(kv);
}

static inline char *value_tile(const lh_kv *kv, size_t index) {
    return (char *)kv->values + index * value_tile_bytes(kv);
}

/* The scales of an int8 value tile. */
static inline uint16_t *value_scales(const lh_kv *kv, char *tile) {
    return (uint16_t *)(tile + (size_t)P * kv->head_dim);
}

#endif
