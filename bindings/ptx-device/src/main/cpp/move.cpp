/* mov with its packing and unpacking, address conversion, and instructions that do nothing here. */
#include <set>

#include "lanewise.h"

namespace ptx {
namespace {

template <class T> void copy(Warp &warp, const Instruction &i, uint32_t mask) {
    store<T>(warp.lanes<T>(i.operand[0]), warp.lanes<T>(i.operand[1]), mask);
}

void copy_predicate(Warp &warp, const Instruction &i, uint32_t mask) {
    uint32_t &p = warp.predicate(i.operand[0]);
    uint32_t value = warp.predicate(i.operand[1]) ^ (i.flags & 1 ? FULL : 0);
    p = (p & ~mask) | (value & mask);
}

/* width: bits of an element; count: elements of the vector */
void pack(Warp &warp, const Instruction &i, uint32_t mask) {
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        uint64_t whole = 0;
        for (uint32_t e = 0; e < i.count; e++) {
            uint64_t part = i.width == 64 ? warp.lanes<uint64_t>(i.operand[1 + e])[lane]
                                          : warp.lanes<uint32_t>(i.operand[1 + e])[lane];
            part &= i.width == 64 ? ~0ull : (1ull << i.width) - 1;
            whole |= part << (e * i.width);
        }
        if (i.flags & 1) {
            warp.lanes<uint64_t>(i.operand[0])[lane] = whole;
        } else {
            warp.lanes<uint32_t>(i.operand[0])[lane] = static_cast<uint32_t>(whole);
        }
    }
}

void unpack(Warp &warp, const Instruction &i, uint32_t mask) {
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        uint64_t whole = i.flags & 1 ? warp.lanes<uint64_t>(i.operand[0])[lane]
                                     : warp.lanes<uint32_t>(i.operand[0])[lane];
        for (uint32_t e = 0; e < i.count; e++) {
            uint64_t part = whole >> (e * i.width) & ((1ull << i.width) - 1);
            warp.lanes<uint32_t>(i.operand[1 + e])[lane] = static_cast<uint32_t>(part);
        }
    }
}

void move_vector(Decoder &d, bool wide, bool to_vector) {
    const Operand &vector = d.operand(to_vector ? 0 : 1);
    Instruction i;
    if (vector.elements.size() != 2 && vector.elements.size() != 4) {
        d.unknown("vector");
    }
    i.count = static_cast<uint8_t>(vector.elements.size());
    i.width = static_cast<uint8_t>((wide ? 64 : 32) / i.count);
    i.flags = wide;
    i.operand[0] = to_vector ? d.source(1, wide ? 8 : 4) : d.result(0, wide ? 8 : 4);
    for (uint32_t e = 0; e < i.count; e++) {
        i.operand[1 + e] = to_vector ? d.result(vector.elements[e], 4) : d.source(vector.elements[e], 4);
    }
    d.emit(i, ARITHMETIC, to_vector ? unpack : pack);
}

void move(Decoder &d) {
    std::string type = d.next();
    Instruction i;
    if (type == "pred") {
        bool negated;
        i.operand[0] = d.predicate(0);
        i.operand[1] = d.predicate_source(d.operand(1), negated);
        i.flags = negated;
        d.emit(i, ARITHMETIC, copy_predicate);
        return;
    }
    static const std::set<std::string> types = {"b16", "u16", "s16", "f16", "bf16", "b32", "u32",
                                                "s32", "f32", "b64", "u64", "s64", "f64"};
    if (types.count(type) == 0) {
        d.unknown("type " + type);
    }
    bool wide = type.find("64") != std::string::npos;
    if (d.operand(0).kind == Operand::VECTOR || d.operand(1).kind == Operand::VECTOR) {
        move_vector(d, wide, d.operand(0).kind == Operand::VECTOR);
        return;
    }
    i.operand[0] = d.result(0, wide ? 8 : 4);
    i.operand[1] = d.source(1, wide ? 8 : 4);
    d.emit(i, ARITHMETIC, wide ? copy<uint64_t> : copy<uint32_t>);
}

template <uint64_t BASE> struct Enter { uint64_t operator()(uint64_t a) const { return a + BASE; } };
template <uint64_t BASE> struct Leave { uint64_t operator()(uint64_t a) const { return a - BASE; } };

void convert_address(Decoder &d) {
    bool to = d.take("to");
    std::string space = d.one_of({"global", "shared", "local", "param", "const"});
    d.one_of({"u64"});
    using T = uint64_t;
    if (space == "shared") {
        to ? emit_unary<T, T, Leave<SHARED_WINDOW>>(d) : emit_unary<T, T, Enter<SHARED_WINDOW>>(d);
    } else if (space == "local") {
        to ? emit_unary<T, T, Leave<LOCAL_WINDOW>>(d) : emit_unary<T, T, Enter<LOCAL_WINDOW>>(d);
    } else {
        emit_unary<T, T, Enter<0>>(d);
    }
}

void nothing(Warp &, const Instruction &, uint32_t) {}

/* Forms whose only effect is on caches, ordering or timing; operands and modifiers are free. */
void no_effect(Decoder &d) {
    while (d.more()) {
        d.next();
    }
    d.emit(Instruction(), CONTROL, nothing);
}

void fence(Warp &warp, const Instruction &, uint32_t) {
    if (GridOrder *order = warp.block->launch->order) {
        order->fence(warp.block->linear);
    }
}

/* Only fences between blocks have an effect here; within a block the barriers are checked. */
void decode_fence(Decoder &d) {
    bool own_block = d.has("cta") || d.has("proxy");
    while (d.more()) {
        d.next();
    }
    d.emit(Instruction(), CONTROL, own_block ? nothing : fence);
}

} // namespace

void add_move(Opcodes &opcodes) {
    opcodes["mov"] = move;
    opcodes["cvta"] = convert_address;
    opcodes["membar"] = decode_fence;
    opcodes["fence"] = decode_fence;
    opcodes["nanosleep"] = no_effect;
    opcodes["prefetchu"] = no_effect;
}

} // namespace ptx
