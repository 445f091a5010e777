/* Integer arithmetic, logic and bit fields. */
#include "integer_operations.h"
#include "lanewise.h"

namespace ptx {
namespace {

using namespace integer;

struct Sub { template <class T> T operator()(T a, T b) const { return static_cast<T>(U<T>(a) - U<T>(b)); } };
struct AddSaturated {
    int32_t operator()(int32_t a, int32_t b) const { return clamp(int64_t(a) + b); }
    static int32_t clamp(int64_t sum) {
        return static_cast<int32_t>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
    }
};
struct SubSaturated {
    int32_t operator()(int32_t a, int32_t b) const { return AddSaturated::clamp(int64_t(a) - b); }
};
struct Not { template <class T> T operator()(T a) const { return static_cast<T>(~a); } };
struct Cnot { template <class T> T operator()(T a) const { return a == 0 ? 1 : 0; } };
struct Neg { template <class T> T operator()(T a) const { return static_cast<T>(0 - U<T>(a)); } };
struct Abs { template <class T> T operator()(T a) const { return a < 0 ? static_cast<T>(0 - U<T>(a)) : a; } };

/* Division by zero gives all ones, as the hardware does; so does its remainder give a. */
struct Div {
    template <class T> T operator()(T a, T b) const {
        if (b == 0) {
            return static_cast<T>(-1);
        }
        return std::is_signed_v<T> && b == static_cast<T>(-1) ? static_cast<T>(0 - U<T>(a)) : a / b;
    }
};
struct Rem {
    template <class T> T operator()(T a, T b) const {
        if (b == 0) {
            return a;
        }
        return std::is_signed_v<T> && b == static_cast<T>(-1) ? 0 : a % b;
    }
};
/* Products in the unsigned type of at least 32 bits: no promotion to signed int on the way. */
template <class T> using Product = std::common_type_t<U<T>, uint32_t>;
struct MulLo {
    template <class T> T operator()(T a, T b) const {
        return static_cast<T>(Product<T>(U<T>(a)) * Product<T>(U<T>(b)));
    }
};
struct MadLo {
    template <class T> T operator()(T a, T b, T c) const {
        return static_cast<T>(Product<T>(U<T>(a)) * Product<T>(U<T>(b)) + Product<T>(U<T>(c)));
    }
};
struct MulHi {
    template <class T> T operator()(T a, T b) const {
        if constexpr (sizeof(T) == 8) {
            using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
            return static_cast<T>((static_cast<Wide>(a) * static_cast<Wide>(b)) >> 64);
        } else if constexpr (sizeof(T) == 2) { /* in 64 bits, gcc 12 takes a signed product for unsigned */
            using Wide = std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>;
            return static_cast<T>((static_cast<Wide>(a) * static_cast<Wide>(b)) >> 16);
        } else {
            using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
            return static_cast<T>((static_cast<Wide>(a) * static_cast<Wide>(b)) >> (8 * sizeof(T)));
        }
    }
};
struct MadHi {
    template <class T> T operator()(T a, T b, T c) const { return Add()(MulHi()(a, b), c); }
};

template <class T> struct Wider;
template <> struct Wider<int16_t> { using type = int32_t; };
template <> struct Wider<uint16_t> { using type = uint32_t; };
template <> struct Wider<int32_t> { using type = int64_t; };
template <> struct Wider<uint32_t> { using type = uint64_t; };
template <class T> using W = typename Wider<T>::type;
struct MulWide {
    template <class T> W<T> operator()(T a, T b) const {
        return static_cast<W<T>>(U<W<T>>(W<T>(a)) * U<W<T>>(W<T>(b)));
    }
};
struct MadWide {
    template <class T> W<T> operator()(T a, T b, W<T> c) const { return Add()(MulWide()(a, b), c); }
};

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

struct Popc { template <class T> uint32_t operator()(T a) const { return static_cast<uint32_t>(__builtin_popcountll(a)); } };
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

template <class A, class B> struct Dp4a {
    int32_t operator()(uint32_t a, uint32_t b, int32_t c) const {
        for (int i = 0; i < 4; i++) {
            auto x = static_cast<A>(a >> (8 * i)), y = static_cast<B>(b >> (8 * i));
            c = Add()(c, static_cast<int32_t>(x) * static_cast<int32_t>(y));
        }
        return c;
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

/* Calls visit with a value of the integer type of the next modifier. */
template <class Visit> void with_integer(Decoder &d, Visit visit) {
    std::string type = d.next();
    if (type == "s32") return visit(int32_t());
    if (type == "u32" || type == "b32") return visit(uint32_t());
    if (type == "s64") return visit(int64_t());
    if (type == "u64" || type == "b64") return visit(uint64_t());
    if (type == "s16") return visit(int16_t());
    if (type == "u16" || type == "b16") return visit(uint16_t());
    d.unknown("type " + type);
}

template <class F> void plain(Decoder &d) {
    with_integer(d, [&](auto t) { emit_binary<decltype(t), decltype(t), decltype(t), F>(d); });
}

template <class F> void single(Decoder &d) {
    with_integer(d, [&](auto t) { emit_unary<decltype(t), decltype(t), F>(d); });
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
    static uint32_t a(Warp &w, const Instruction &i) { return w.predicate(i.operand[1]) ^ (i.flags & 1 ? FULL : 0); }
    static uint32_t b(Warp &w, const Instruction &i) { return w.predicate(i.operand[2]) ^ (i.flags & 2 ? FULL : 0); }
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

template <class Lo, class Hi> void multiply(Decoder &d) {
    bool lo = d.take("lo");
    bool hi = !lo && d.take("hi");
    if (lo) {
        plain<Lo>(d);
    } else if (hi) {
        plain<Hi>(d);
    } else {
        d.one_of({"wide"});
        std::string type = d.next();
        if (type == "s32") emit_binary<int64_t, int32_t, int32_t, MulWide>(d);
        else if (type == "u32") emit_binary<uint64_t, uint32_t, uint32_t, MulWide>(d);
        else if (type == "s16") emit_binary<int32_t, int16_t, int16_t, MulWide>(d);
        else if (type == "u16") emit_binary<uint32_t, uint16_t, uint16_t, MulWide>(d);
        else d.unknown();
    }
}

void multiply_add(Decoder &d) {
    bool lo = d.take("lo");
    bool hi = !lo && d.take("hi");
    if (lo || hi) {
        with_integer(d, [&](auto t) {
            using T = decltype(t);
            lo ? emit_ternary<T, T, T, T, MadLo>(d) : emit_ternary<T, T, T, T, MadHi>(d);
        });
        return;
    }
    d.one_of({"wide"});
    std::string type = d.next();
    if (type == "s32") emit_ternary<int64_t, int32_t, int32_t, int64_t, MadWide>(d);
    else if (type == "u32") emit_ternary<uint64_t, uint32_t, uint32_t, uint64_t, MadWide>(d);
    else if (type == "s16") emit_ternary<int32_t, int16_t, int16_t, int32_t, MadWide>(d);
    else if (type == "u16") emit_ternary<uint32_t, uint16_t, uint16_t, uint32_t, MadWide>(d);
    else d.unknown();
}

void dot_product(Decoder &d) {
    bool a_signed = d.one_of({"s32", "u32"}) == "s32";
    bool b_signed = d.one_of({"s32", "u32"}) == "s32";
    if (a_signed) {
        b_signed ? emit_ternary<int32_t, uint32_t, uint32_t, int32_t, Dp4a<int8_t, int8_t>>(d)
                 : emit_ternary<int32_t, uint32_t, uint32_t, int32_t, Dp4a<int8_t, uint8_t>>(d);
    } else {
        b_signed ? emit_ternary<int32_t, uint32_t, uint32_t, int32_t, Dp4a<uint8_t, int8_t>>(d)
                 : emit_ternary<int32_t, uint32_t, uint32_t, int32_t, Dp4a<uint8_t, uint8_t>>(d);
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

/* add, sub, min, max, neg and abs of integer types; add_float passes them on from its own table. */
bool decode_integer(const std::string &opcode, Decoder &d) {
    if (opcode == "add") plain<Add>(d);
    else if (opcode == "sub") plain<Sub>(d);
    else if (opcode == "min") plain<Min>(d);
    else if (opcode == "max") plain<Max>(d);
    else if (opcode == "neg") single<Neg>(d);
    else if (opcode == "abs") single<Abs>(d);
    else if (opcode == "div") plain<Div>(d);
    else if (opcode == "mul") multiply<MulLo, MulHi>(d);
    else return false;
    return true;
}

/* add.sat and sub.sat, which are of s32 only. */
void decode_saturated(const std::string &opcode, Decoder &d) {
    d.one_of({"s32"});
    using T = int32_t;
    if (opcode == "add") emit_binary<T, T, T, AddSaturated>(d);
    else if (opcode == "sub") emit_binary<T, T, T, SubSaturated>(d);
    else d.unknown();
}

void add_integer(Opcodes &opcodes) {
    opcodes["rem"] = plain<Rem>;
    opcodes["mad"] = multiply_add;
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
    opcodes["dp4a"] = dot_product;
}

} // namespace ptx
