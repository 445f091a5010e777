/*
 * The paged KV cache: keys and values [layers, pages, kvHeads, 64, headDim] bf16, a page's positions of
 * one head on end. Page tables are [sequences, pagesPerSequence] int32.
 */
#ifndef LONGHAND_PAGED_KV_CUH
#define LONGHAND_PAGED_KV_CUH

#include <cstdint>

namespace longhand {

constexpr int PAGE_POSITIONS = 64;

/* One layer of the cache. */
struct PagedKv {
    uint16_t *keys;
    uint16_t *values;
    int kvHeads;
    int headDim;

    __device__ long long at(int page, int kvHead, int position) const {
        return ((static_cast<long long>(page) * kvHeads + kvHead) * PAGE_POSITIONS + position) * headDim;
    }
};

/* The rows of a step: token r of the batch is at positions[r] of sequence sequences[r]. */
struct Batch {
    const int *tokens;
    const int *positions;
    const int *sequences;
    const int *pageTables;
    int pagesPerSequence;
    int rows;

    __device__ int page(int sequence, int position) const {
        return pageTables[static_cast<long long>(sequence) * pagesPerSequence + position / PAGE_POSITIONS];
    }
};

} // namespace longhand

#endif
