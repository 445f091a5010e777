/*
 * Sums over rows in one fixed order. A block of 256 has 32 columns and 8 rows at a time: lane row w sums
 * rows w, w + 8, w + 16 ... in ascending order, and the 8 sums are added in ascending order. No atomics.
 */
#ifndef LONGHAND_COLUMN_SUMS_CUH
#define LONGHAND_COLUMN_SUMS_CUH

namespace longhand {

constexpr int COLUMN_THREADS = 256;
constexpr int COLUMNS = 32;
constexpr int ROW_LANES = COLUMN_THREADS / COLUMNS;

/* sums[column] += the sum of term(row, column) over all rows. */
template <class TERM>
__device__ __forceinline__ void add_column_sums(int rows, int width, float *sums, TERM term) {
    __shared__ float partial[ROW_LANES][COLUMNS];
    int lane = threadIdx.x % COLUMNS, first = threadIdx.x / COLUMNS;
    int column = blockIdx.x * COLUMNS + lane;
    float sum = 0;
    if (column < width) {
        for (int row = first; row < rows; row += ROW_LANES) {
            sum += term(row, column);
        }
    }
    partial[first][lane] = sum;
    __syncthreads();
    if (first == 0 && column < width) {
        float total = 0;
#pragma unroll
        for (int i = 0; i < ROW_LANES; i++) {
            total += partial[i][lane];
        }
        sums[column] += total;
    }
}

} // namespace longhand

#endif
