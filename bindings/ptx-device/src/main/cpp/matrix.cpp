/*
 * ldmatrix and mma.sync, by the fragment tables of the PTX ISA. With g = lane / 4 and t = lane % 4, an
 * m16n8k16 multiply has A[g][2t..], A[g+8][2t..], A[g][2t+8..], A[g+8][2t+8..] in four registers of
 * two elements, B[2t..][g] and B[2t+8..][g] in two, C and D[g][2t..], [g+8][2t..] in four. m16n8k32 of
 * bytes is the same with four elements to a register. Sums are f32, in ascending k after C, without
 * rounding the products: what tensor cores do inside is not specified, and differs.
 */
#include "access.h"
#include "lanewise.h"
#include "number_formats.h"

namespace ptx {
namespace {

constexpr int M = 16;
constexpr int N = 8;

void check_whole(Warp &warp, const Instruction &i, uint32_t mask) {
    if (mask != FULL) {
        warp.fault(i, __builtin_ctz(mask), "divergent matrix instruction", "by a part of the warp",
                   LAUNCH_FAILED);
    }
}

template <bool BF16> float widen(uint32_t half) {
    return BF16 ? bf16_to_float(static_cast<uint16_t>(half)) : f16_to_float(static_cast<uint16_t>(half));
}

/* operand: [0..3] d, [4..7] a (two of them for k = 8), [8..9] b, [10..13] c */
template <bool BF16, int K> void multiply(Warp &warp, const Instruction &i, uint32_t mask) {
    check_whole(warp, i, mask);
    float a[M][K], b[K][N], sums[M][N];
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int r = 0; r < K / 4; r++) {
            uint32_t pair = warp.lanes<uint32_t>(i.operand[4 + r])[lane];
            int row = g + 8 * (r % 2), column = 2 * t + 8 * (r / 2);
            a[row][column] = widen<BF16>(pair);
            a[row][column + 1] = widen<BF16>(pair >> 16);
        }
        for (int r = 0; r < K / 8; r++) {
            uint32_t pair = warp.lanes<uint32_t>(i.operand[8 + r])[lane];
            b[2 * t + 8 * r][g] = widen<BF16>(pair);
            b[2 * t + 8 * r + 1][g] = widen<BF16>(pair >> 16);
        }
        for (int r = 0; r < 4; r++) {
            sums[g + 8 * (r / 2)][2 * t + r % 2] = warp.lanes<float>(i.operand[10 + r])[lane];
        }
    }
    for (int row = 0; row < M; row++) {
        for (int k = 0; k < K; k++) {
            for (int column = 0; column < N; column++) {
                sums[row][column] = __builtin_fmaf(a[row][k], b[k][column], sums[row][column]);
            }
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int r = 0; r < 4; r++) {
            warp.lanes<float>(i.operand[r])[lane] = sums[g + 8 * (r / 2)][2 * t + r % 2];
        }
    }
    warp.block->counters.matrix_operations++;
}

/* m16n8k32 of signed bytes with int32 sums; operands as above */
void multiply_bytes(Warp &warp, const Instruction &i, uint32_t mask) {
    check_whole(warp, i, mask);
    constexpr int K = 32;
    int8_t a[M][K], b[K][N];
    int32_t sums[M][N];
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int r = 0; r < 4; r++) {
            uint32_t four = warp.lanes<uint32_t>(i.operand[4 + r])[lane];
            for (int e = 0; e < 4; e++) {
                a[g + 8 * (r % 2)][4 * t + 16 * (r / 2) + e] = static_cast<int8_t>(four >> (8 * e));
            }
            sums[g + 8 * (r / 2)][2 * t + r % 2] = warp.lanes<int32_t>(i.operand[10 + r])[lane];
        }
        for (int r = 0; r < 2; r++) {
            uint32_t four = warp.lanes<uint32_t>(i.operand[8 + r])[lane];
            for (int e = 0; e < 4; e++) {
                b[4 * t + 16 * r + e][g] = static_cast<int8_t>(four >> (8 * e));
            }
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int r = 0; r < 4; r++) {
            int row = g + 8 * (r / 2), column = 2 * t + r % 2;
            int32_t sum = sums[row][column];
            for (int k = 0; k < K; k++) {
                sum += a[row][k] * b[k][column];
            }
            warp.lanes<int32_t>(i.operand[r])[lane] = sum;
        }
    }
    warp.block->counters.matrix_operations++;
}

/* operand: [0..3] d, [8] address; count: matrices; width: 1 if transposed */
void load_matrix(Warp &warp, const Instruction &i, uint32_t mask) {
    check_whole(warp, i, mask);
    uint16_t matrices[4][8][8];
    for (int m = 0; m < i.count; m++) {
        Address at[LANES];
        for (int row = 0; row < 8; row++) {
            int lane = 8 * m + row;
            at[row] = lane_address(warp, i, 8, lane);
            memcpy(matrices[m][row], shared_read(warp, i, lane, at[row], 16), 16);
        }
        count_shared(warp, at, 0xff, 16);
    }
    for (int m = 0; m < i.count; m++) {
        for (int lane = 0; lane < LANES; lane++) {
            int g = lane / 4, t = lane % 4;
            uint32_t low = i.width ? matrices[m][2 * t][g] : matrices[m][g][2 * t];
            uint32_t high = i.width ? matrices[m][2 * t + 1][g] : matrices[m][g][2 * t + 1];
            warp.lanes<uint32_t>(i.operand[m])[lane] = high << 16 | low;
        }
    }
}

void decode_multiply(Decoder &d) {
    d.one_of({"sync"});
    d.one_of({"aligned"});
    std::string shape = d.one_of({"m16n8k16", "m16n8k8", "m16n8k32"});
    d.one_of({"row"});
    d.one_of({"col"});
    std::string result = d.one_of({"f32", "s32"});
    std::string type = d.one_of({"bf16", "f16", "s8"});
    d.one_of({type});
    d.one_of({result});
    bool bytes = type == "s8";
    if (bytes != (shape == "m16n8k32") || bytes != (result == "s32")) {
        d.unknown("shape");
    }
    Instruction i;
    const size_t first[4] = {0, 4, 8, 10};
    for (size_t o = 0; o < 4; o++) {
        const Operand &vector = d.operand(o);
        size_t wanted = o == 1 && shape == "m16n8k8" ? 2 : o == 2 ? (shape == "m16n8k8" ? 1 : 2) : 4;
        if (vector.kind != Operand::VECTOR || vector.elements.size() != wanted) {
            d.unknown("operand sizes");
        }
        for (size_t e = 0; e < wanted; e++) {
            const Operand &element = vector.elements[e];
            i.operand[first[o] + e] = o == 0 ? d.result(element, 4) : d.source(element, 4);
        }
    }
    bool bf16 = type == "bf16";
    Handler run = bytes                 ? multiply_bytes
                  : shape == "m16n8k16" ? (bf16 ? multiply<true, 16> : multiply<false, 16>)
                                        : (bf16 ? multiply<true, 8> : multiply<false, 8>);
    d.emit(i, MATRIX, run);
}

void decode_load_matrix(Decoder &d) {
    d.one_of({"sync"});
    d.one_of({"aligned"});
    d.one_of({"m8n8"});
    std::string count = d.one_of({"x1", "x2", "x4"});
    Instruction i;
    i.count = static_cast<uint8_t>(count[1] - '0');
    i.width = d.take("trans");
    d.one_of({"shared"});
    d.one_of({"b16"});
    Space space = Space::SHARED;
    i.operand[8] = d.address(1, space, i.immediate);
    if (space != Space::SHARED || (d.operand(0).kind == Operand::VECTOR
                                   && d.operand(0).elements.size() != i.count)) {
        d.unknown("operands");
    }
    i.flags = d.is_narrow_address(1) ? ADDRESS32 : 0;
    for (size_t e = 0; e < i.count; e++) {
        const Operand &to = d.operand(0);
        i.operand[e] = d.result(to.kind == Operand::VECTOR ? to.elements.at(e) : to, 4);
    }
    d.emit(i, MEMORY, load_matrix);
}

/* The lane (g, t) has elements 2t and 2t + 1 of row g; afterwards of column g. */
void transpose_matrix(Warp &warp, const Instruction &i, uint32_t mask) {
    check_whole(warp, i, mask);
    const uint32_t *from = warp.lanes<uint32_t>(i.operand[1]);
    uint16_t elements[8][8];
    for (int lane = 0; lane < LANES; lane++) {
        memcpy(&elements[lane / 4][lane % 4 * 2], &from[lane], 4);
    }
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4, t = lane % 4;
        warp.lanes<uint32_t>(i.operand[0])[lane] =
            static_cast<uint32_t>(elements[2 * t + 1][g]) << 16 | elements[2 * t][g];
    }
}

void decode_transpose(Decoder &d) {
    for (const char *part : {"sync", "aligned", "m8n8", "trans", "b16"}) {
        d.one_of({part});
    }
    Instruction i;
    i.operand[0] = d.result(0, 4);
    i.operand[1] = d.source(1, 4);
    d.emit(i, MATRIX, transpose_matrix);
}

} // namespace

void add_matrix(Opcodes &opcodes) {
    opcodes["mma"] = decode_multiply;
    opcodes["movmatrix"] = decode_transpose;
    opcodes["ldmatrix"] = decode_load_matrix;
}

} // namespace ptx
