/* f32 and f64 arithmetic, comparison and selection. */
#include <cmath>

#include "lanewise.h"
#include "number_formats.h"

namespace ptx {

bool decode_integer(const std::string &opcode, Decoder &d);
void decode_saturated(const std::string &opcode, Decoder &d);
bool decode_half(const std::string &opcode, Decoder &d);

namespace {

inline float flush(float value) {
    return std::fabs(value) < 1.17549435e-38f ? std::copysign(0.0f, value) : value;
}

/* F with subnormal inputs and results flushed to zero of the same sign. */
template <class F> struct Ftz {
    template <class... A> float operator()(A... a) const { return flush(F()(flush(a)...)); }
};
template <class F> struct Saturated {
    template <class... A> float operator()(A... a) const {
        float r = F()(a...);
        return r > 1 ? 1 : r > 0 ? r : 0; /* NaN becomes 0 */
    }
};

struct Add { template <class T> T operator()(T a, T b) const { return a + b; } };
struct Sub { template <class T> T operator()(T a, T b) const { return a - b; } };
struct Mul { template <class T> T operator()(T a, T b) const { return a * b; } };
struct Div { template <class T> T operator()(T a, T b) const { return a / b; } };
struct Fma { template <class T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); } };
struct Neg { template <class T> T operator()(T a) const { return -a; } };
struct Abs { template <class T> T operator()(T a) const { return std::fabs(a); } };
struct Sqrt { template <class T> T operator()(T a) const { return std::sqrt(a); } };
struct Rcp { template <class T> T operator()(T a) const { return 1 / a; } };
struct Rsqrt { float operator()(float a) const { return static_cast<float>(1 / std::sqrt(static_cast<double>(a))); } };
struct Ex2 { float operator()(float a) const { return std::exp2(a); } };
struct Lg2 { float operator()(float a) const { return std::log2(a); } };
struct Sin { float operator()(float a) const { return std::sin(a); } };
struct Cos { float operator()(float a) const { return std::cos(a); } };
struct Tanh { float operator()(float a) const { return std::tanh(a); } };
struct Copysign { float operator()(float sign, float magnitude) const { return std::copysign(magnitude, sign); } };

/* A NaN gives way to the number; .NaN keeps it. -0 is less than +0. */
struct Min {
    template <class T> T operator()(T a, T b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? a : b) : a < b ? a : b;
    }
};
struct Max {
    template <class T> T operator()(T a, T b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? b : a) : a > b ? a : b;
    }
};
template <class F> struct KeepNan {
    template <class T> T operator()(T a, T b) const { return a != a || b != b ? NAN : F()(a, b); }
};

void rounding(Decoder &d) { d.take("rn"); } /* others are known to fma alone */

/* F in another rounding mode; volatile keeps the compiler from moving it out of the mode. */
template <class F, unsigned MODE> struct Rounded {
    float operator()(float a, float b, float c) const {
        volatile float x = a;
        unsigned before = _MM_GET_ROUNDING_MODE();
        _MM_SET_ROUNDING_MODE(MODE);
        volatile float result = F()(x, b, c);
        _MM_SET_ROUNDING_MODE(before);
        return result;
    }
};

template <unsigned MODE> void fused_rounded(Decoder &d) {
    using T = float;
    bool ftz = d.take("ftz");
    d.one_of({"f32"});
    ftz ? emit_ternary<T, T, T, T, Ftz<Rounded<Fma, MODE>>>(d)
        : emit_ternary<T, T, T, T, Rounded<Fma, MODE>>(d);
}

template <class F> void f32_unary(Decoder &d, bool ftz) {
    ftz ? emit_unary<float, float, Ftz<F>>(d) : emit_unary<float, float, F>(d);
}

template <class F> void f32_binary(Decoder &d, bool ftz, bool saturate) {
    if (saturate) {
        ftz ? emit_binary<float, float, float, Saturated<Ftz<F>>>(d)
            : emit_binary<float, float, float, Saturated<F>>(d);
    } else {
        ftz ? emit_binary<float, float, float, Ftz<F>>(d) : emit_binary<float, float, float, F>(d);
    }
}

template <class F> void arithmetic(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    rounding(d);
    bool ftz = d.take("ftz");
    bool saturate = d.take("sat");
    if (d.take("f32")) {
        f32_binary<F>(d, ftz, saturate);
    } else if (ftz) {
        d.unknown();
    } else if (saturate) {
        decode_saturated(opcode, d);
    } else if (d.take("f64")) {
        emit_binary<double, double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

template <class F> void extremum(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    bool ftz = d.take("ftz");
    bool keep_nan = d.take("NaN");
    if (d.take("f32")) {
        keep_nan ? f32_binary<KeepNan<F>>(d, ftz, false) : f32_binary<F>(d, ftz, false);
    } else if (ftz || keep_nan) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_binary<double, double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

template <class F> void sign(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    bool ftz = d.take("ftz");
    if (d.take("f32")) {
        f32_unary<F>(d, ftz);
    } else if (ftz) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_unary<double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

void division(Decoder &d) {
    bool approximate = d.take("approx") || d.take("full");
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.take("f32")) {
        f32_binary<Div>(d, ftz, false);
    } else if (approximate || ftz) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_binary<double, double, double, Div>(d);
    } else if (!decode_integer("div", d)) {
        d.unknown();
    }
}

void fused(Decoder &d) {
    if (decode_half("fma", d)) {
        return;
    }
    if (d.take("rm")) {
        return fused_rounded<_MM_ROUND_DOWN>(d);
    }
    if (d.take("rp")) {
        return fused_rounded<_MM_ROUND_UP>(d);
    }
    if (d.take("rz")) {
        return fused_rounded<_MM_ROUND_TOWARD_ZERO>(d);
    }
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.take("sat")) {
        d.one_of({"f32"});
        ftz ? emit_ternary<float, float, float, float, Saturated<Ftz<Fma>>>(d)
            : emit_ternary<float, float, float, float, Saturated<Fma>>(d);
    } else if (!ftz && d.take("f64")) {
        emit_ternary<double, double, double, double, Fma>(d);
    } else {
        d.one_of({"f32"});
        ftz ? emit_ternary<float, float, float, float, Ftz<Fma>>(d)
            : emit_ternary<float, float, float, float, Fma>(d);
    }
}

/* Approximate and correctly rounded functions alike are the C library's: see number tolerances. */
template <class F> void function(Decoder &d) {
    d.take("approx");
    rounding(d);
    bool ftz = d.take("ftz");
    d.one_of({"f32"});
    f32_unary<F>(d, ftz);
}

template <class F> void root(Decoder &d) {
    d.take("approx");
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.one_of({"f32", "f64"}) == "f64") {
        if (ftz) {
            d.unknown();
        }
        emit_unary<double, double, F>(d);
    } else {
        f32_unary<F>(d, ftz);
    }
}

/* ---- comparison ---- */

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
    std::string type = d.one_of({"b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"});
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

void add_float(Opcodes &opcodes) {
    opcodes["add"] = [](Decoder &d) { arithmetic<Add>("add", d); };
    opcodes["sub"] = [](Decoder &d) { arithmetic<Sub>("sub", d); };
    opcodes["mul"] = [](Decoder &d) { arithmetic<Mul>("mul", d); };
    opcodes["min"] = [](Decoder &d) { extremum<Min>("min", d); };
    opcodes["max"] = [](Decoder &d) { extremum<Max>("max", d); };
    opcodes["neg"] = [](Decoder &d) { sign<Neg>("neg", d); };
    opcodes["abs"] = [](Decoder &d) { sign<Abs>("abs", d); };
    opcodes["div"] = division;
    opcodes["fma"] = fused;
    opcodes["sqrt"] = root<Sqrt>;
    opcodes["rcp"] = root<Rcp>;
    opcodes["rsqrt"] = function<Rsqrt>;
    opcodes["ex2"] = function<Ex2>;
    opcodes["lg2"] = function<Lg2>;
    opcodes["sin"] = function<Sin>;
    opcodes["cos"] = function<Cos>;
    opcodes["tanh"] = function<Tanh>;
    opcodes["copysign"] = [](Decoder &d) {
        d.one_of({"f32"});
        emit_binary<float, float, float, Copysign>(d);
    };
    opcodes["setp"] = set_predicate;
    opcodes["selp"] = select;
}

} // namespace ptx
