/* Logic, shifts, counts of bits and bit fields. */
#include "integer_forms.h"

namespace ptx {
namespace {

using namespace integer;

struct Not { template <class T> T operator()(T a) const { return static_cast<T>(~a); } };
struct Cnot { template <class T> T operator()(T a) const { return a == 0 ? 1 : 0; } };

struct Shl {
    template <class T> T operator()(T a, uint32_t n) const {
        return n >= 8 * sizeof(T) ? 0 : static_cast<T>(U<T>(a) << n);
    }
};
struct Shr {
    template <class T> T operator()(T a, uint32_t n) const {
        if (n >= 8 * sizeof(T)) {
            return a < 0 ? static_cast<T>(-1) : 0;
        }
        return static_cast<T>(a >> n);
    }
};
template <bool LEFT, bool WRAP> struct Funnel {
    uint32_t operator()(uint32_t low, uint32_t high, uint32_t n) const {
        n = WRAP ? n & 31 : n > 32 ? 32 : n;
        uint64_t both = static_cast<uint64_t>(high) << 32 | low;
        return static_cast<uint32_t>(LEFT ? (both << n) >> 32 : both >> n);
    }
};

struct Popc {
    template <class T> uint32_t operator()(T a) const {
        return static_cast<uint32_t>(__builtin_popcountll(a));
    }
};
struct Clz {
    template <class T> uint32_t operator()(T a) const {
        return a == 0 ? 8 * sizeof(T) : static_cast<uint32_t>(__builtin_clzll(a)) - (64 - 8 * sizeof(T));
    }
};
struct Brev {
    template <class T> T operator()(T a) const {
        T r = 0;
        for (size_t i = 0; i < 8 * sizeof(T); i++) {
            r = static_cast<T>(r << 1 | (a >> i & 1));
        }
        return r;
    }
};
template <bool SHIFT> struct Bfind {
    template <class T> uint32_t operator()(T a) const {
        U<T> bits = a < 0 ? U<T>(~a) : U<T>(a);
        if (bits == 0) {
            return 0xffffffffu;
        }
        uint32_t top = 63 - static_cast<uint32_t>(__builtin_clzll(bits));
        return SHIFT ? 8 * sizeof(T) - 1 - top : top;
    }
};
struct Bfe {
    template <class T> T operator()(T a, uint32_t position, uint32_t length) const {
        uint32_t pos = position & 0xff, len = length & 0xff;
        uint32_t msb = 8 * sizeof(T) - 1;
        bool sign = std::is_signed_v<T> && len != 0 && (a >> (pos + len - 1 < msb ? pos + len - 1 : msb) & 1);
        T result = 0;
        for (uint32_t i = 0; i <= msb; i++) {
            bool bit = i < len && pos + i <= msb ? (U<T>(a) >> (pos + i) & 1) : sign;
            result = static_cast<T>(result | T(U<T>(bit) << i));
        }
        return result;
    }
};
template <class T> void bfi(Warp &warp, const Instruction &i, uint32_t mask) {
    Cell<T> results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        T a = get<T>(warp.lanes<Cell<T>>(i.operand[1]), lane);
        T b = get<T>(warp.lanes<Cell<T>>(i.operand[2]), lane);
        uint32_t pos = warp.lanes<uint32_t>(i.operand[3])[lane] & 0xff;
        uint32_t len = warp.lanes<uint32_t>(i.operand[4])[lane] & 0xff;
        for (uint32_t k = 0; k < len && pos + k < 8 * sizeof(T); k++) {
            T bit = static_cast<T>(T(1) << (pos + k));
            b = a >> k & 1 ? b | bit : b & ~bit;
        }
        results[lane] = cell<T>(b);
    }
    store<T>(warp.lanes<Cell<T>>(i.operand[0]), results, mask);
}

struct Prmt {
    uint32_t operator()(uint32_t a, uint32_t b, uint32_t selector) const {
        uint64_t both = static_cast<uint64_t>(b) << 32 | a;
        uint32_t result = 0;
        for (int i = 0; i < 4; i++) {
            uint32_t pick = selector >> (4 * i) & 15;
            auto byte = static_cast<uint32_t>(both >> (8 * (pick & 7)) & 0xff);
            if (pick & 8) {
                byte = byte & 0x80 ? 0xff : 0;
            }
            result |= byte << (8 * i);
        }
        return result;
    }
};

void lop3(Warp &warp, const Instruction &i, uint32_t mask) {
    const uint32_t *a = warp.lanes<uint32_t>(i.operand[1]);
    const uint32_t *b = warp.lanes<uint32_t>(i.operand[2]);
    const uint32_t *c = warp.lanes<uint32_t>(i.operand[3]);
    auto table = static_cast<uint32_t>(i.immediate);
    uint32_t results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        uint32_t r = 0;
        for (uint32_t row = 0; row < 8; row++) {
            uint32_t term = (row & 4 ? a[lane] : ~a[lane]) & (row & 2 ? b[lane] : ~b[lane])
                            & (row & 1 ? c[lane] : ~c[lane]);
            r |= table >> row & 1 ? term : 0;
        }
        results[lane] = r;
    }
    store<uint32_t>(warp.lanes<uint32_t>(i.operand[0]), results, mask);
}

template <class F> void counting(Decoder &d) {
    with_integer(d, [&](auto t) { emit_unary<uint32_t, std::make_unsigned_t<decltype(t)>, F>(d); });
}

template <class F> void shift(Decoder &d) {
    with_integer(d, [&](auto t) { emit_binary<decltype(t), decltype(t), uint32_t, F>(d); });
}

struct PredicateLogic {
    static void run_and(Warp &w, const Instruction &i, uint32_t mask) { set(w, i, mask, a(w, i) & b(w, i)); }
    static void run_or(Warp &w, const Instruction &i, uint32_t mask) { set(w, i, mask, a(w, i) | b(w, i)); }
    static void run_xor(Warp &w, const Instruction &i, uint32_t mask) { set(w, i, mask, a(w, i) ^ b(w, i)); }
    static void run_not(Warp &w, const Instruction &i, uint32_t mask) { set(w, i, mask, ~a(w, i)); }

    static void decode(Decoder &d, Handler run, size_t sources) {
        Instruction i;
        i.operand[0] = d.predicate(0);
        for (size_t s = 0; s < sources; s++) {
            bool negated;
            i.operand[1 + s] = d.predicate_source(d.operand(1 + s), negated);
            i.flags = static_cast<uint8_t>(i.flags | negated << s);
        }
        d.emit(i, ARITHMETIC, run);
    }

private:
    static uint32_t a(Warp &w, const Instruction &i) {
        return w.predicate(i.operand[1]) ^ (i.flags & 1 ? FULL : 0);
    }
    static uint32_t b(Warp &w, const Instruction &i) {
        return w.predicate(i.operand[2]) ^ (i.flags & 2 ? FULL : 0);
    }
    static void set(Warp &w, const Instruction &i, uint32_t mask, uint32_t value) {
        uint32_t &p = w.predicate(i.operand[0]);
        p = (p & ~mask) | (value & mask);
    }
};

template <class F> void logic(Decoder &d, Handler on_predicates) {
    if (d.take("pred")) {
        PredicateLogic::decode(d, on_predicates, 2);
    } else {
        plain<F>(d);
    }
}

void insert_field(Decoder &d) {
    bool wide = d.one_of({"b32", "b64"}) == "b64";
    Instruction i;
    uint8_t bytes = wide ? 8 : 4;
    i.operand[0] = d.result(0, bytes);
    i.operand[1] = d.source(1, bytes);
    i.operand[2] = d.source(2, bytes);
    i.operand[3] = d.source(3, 4);
    i.operand[4] = d.source(4, 4);
    d.emit(i, ARITHMETIC, wide ? bfi<uint64_t> : bfi<uint32_t>);
}

void lookup(Decoder &d) {
    d.one_of({"b32"});
    Instruction i;
    i.operand[0] = d.result(0, 4);
    for (size_t s = 1; s <= 3; s++) {
        i.operand[s] = d.source(s, 4);
    }
    if (d.operand(4).kind != Operand::IMMEDIATE) {
        d.unknown("table");
    }
    i.immediate = static_cast<int64_t>(d.operand(4).bits);
    d.emit(i, ARITHMETIC, lop3);
}

void funnel(Decoder &d) {
    bool left = d.one_of({"l", "r"}) == "l";
    bool wrap = d.one_of({"wrap", "clamp"}) == "wrap";
    d.one_of({"b32"});
    using T = uint32_t;
    if (left) {
        wrap ? emit_ternary<T, T, T, T, Funnel<true, true>>(d)
             : emit_ternary<T, T, T, T, Funnel<true, false>>(d);
    } else {
        wrap ? emit_ternary<T, T, T, T, Funnel<false, true>>(d)
             : emit_ternary<T, T, T, T, Funnel<false, false>>(d);
    }
}

} // namespace

void add_bits(Opcodes &opcodes) {
    opcodes["and"] = [](Decoder &d) { logic<And>(d, PredicateLogic::run_and); };
    opcodes["or"] = [](Decoder &d) { logic<Or>(d, PredicateLogic::run_or); };
    opcodes["xor"] = [](Decoder &d) { logic<Xor>(d, PredicateLogic::run_xor); };
    opcodes["not"] = [](Decoder &d) {
        d.take("pred") ? PredicateLogic::decode(d, PredicateLogic::run_not, 1) : single<Not>(d);
    };
    opcodes["cnot"] = single<Cnot>;
    opcodes["shl"] = shift<Shl>;
    opcodes["shr"] = shift<Shr>;
    opcodes["shf"] = funnel;
    opcodes["popc"] = counting<Popc>;
    opcodes["clz"] = counting<Clz>;
    opcodes["brev"] = [](Decoder &d) {
        d.one_of({"b32", "b64"}) == "b32" ? emit_unary<uint32_t, uint32_t, Brev>(d)
                                          : emit_unary<uint64_t, uint64_t, Brev>(d);
    };
    opcodes["bfind"] = [](Decoder &d) {
        bool shift_amount = d.take("shiftamt");
        with_integer(d, [&](auto t) {
            shift_amount ? emit_unary<uint32_t, decltype(t), Bfind<true>>(d)
                         : emit_unary<uint32_t, decltype(t), Bfind<false>>(d);
        });
    };
    opcodes["bfe"] = [](Decoder &d) {
        with_integer(d, [&](auto t) {
            emit_ternary<decltype(t), decltype(t), uint32_t, uint32_t, Bfe>(d);
        });
    };
    opcodes["bfi"] = insert_field;
    opcodes["lop3"] = lookup;
    opcodes["prmt"] = [](Decoder &d) {
        d.one_of({"b32"});
        emit_ternary<uint32_t, uint32_t, uint32_t, uint32_t, Prmt>(d);
    };
}

} // namespace ptx
