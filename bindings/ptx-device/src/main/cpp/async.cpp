/*
 * cp.async: a copy is issued into an open group, and arrives when the group is waited for. Until then
 * its destination counts as never written, so a missing wait is an uninitialised read; and since the
 * arrival is a write of the waiting warp, a missing barrier is a race.
 */
#include "access.h"
#include "lanewise.h"

namespace ptx {
namespace {

/* operand[0]: to, [1]: from, [2]: source bytes or none; width: bytes */
void issue(Warp &warp, const Instruction &i, uint32_t mask) {
    Address from[LANES], to[LANES];
    uint32_t reading = 0;
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        to[lane] = i.flags & ADDRESS32 ? warp.lanes<uint32_t>(i.operand[0])[lane]
                                       : warp.lanes<uint64_t>(i.operand[0])[lane];
        to[lane] += static_cast<uint64_t>(i.immediate);
        from[lane] = warp.lanes<uint64_t>(i.operand[1])[lane]
                     + static_cast<uint64_t>(static_cast<int32_t>(i.operand[3]));
        uint32_t bytes = i.width;
        if (i.operand[2] != NONE) {
            bytes = std::min<uint32_t>(bytes, warp.lanes<uint32_t>(i.operand[2])[lane]);
        }
        shared_write(warp, i, lane, to[lane], i.width);
        warp.block->shared.set_written(static_cast<uint32_t>(to[lane]), i.width, false);
        memset(warp.block->shared.host(static_cast<uint32_t>(to[lane])), 0xff, i.width);
        if (bytes > 0) {
            global_read(warp, i, lane, from[lane], bytes, i.width);
            reading |= 1u << lane;
        }
        warp.async_open.push_back({from[lane], static_cast<uint32_t>(to[lane]), i.width,
                                   static_cast<uint8_t>(bytes)});
    }
    if (reading != 0) {
        count_global(warp, from, reading, i.width, true);
    }
    count_shared(warp, to, mask, i.width);
}

void commit(Warp &warp, const Instruction &i, uint32_t mask) {
    if (mask != warp.live) {
        warp.find(i, 0, "divergent commit", "cp.async.commit_group by a part of the warp");
    }
    warp.async_groups.push_back(std::move(warp.async_open));
    warp.async_open.clear();
}

void arrive(Warp &warp, const Instruction &i, std::vector<AsyncCopy> &copies) {
    for (const AsyncCopy &copy : copies) {
        Instruction plain = i;
        plain.flags |= ORDERED; /* conflicts were checked at the issue */
        uint8_t *to = shared_write(warp, plain, 0, copy.to, copy.bytes);
        memset(to, 0, copy.bytes);
        if (copy.source_bytes > 0) {
            Allocation *from = warp.block->launch->memory->range(copy.from, copy.source_bytes);
            memcpy(to, from->host(copy.from), copy.source_bytes);
        }
    }
    copies.clear();
}

/* immediate: groups that may stay open; -1: everything arrives, the open group too */
void await(Warp &warp, const Instruction &i, uint32_t mask) {
    if (mask != warp.live) {
        warp.find(i, 0, "divergent wait", "cp.async.wait by a part of the warp");
    }
    size_t stay = i.immediate < 0 ? 0 : static_cast<size_t>(i.immediate);
    while (warp.async_groups.size() > stay) {
        arrive(warp, i, warp.async_groups.front());
        warp.async_groups.erase(warp.async_groups.begin());
    }
    if (i.immediate < 0) {
        arrive(warp, i, warp.async_open);
    }
}

void decode_async(Decoder &d) {
    d.one_of({"async"});
    Instruction i;
    if (d.take("commit_group")) {
        d.emit(i, MEMORY, commit);
        return;
    }
    if (d.take("wait_all")) {
        i.immediate = -1;
        d.emit(i, MEMORY, await);
        return;
    }
    if (d.take("wait_group")) {
        if (d.operand(0).kind != Operand::IMMEDIATE || d.operand(0).bits > 1u << 20) {
            d.unknown("group count");
        }
        i.immediate = static_cast<int64_t>(d.operand(0).bits);
        d.emit(i, MEMORY, await);
        return;
    }
    bool small = d.one_of({"ca", "cg"}) == "ca";
    d.one_of({"shared", "shared::cta"});
    d.one_of({"global"});
    d.take("L2::64B") || d.take("L2::128B") || d.take("L2::256B");
    Space shared = Space::SHARED, global = Space::GLOBAL;
    int64_t displacement;
    i.operand[0] = d.address(0, shared, i.immediate);
    i.operand[1] = d.address(1, global, displacement);
    i.operand[3] = static_cast<uint32_t>(displacement);
    uint64_t bytes = d.operand(2).bits;
    const Operand &source = d.operand(1).elements[0];
    if (d.operand(2).kind != Operand::IMMEDIATE || (bytes != 16 && !(small && (bytes == 4 || bytes == 8)))
        || displacement != static_cast<int32_t>(displacement) || global != Space::GLOBAL
        || shared != Space::SHARED || (source.kind == Operand::REGISTER && source.bytes != 8)) {
        d.unknown("size or address");
    }
    i.width = static_cast<uint8_t>(bytes);
    i.operand[2] = d.operands() > 3 ? d.source(3, 4) : NONE;
    i.flags = d.is_narrow_address(0) ? ADDRESS32 : 0;
    i.site = d.site();
    d.emit(i, MEMORY, issue);
}

} // namespace

void add_async(Opcodes &opcodes) { opcodes["cp"] = decode_async; }

} // namespace ptx
