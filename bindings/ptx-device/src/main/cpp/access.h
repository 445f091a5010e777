/* Checked and counted access to memory, for loads, stores, atomics and asynchronous copies. */
#ifndef PTX_ACCESS_H
#define PTX_ACCESS_H

#include "parser.h"
#include "warp.h"

namespace ptx {

constexpr uint8_t SIGNED = 1;   /* flags: sign-extend what is loaded */
constexpr uint8_t ORDERED = 2;  /* volatile, relaxed or stronger: no race */
constexpr uint8_t ADDRESS32 = 4; /* the base register has 32 bits */
constexpr uint8_t ACQUIRES = 8;
constexpr uint8_t RELEASES = 16;
constexpr uint8_t BLOCK_ONLY = 32; /* ordered, but for its own block */

/* The address that a lane of an instruction accesses; its base is operand `base`. */
inline Address lane_address(Warp &warp, const Instruction &i, int base, int lane) {
    uint64_t from = i.flags & ADDRESS32 ? warp.lanes<uint32_t>(i.operand[base])[lane]
                                        : warp.lanes<uint64_t>(i.operand[base])[lane];
    return from + static_cast<uint64_t>(i.immediate);
}

/* Checks bounds and alignment and returns the host address, or faults. */
uint8_t *global_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width,
                   uint32_t alignment, Allocation *&allocation);
/* The same, with the checks and records of a read or a write; alignment 0: the width's. */
uint8_t *global_read(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width,
                     uint32_t alignment = 0);
uint8_t *global_write(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width);
/* An atomic access; it counts for no sector. */
uint8_t *global_atomic(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width);
uint8_t *shared_read(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width);
uint8_t *shared_write(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width);
uint8_t *local_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width);

/* Adds one request of a warp to the counters; addresses of the lanes in mask. */
void count_global(Warp &warp, const Address *at, uint32_t mask, uint32_t width, bool load);
void count_shared(Warp &warp, const Address *at, uint32_t mask, uint32_t width);

/* Reads memory modifiers up to the type: order, scope, space, caches. */
struct MemoryForm {
    Space space = Space::GENERIC;
    uint8_t flags = 0;
};
MemoryForm memory_form(class Decoder &d);
/* Reads an order such as `acquire.gpu`, if there is one; returns its flags. */
uint8_t memory_order(class Decoder &d);

/* Records an ordered access to global memory for the blocks of a cooperative launch. */
void order_read(Warp &warp, const Instruction &i, Address at);
void order_write(Warp &warp, const Instruction &i, Address at, bool atomic);

} // namespace ptx

#endif
