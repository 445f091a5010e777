/* Handlers that do the same in every lane, made from a function of one lane. */
#ifndef PTX_LANEWISE_H
#define PTX_LANEWISE_H

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "decode.h"
#include "warp.h"

namespace ptx {

/* What a lane of a register of T occupies: 4 or 8 bytes. */
template <class T> using Cell = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
template <class T> constexpr uint8_t cell_bytes = sizeof(Cell<T>);

template <class T> inline T get(const Cell<T> *cells, int lane) {
    T value;
    memcpy(&value, &cells[lane], sizeof(T));
    return value;
}

template <class T> inline Cell<T> cell(T value) {
    if constexpr (std::is_integral_v<T>) {
        return static_cast<Cell<T>>(value); /* sign-extended, as cvt to a wider register has it */
    } else {
        Cell<T> bits = 0;
        memcpy(&bits, &value, sizeof(T));
        return bits;
    }
}

template <class T> inline void store(Cell<T> *cells, const Cell<T> *results, uint32_t mask) {
    if (mask == FULL) {
        memcpy(cells, results, sizeof(Cell<T>) * LANES);
        return;
    }
    for (int lane = 0; lane < LANES; lane++) {
        cells[lane] = mask >> lane & 1 ? results[lane] : cells[lane];
    }
}

/* D = F(A), D = F(A, B), D = F(A, B, C); F is a stateless function object. */
template <class D, class A, class F>
void unary(Warp &warp, const Instruction &i, uint32_t mask) {
    const auto *a = warp.lanes<Cell<A>>(i.operand[1]);
    alignas(64) Cell<D> results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        results[lane] = cell<D>(F()(get<A>(a, lane)));
    }
    store<D>(warp.lanes<Cell<D>>(i.operand[0]), results, mask);
}

template <class D, class A, class B, class F>
void binary(Warp &warp, const Instruction &i, uint32_t mask) {
    const auto *a = warp.lanes<Cell<A>>(i.operand[1]);
    const auto *b = warp.lanes<Cell<B>>(i.operand[2]);
    alignas(64) Cell<D> results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        results[lane] = cell<D>(F()(get<A>(a, lane), get<B>(b, lane)));
    }
    store<D>(warp.lanes<Cell<D>>(i.operand[0]), results, mask);
}

template <class D, class A, class B, class C, class F>
void ternary(Warp &warp, const Instruction &i, uint32_t mask) {
    const auto *a = warp.lanes<Cell<A>>(i.operand[1]);
    const auto *b = warp.lanes<Cell<B>>(i.operand[2]);
    const auto *c = warp.lanes<Cell<C>>(i.operand[3]);
    alignas(64) Cell<D> results[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        results[lane] = cell<D>(F()(get<A>(a, lane), get<B>(b, lane), get<C>(c, lane)));
    }
    store<D>(warp.lanes<Cell<D>>(i.operand[0]), results, mask);
}

/* Emits one of the above with its operands. */
template <class D, class A, class F> void emit_unary(Decoder &d) {
    Instruction i;
    i.operand[0] = d.result(0, cell_bytes<D>);
    i.operand[1] = d.source(1, cell_bytes<A>);
    d.emit(i, ARITHMETIC, unary<D, A, F>);
}

template <class D, class A, class B, class F> void emit_binary(Decoder &d) {
    Instruction i;
    i.operand[0] = d.result(0, cell_bytes<D>);
    i.operand[1] = d.source(1, cell_bytes<A>);
    i.operand[2] = d.source(2, cell_bytes<B>);
    d.emit(i, ARITHMETIC, binary<D, A, B, F>);
}

template <class D, class A, class B, class C, class F> void emit_ternary(Decoder &d) {
    Instruction i;
    i.operand[0] = d.result(0, cell_bytes<D>);
    i.operand[1] = d.source(1, cell_bytes<A>);
    i.operand[2] = d.source(2, cell_bytes<B>);
    i.operand[3] = d.source(3, cell_bytes<C>);
    d.emit(i, ARITHMETIC, ternary<D, A, B, C, F>);
}

} // namespace ptx

#endif
