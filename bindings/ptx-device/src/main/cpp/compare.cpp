/* Comparison of integers and floats, and selection by a predicate. */
#include "lanewise.h"
#include "number_formats.h"

namespace ptx {
namespace {

enum Comparison : uint8_t { EQ, NE, LT, LE, GT, GE, NUM, NANS };

/* Unordered comparisons (equ, ltu, ...) are true where an operand is NaN, as ne is. */
struct Relation {
    Comparison comparison;
    bool unordered;
};

Relation relation(Decoder &d) {
    std::string name = d.next();
    static const std::unordered_map<std::string, Relation> names = {
        {"eq", {EQ, false}}, {"ne", {NE, false}}, {"lt", {LT, false}}, {"le", {LE, false}},
        {"gt", {GT, false}}, {"ge", {GE, false}}, {"lo", {LT, false}}, {"ls", {LE, false}},
        {"hi", {GT, false}}, {"hs", {GE, false}}, {"equ", {EQ, true}}, {"neu", {NE, true}},
        {"ltu", {LT, true}}, {"leu", {LE, true}}, {"gtu", {GT, true}}, {"geu", {GE, true}},
        {"num", {NUM, false}}, {"nan", {NANS, true}}};
    auto found = names.find(name);
    if (found == names.end()) {
        d.unknown("comparison " + name);
    }
    return found->second;
}

template <class T> bool holds(T a, T b, Comparison comparison, bool unordered) {
    if (a != a || b != b) {
        return unordered;
    }
    switch (comparison) {
        case EQ: return a == b;
        case NE: return a != b;
        case LT: return a < b;
        case LE: return a <= b;
        case GT: return a > b;
        case GE: return a >= b;
        case NUM: return true;
        default: return false;
    }
}

enum Combination : uint8_t { PLAIN, WITH_AND, WITH_OR, WITH_XOR };

/* flags: 1 unordered, 2 ftz, 4 third operand negated, 8 has a second result; width: comparison. */
template <class T, Comparison C> uint32_t compare_all(const Cell<T> *a, const Cell<T> *b, bool unordered) {
    uint32_t result = 0;
    for (int lane = 0; lane < LANES; lane++) {
        result |= static_cast<uint32_t>(holds<T>(get<T>(a, lane), get<T>(b, lane), C, unordered)) << lane;
    }
    return result;
}

template <class T> uint32_t compare(Warp &warp, const Instruction &i) {
    const auto *a = warp.lanes<Cell<T>>(i.operand[2]);
    const auto *b = warp.lanes<Cell<T>>(i.operand[3]);
    Cell<T> flushed[2][LANES];
    if constexpr (std::is_same_v<T, float>) {
        if (i.flags & 2) {
            for (int lane = 0; lane < LANES; lane++) {
                flushed[0][lane] = cell<float>(flush(get<float>(a, lane)));
                flushed[1][lane] = cell<float>(flush(get<float>(b, lane)));
            }
            a = flushed[0];
            b = flushed[1];
        }
    }
    bool unordered = i.flags & 1;
    switch (static_cast<Comparison>(i.width)) {
        case EQ: return compare_all<T, EQ>(a, b, unordered);
        case NE: return compare_all<T, NE>(a, b, unordered);
        case LT: return compare_all<T, LT>(a, b, unordered);
        case LE: return compare_all<T, LE>(a, b, unordered);
        case GT: return compare_all<T, GT>(a, b, unordered);
        case GE: return compare_all<T, GE>(a, b, unordered);
        case NUM: return compare_all<T, NUM>(a, b, unordered);
        default: return compare_all<T, NANS>(a, b, unordered);
    }
}

template <class T> void setp(Warp &warp, const Instruction &i, uint32_t mask) {
    uint32_t holding = compare<T>(warp, i);
    uint32_t other = i.count == PLAIN ? 0 : warp.predicate(i.operand[4]) ^ (i.flags & 4 ? FULL : 0);
    auto combine = [&](uint32_t value) {
        return i.count == WITH_AND   ? value & other
               : i.count == WITH_OR  ? value | other
               : i.count == WITH_XOR ? value ^ other
                                     : value;
    };
    uint32_t &p = warp.predicate(i.operand[0]);
    uint32_t first = combine(holding);
    uint32_t second = combine(~holding);
    p = (p & ~mask) | (first & mask);
    if (i.flags & 8) {
        uint32_t &q = warp.predicate(i.operand[1]);
        q = (q & ~mask) | (second & mask);
    }
}

template <class T> void emit_setp(Decoder &d, Instruction i) {
    size_t at = 1;
    i.operand[0] = d.predicate(0);
    bool two = d.operand(1).kind == Operand::PREDICATE || d.operand(1).kind == Operand::SINK;
    if (two) {
        i.operand[1] = d.predicate(1);
        i.flags |= 8;
        at = 2;
    }
    i.operand[2] = d.source(at, cell_bytes<T>);
    i.operand[3] = d.source(at + 1, cell_bytes<T>);
    if (i.count != PLAIN) {
        bool negated;
        i.operand[4] = d.predicate_source(d.operand(at + 2), negated);
        i.flags |= negated ? 4 : 0;
    }
    d.emit(i, ARITHMETIC, setp<T>);
}

void set_predicate(Decoder &d) {
    Instruction i;
    Relation wanted = relation(d);
    i.width = wanted.comparison;
    i.flags = wanted.unordered;
    i.count = d.take("and") ? WITH_AND : d.take("or") ? WITH_OR : d.take("xor") ? WITH_XOR : PLAIN;
    i.flags |= d.take("ftz") ? 2 : 0;
    std::string type = d.next();
    if (type == "f32") emit_setp<float>(d, i);
    else if (type == "f64") emit_setp<double>(d, i);
    else if (type == "s32") emit_setp<int32_t>(d, i);
    else if (type == "u32" || type == "b32") emit_setp<uint32_t>(d, i);
    else if (type == "s64") emit_setp<int64_t>(d, i);
    else if (type == "u64" || type == "b64") emit_setp<uint64_t>(d, i);
    else if (type == "s16") emit_setp<int16_t>(d, i);
    else if (type == "u16" || type == "b16") emit_setp<uint16_t>(d, i);
    else d.unknown("type " + type);
}

template <class T> void selp(Warp &warp, const Instruction &i, uint32_t mask) {
    const T *a = warp.lanes<T>(i.operand[1]);
    const T *b = warp.lanes<T>(i.operand[2]);
    uint32_t p = warp.predicate(i.operand[3]) ^ (i.flags & 1 ? FULL : 0);
    T results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        results[lane] = p >> lane & 1 ? a[lane] : b[lane];
    }
    store<T>(warp.lanes<T>(i.operand[0]), results, mask);
}

void select(Decoder &d) {
    std::string type =
        d.one_of({"b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"});
    bool wide = type.find("64") != std::string::npos;
    Instruction i;
    i.operand[0] = d.result(0, wide ? 8 : 4);
    i.operand[1] = d.source(1, wide ? 8 : 4);
    i.operand[2] = d.source(2, wide ? 8 : 4);
    bool negated;
    i.operand[3] = d.predicate_source(d.operand(3), negated);
    i.flags = negated;
    d.emit(i, ARITHMETIC, wide ? selp<uint64_t> : selp<uint32_t>);
}

} // namespace

void add_compare(Opcodes &opcodes) {
    opcodes["setp"] = set_predicate;
    opcodes["selp"] = select;
}

} // namespace ptx
