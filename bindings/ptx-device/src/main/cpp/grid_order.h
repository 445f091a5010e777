/*
 * The order of writes between the blocks of a cooperative launch: a vector clock per block, and one per
 * place through which they synchronise. A release, or a fence followed by a store, an atomic or a
 * volatile write, publishes its block's clock; an acquire, or such a read followed by a fence, learns it.
 * A block counts as one thread; its own barriers are checked elsewhere. Blocks of a cooperative launch
 * take turns on one processor thread: nothing here is locked.
 */
#ifndef PTX_GRID_ORDER_H
#define PTX_GRID_ORDER_H

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "memory.h"

namespace ptx {

class GridOrder {
public:
    /* The most resident blocks; a stamp has a byte for the block. */
    static constexpr uint32_t BLOCKS_MAX = 255;

    explicit GridOrder(uint32_t blocks);
    void fence(uint32_t block);
    void read(uint32_t block, Address at, bool acquires);
    /* An atomic adds to the clock of its place, a store replaces it. */
    void written(uint32_t block, Address at, bool releases, bool atomic);
    /* Names a block and its time; never 0. */
    uint32_t stamp(uint32_t block);
    static uint32_t block_of(uint32_t stamp) { return (stamp & 255) - 1; }
    /* Whether the write with the stamp is ordered before anything that the block does now. */
    bool knows(uint32_t block, uint32_t stamp) const;

private:
    using Clock = std::vector<uint32_t>;
    struct Knowledge {
        Clock now;     /* what the block may rely on */
        Clock fenced;  /* what it knew at its last fence */
        Clock learned; /* what it read; its next fence adds this to `now` */
        bool stamped;  /* its present time is in use: the next fence or release ends it */
    };
    std::vector<Knowledge> blocks_;
    std::unordered_map<Address, Clock> places_;

    void tick(uint32_t block);
};

} // namespace ptx

#endif
