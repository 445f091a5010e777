package dev.longhand.kernels.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;

/** What is written into the groups of a quantised matrix is what is read, in every corner. */
class QuantizedMatrixTest {
    private record Group(float scale, int zero, int[] codes) {}

    private static Group group(DType dtype, QuantizedMatrix matrix, Random random) {
        int[] codes = random.ints(matrix.group(), 0, 1 << matrix.bits()).toArray();
        int zero =
                dtype.format().storesZeros()
                        ? random.nextInt((1 << matrix.bits()) + 1)
                        : 1 << (matrix.bits() - 1);
        // 8 significant bits and a small exponent: both BF16 and F16 have them exactly
        float scale = (random.nextInt(255) - 127) * 0x1p-10f;
        return new Group(scale, zero, codes);
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4", "INT8_G128", "INT4_G128", "INT8_F16", "INT4_F16"})
    void groupsAreReadAsWritten(DType dtype) {
        Random random = new Random(11);
        for (int rows : new int[] {1, 15, 16, 17, 40}) {
            for (int width : new int[] {1, 32, 33, 64, 127, 128, 129, 300}) {
                try (Arena arena = Arena.ofConfined()) {
                    HostTensor tensor = HostTensor.allocate(arena, dtype, Shape.of(rows, width));
                    QuantizedMatrix matrix = new QuantizedMatrix(tensor);
                    Group[][] groups = new Group[rows][matrix.groups()];
                    for (int row = 0; row < rows; row++) {
                        for (int g = 0; g < matrix.groups(); g++) {
                            Group each = group(dtype, matrix, random);
                            groups[row][g] = each;
                            matrix.put(row, g, each.scale, each.zero, each.codes);
                        }
                    }
                    check(tensor, matrix, groups);
                }
            }
        }
    }

    private static void check(HostTensor tensor, QuantizedMatrix matrix, Group[][] groups) {
        int width = Math.toIntExact(tensor.shape().width());
        for (int row = 0; row < groups.length; row++) {
            for (int g = 0; g < groups[row].length; g++) {
                Group expected = groups[row][g];
                assertEquals(expected.scale, matrix.scale(row, g));
                assertEquals(expected.zero, matrix.zero(row, g));
                int[] codes = new int[matrix.group()];
                matrix.codes(row, g * matrix.group(), codes);
                assertArrayEquals(expected.codes, codes);
                for (int i = 0; i < codes.length && g * matrix.group() + i < width; i++) {
                    int k = g * matrix.group() + i;
                    float value = expected.scale * (codes[i] - expected.zero);
                    assertEquals(value, matrix.get(row, k));
                    assertEquals(value, tensor.get((long) row * width + k));
                }
            }
        }
    }

    /** Every group differs from the others in scale and minimum, and keeps its own. */
    @ParameterizedTest
    @EnumSource(names = ".*(MINIMA|NESTED|NESTED16)", mode = EnumSource.Mode.MATCH_ALL)
    void groupsKeepScalesAndMinima(DType dtype) {
        QuantFormat format = dtype.format();
        try (Arena arena = Arena.ofConfined()) {
            HostTensor tensor = HostTensor.allocate(arena, dtype, Shape.of(17, 544));
            QuantizedMatrix matrix = new QuantizedMatrix(tensor);
            int[] codes = new int[matrix.group()];
            for (int row = 0; row < 17; row++) {
                for (int g = 0; g < matrix.groups(); g++) {
                    Arrays.fill(codes, (row + g) % 16);
                    if (format.nested()) {
                        matrix.putFactors(row, g, row + 0.25f, -row);
                        matrix.putNested(row, g, g - 64, 63 - g, codes);
                    } else {
                        matrix.putRaised(row, g, row + g * 0.25f, -g, codes);
                    }
                }
            }
            for (int row = 0; row < 17; row++) {
                for (int k = 0; k < 544; k++) {
                    int g = k / matrix.group();
                    float code = (row + g) % 16 - format.fixedZero();
                    float scale = format.nested() ? (row + 0.25f) * (g - 64) : row + g * 0.25f;
                    float minimum = format.nested() ? -row * (63 - g) : -g;
                    assertEquals(
                            scale * code + (format.storesMinima() ? minimum : 0),
                            matrix.get(row, k) + 0f);
                }
            }
        }
    }

    /** What memory plans count: whole tiles of 16 rows of whole blocks. */
    @Test
    void bytesAreThoseOfWholeTiles() {
        assertEquals(16 * 68, DType.INT8.bytes(Shape.of(1, 1)));
        assertEquals(32 * 2 * 36, DType.INT4.bytes(Shape.of(17, 65)));
        assertEquals(16 * 132, DType.INT8_G128.bytes(Shape.of(16, 128)));
        assertEquals(48 * 2 * 68, DType.INT4_G128.bytes(Shape.of(33, 129)));
        assertEquals(16 * 68, DType.INT8_F16.bytes(Shape.of(1, 64)));
        assertEquals(16 * 40, DType.INT4_MINIMA.bytes(Shape.of(1, 64)));
        assertEquals(16 * 148, DType.INT4_NESTED.bytes(Shape.of(16, 256)));
        assertEquals(16 * 276, DType.INT8_NESTED.bytes(Shape.of(16, 256)));
        assertEquals(16 * 274, DType.INT8_NESTED16.bytes(Shape.of(16, 256)));
        assertEquals(33 * 129 * 2, DType.BF16.bytes(Shape.of(33, 129)));
    }

    @Test
    void denseTensorsHaveNoGroups() {
        try (Arena arena = Arena.ofConfined()) {
            HostTensor dense = HostTensor.allocate(arena, DType.BF16, Shape.of(2, 2));
            assertThrows(IllegalArgumentException.class, () -> new QuantizedMatrix(dense));
            HostTensor imported = HostTensor.allocate(arena, DType.INT4_G128, Shape.of(2, 2));
            assertThrows(IllegalArgumentException.class, () -> Quantizer.quantize(dense, imported));
        }
    }
}
