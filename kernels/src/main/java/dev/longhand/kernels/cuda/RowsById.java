package dev.longhand.kernels.cuda;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Rows grouped by token id.
 *
 * @param ids the distinct ids, ascending
 * @param starts the rows of {@code ids[i]} are {@code order[starts[i]]} to {@code order[starts[i +
 *     1] - 1]}
 * @param order all rows; those of an id ascend
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RowsById(int[] ids, int[] starts, int[] order) {
    static RowsById of(int[] tokens) {
        int[] order =
                IntStream.range(0, tokens.length)
                        .mapToObj(Integer::valueOf)
                        .sorted((a, b) -> Integer.compare(tokens[a], tokens[b]))
                        .mapToInt(Integer::intValue)
                        .toArray(); // the sort is stable
        int[] ids = new int[tokens.length];
        int[] starts = new int[tokens.length + 1];
        int count = 0;
        for (int i = 0; i < order.length; i++) {
            int id = tokens[order[i]];
            if (i == 0 || id != ids[count - 1]) {
                starts[count] = i;
                ids[count] = id;
                count++;
            }
        }
        starts[count] = order.length;
        return new RowsById(Arrays.copyOf(ids, count), Arrays.copyOf(starts, count + 1), order);
    }
}
