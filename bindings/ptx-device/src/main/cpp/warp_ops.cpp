/* Control flow, barriers, and operations across the lanes of a warp. */
#include "integer_operations.h"
#include "lanewise.h"

namespace ptx {
namespace {

using namespace integer;

void branch(Warp &warp, const Instruction &i, uint32_t mask) {
    warp.branch(mask, static_cast<uint32_t>(i.immediate));
}

void end(Warp &warp, const Instruction &i, uint32_t mask) {
    if (mask & ~warp.waited) {
        warp.find(i, __builtin_ctz(mask & ~warp.waited), "no dependency wait",
                  "ends without griddepcontrol.wait: for the next kernel, all in front would have ended too");
    }
    warp.exit(mask);
}

void await_dependencies(Warp &warp, const Instruction &, uint32_t mask) { warp.waited |= mask; }

/* Does nothing: launches do not overlap here, and a kernel that touches nothing before its wait cannot
 * tell. */
void launch_dependents(Warp &, const Instruction &, uint32_t) {}

void trap(Warp &warp, const Instruction &i, uint32_t mask) {
    warp.fault(i, __builtin_ctz(mask), "trap", "the kernel trapped", LAUNCH_FAILED);
}

/* operand[0]: barrier, [1]: threads or none */
void barrier(Warp &warp, const Instruction &i, uint32_t mask) {
    int lane = __builtin_ctz(mask);
    if (mask != warp.live) {
        warp.fault(i, lane, "divergent barrier", "reached by a part of the warp", LAUNCH_FAILED);
    }
    uint32_t threads = i.operand[1] == NONE ? 0 : warp.lanes<uint32_t>(i.operand[1])[lane];
    warp.wait(warp.lanes<uint32_t>(i.operand[0])[lane], threads);
}

/* Reports it if the lanes of a member mask are not here together. */
void check_members(Warp &warp, const Instruction &i, uint32_t members, uint32_t mask) {
    if ((members & warp.live) != mask) {
        warp.find(i, __builtin_ctz(mask), "lane mask",
                  "names other lanes than those that are here together");
    }
}

void warp_barrier(Warp &warp, const Instruction &i, uint32_t mask) {
    check_members(warp, i, warp.lanes<uint32_t>(i.operand[0])[__builtin_ctz(mask)], mask);
}

enum Shuffle : uint8_t { UP, DOWN, BUTTERFLY, INDEX };

/* operand: [0] d, [1] p or none, [2] a, [3] b, [4] c, [5] member mask */
void shuffle(Warp &warp, const Instruction &i, uint32_t mask) {
    const uint32_t *a = warp.lanes<uint32_t>(i.operand[2]);
    const uint32_t *b = warp.lanes<uint32_t>(i.operand[3]);
    const uint32_t *c = warp.lanes<uint32_t>(i.operand[4]);
    check_members(warp, i, warp.lanes<uint32_t>(i.operand[5])[__builtin_ctz(mask)], mask);
    uint32_t results[LANES] = {};
    uint32_t inside = 0;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        uint32_t bound = c[lane] & 31, segment = c[lane] >> 8 & 31, offset = b[lane] & 31;
        uint32_t least = lane & segment;
        uint32_t most = least | (bound & ~segment);
        int64_t from = lane;
        auto shuffle = static_cast<Shuffle>(i.width);
        switch (shuffle) {
            case UP: from = static_cast<int64_t>(lane) - offset; break;
            case DOWN: from = lane + offset; break;
            case BUTTERFLY: from = lane ^ offset; break;
            case INDEX: from = least | (offset & ~segment); break;
        }
        bool valid = shuffle == UP ? from >= static_cast<int64_t>(most) : from <= static_cast<int64_t>(most);
        from = valid ? from : lane;
        if (!(mask >> from & 1)) {
            warp.find(i, static_cast<int>(lane), "inactive lane",
                      "shuffles from lane " + std::to_string(from) + ", which is not here");
        }
        results[lane] = a[from];
        inside |= static_cast<uint32_t>(valid) << lane;
    }
    store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
    if (i.operand[1] != NONE) {
        uint32_t &p = warp.predicate(i.operand[1]);
        p = (p & ~mask) | (inside & mask);
    }
}

enum Vote : uint8_t { ALL, ANY, UNIFORM, BALLOT };

void vote(Warp &warp, const Instruction &i, uint32_t mask) {
    check_members(warp, i, warp.lanes<uint32_t>(i.operand[2])[__builtin_ctz(mask)], mask);
    uint32_t yes = (warp.predicate(i.operand[1]) ^ (i.flags & 1 ? FULL : 0)) & mask;
    if (i.width == BALLOT) {
        uint32_t results[LANES];
        std::fill(results, results + LANES, yes);
        store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
        return;
    }
    bool answer = i.width == ALL ? yes == mask : i.width == ANY ? yes != 0 : yes == 0 || yes == mask;
    uint32_t &p = warp.predicate(i.operand[0]);
    p = answer ? p | mask : p & ~mask;
}

/* operand: [0] d, [1] a, [2] member mask, [3] p or none */
template <class T, bool ALL_EQUAL> void match(Warp &warp, const Instruction &i, uint32_t mask) {
    check_members(warp, i, warp.lanes<uint32_t>(i.operand[2])[__builtin_ctz(mask)], mask);
    const T *a = warp.lanes<T>(i.operand[1]);
    uint32_t results[LANES] = {};
    for (int lane = 0; lane < LANES; lane++) {
        for (int other = 0; other < LANES; other++) {
            results[lane] |= (mask >> other & 1 && a[lane] == a[other]) ? 1u << other : 0;
        }
    }
    if (ALL_EQUAL) {
        bool all = results[__builtin_ctz(mask)] == mask;
        std::fill(results, results + LANES, all ? mask : 0);
        if (i.operand[3] != NONE) {
            uint32_t &p = warp.predicate(i.operand[3]);
            p = all ? p | mask : p & ~mask;
        }
    }
    store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
}

template <class T, class F> void reduce(Warp &warp, const Instruction &i, uint32_t mask) {
    check_members(warp, i, warp.lanes<uint32_t>(i.operand[2])[__builtin_ctz(mask)], mask);
    const uint32_t *a = warp.lanes<uint32_t>(i.operand[1]);
    T sum = get<T>(a, __builtin_ctz(mask));
    for (int lane = __builtin_ctz(mask) + 1; lane < LANES; lane++) {
        sum = mask >> lane & 1 ? F()(sum, get<T>(a, lane)) : sum;
    }
    uint32_t results[LANES];
    std::fill(results, results + LANES, cell<T>(sum));
    store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
}

void active_mask(Warp &warp, const Instruction &i, uint32_t mask) {
    uint32_t results[LANES];
    std::fill(results, results + LANES, mask);
    store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
}

void decode_branch(Decoder &d) {
    d.take("uni");
    Instruction i;
    i.immediate = d.label(0);
    d.emit(i, CONTROL, branch);
}

void decode_barrier(Decoder &d) {
    Instruction i;
    if (d.take("warp")) {
        d.one_of({"sync"});
        i.operand[0] = d.source(0, 4);
        d.emit(i, ARITHMETIC, warp_barrier);
        return;
    }
    d.take("cta");
    d.one_of({"sync"});
    d.take("aligned");
    i.operand[0] = d.source(0, 4);
    i.operand[1] = d.operands() > 1 ? d.source(1, 4) : NONE;
    d.emit(i, CONTROL, barrier);
}

void decode_shuffle(Decoder &d) {
    d.one_of({"sync"});
    std::string mode = d.one_of({"up", "down", "bfly", "idx"});
    d.one_of({"b32"});
    Instruction i;
    i.width = mode == "up" ? UP : mode == "down" ? DOWN : mode == "bfly" ? BUTTERFLY : INDEX;
    bool two = d.operands() == 6;
    i.operand[0] = d.result(0, 4);
    i.operand[1] = two ? d.predicate(1) : NONE;
    for (size_t s = 0; s < 4; s++) {
        i.operand[2 + s] = d.source((two ? 2 : 1) + s, 4);
    }
    d.emit(i, ARITHMETIC, shuffle);
}

void decode_vote(Decoder &d) {
    d.one_of({"sync"});
    std::string mode = d.one_of({"all", "any", "uni", "ballot"});
    d.one_of({"pred", "b32"});
    Instruction i;
    i.width = mode == "all" ? ALL : mode == "any" ? ANY : mode == "uni" ? UNIFORM : BALLOT;
    i.operand[0] = i.width == BALLOT ? d.result(0, 4) : d.predicate(0);
    bool negated;
    i.operand[1] = d.predicate_source(d.operand(1), negated);
    i.flags = negated;
    i.operand[2] = d.source(2, 4);
    d.emit(i, ARITHMETIC, vote);
}

void decode_match(Decoder &d) {
    bool all = d.one_of({"any", "all"}) == "all";
    d.one_of({"sync"});
    bool wide = d.one_of({"b32", "b64"}) == "b64";
    bool two = all && d.operands() == 4;
    Instruction i;
    i.operand[0] = d.result(0, 4);
    i.operand[1] = d.source(two ? 2 : 1, wide ? 8 : 4);
    i.operand[2] = d.source(two ? 3 : 2, 4);
    i.operand[3] = two ? d.predicate(1) : NONE;
    d.emit(i, ARITHMETIC,
           all ? (wide ? match<uint64_t, true> : match<uint32_t, true>)
               : (wide ? match<uint64_t, false> : match<uint32_t, false>));
}

void decode_reduce(Decoder &d) {
    d.one_of({"sync"});
    std::string op = d.one_of({"add", "min", "max", "and", "or", "xor"});
    bool is_signed = d.one_of({"s32", "u32", "b32"}) == "s32";
    Instruction i;
    i.operand[0] = d.result(0, 4);
    i.operand[1] = d.source(1, 4);
    i.operand[2] = d.source(2, 4);
    Handler run = op == "add"   ? reduce<uint32_t, Add>
                  : op == "min" ? (is_signed ? reduce<int32_t, Min> : reduce<uint32_t, Min>)
                  : op == "max" ? (is_signed ? reduce<int32_t, Max> : reduce<uint32_t, Max>)
                  : op == "and" ? reduce<uint32_t, And>
                  : op == "or"  ? reduce<uint32_t, Or>
                                : reduce<uint32_t, Xor>;
    d.emit(i, ARITHMETIC, run);
}

} // namespace

void add_warp(Opcodes &opcodes) {
    opcodes["bra"] = decode_branch;
    opcodes["ret"] = [](Decoder &d) {
        d.take("uni");
        d.emit(Instruction(), CONTROL, end);
    };
    opcodes["exit"] = [](Decoder &d) { d.emit(Instruction(), CONTROL, end); };
    opcodes["trap"] = [](Decoder &d) { d.emit(Instruction(), CONTROL, trap); };
    opcodes["griddepcontrol"] = [](Decoder &d) {
        bool waits = d.one_of({"wait", "launch_dependents"}) == "wait";
        d.emit(Instruction(), CONTROL, waits ? await_dependencies : launch_dependents);
    };
    opcodes["bar"] = decode_barrier;
    opcodes["barrier"] = decode_barrier;
    opcodes["shfl"] = decode_shuffle;
    opcodes["vote"] = decode_vote;
    opcodes["match"] = decode_match;
    opcodes["redux"] = decode_reduce;
    opcodes["activemask"] = [](Decoder &d) {
        d.one_of({"b32"});
        Instruction i;
        i.operand[0] = d.result(0, 4);
        d.emit(i, ARITHMETIC, active_mask);
    };
}

} // namespace ptx
