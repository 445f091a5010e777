/* Integer arithmetic. */
#include "integer_forms.h"

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
struct Neg { template <class T> T operator()(T a) const { return static_cast<T>(0 - U<T>(a)); } };
struct Abs { template <class T> T operator()(T a) const { return a < 0 ? static_cast<T>(0 - U<T>(a)) : a; } };

/* Division of a by zero gives all ones, as in the hardware, and the remainder a. */
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

template <class A, class B> struct Dp4a {
    int32_t operator()(uint32_t a, uint32_t b, int32_t c) const {
        for (int i = 0; i < 4; i++) {
            auto x = static_cast<A>(a >> (8 * i)), y = static_cast<B>(b >> (8 * i));
            c = Add()(c, static_cast<int32_t>(x) * static_cast<int32_t>(y));
        }
        return c;
    }
};

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
    opcodes["dp4a"] = dot_product;
}

} // namespace ptx
