package dev.longhand.engine.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.QuantizationScheme;
import dev.longhand.engine.architecture.QuantizationScheme.Method;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Packed layers become the weights that their format defines, bit for bit. */
class PackedLinearTest {
    private static final int[] AWQ_ORDER = {0, 2, 4, 6, 1, 3, 5, 7};
    private static final int OUTPUTS = 40; // 2.5 tiles
    private static final int INPUTS = 456; // 3.56 groups of 128

    @TempDir private Path folder;

    /** A group size of 0 means one group of all inputs. */
    @ParameterizedTest
    @CsvSource({
        "GPTQ, 4, 128, 1",
        "GPTQ, 4, 128, 0",
        "GPTQ, 4, 256, 1",
        "GPTQ, 4, 0, 1",
        "GPTQ, 8, 128, 1",
        "GPTQ, 8, 384, 0",
        "AWQ, 4, 128, 0",
        "AWQ, 4, 0, 0"
    })
    void valuesAreThoseOfTheFormat(Method method, int bits, int group, int offset) {
        int groups = group == 0 ? 1 : Math.ceilDiv(INPUTS, group);
        Random random = new Random(bits + group);
        int[][] codes = random(random, INPUTS, OUTPUTS, 1 << bits);
        int[][] zeros = random(random, groups, OUTPUTS, 1 << bits);
        short[][] scales = new short[groups][OUTPUTS];
        for (short[] row : scales) {
            for (int o = 0; o < OUTPUTS; o++) {
                row[o] = Float.floatToFloat16((float) (0.01 * random.nextGaussian()));
            }
        }
        boolean gptq = method == Method.GPTQ;
        int[][] words = gptq ? packDown(codes, bits) : packAcross(codes, bits, AWQ_ORDER);
        int[] order = gptq ? new int[] {0, 1, 2, 3, 4, 5, 6, 7} : AWQ_ORDER;
        EditedCheckpoint edited = EditedCheckpoint.of(Goldens.quantized("awq"));
        put(edited, "x.qweight", words);
        put(edited, "x.qzeros", packAcross(zeros, bits, order));
        edited.put("x.scales", DType.F16, Shape.of(groups, OUTPUTS), flat(scales));
        QuantizationScheme scheme = new QuantizationScheme(method, bits, group, offset);
        try (Checkpoint checkpoint = Checkpoint.open(edited.write(folder));
                Arena arena = Arena.ofShared()) {
            Shape shape = Shape.of(OUTPUTS, INPUTS);
            HostTensor packed = HostTensor.allocate(arena, scheme.dtype(), shape);
            PackedLinear.of(checkpoint, scheme, "x", shape).writeTo(packed);
            for (int o = 0; o < OUTPUTS; o++) {
                for (int k = 0; k < INPUTS; k++) {
                    int g = group == 0 ? 0 : k / group;
                    float scale = Float.float16ToFloat(scales[g][o]);
                    float wanted = scale * (codes[k][o] - (zeros[g][o] + offset));
                    assertEquals(wanted, packed.get((long) o * INPUTS + k), o + ", " + k);
                }
            }
        }
    }

    private static int[][] random(Random random, int rows, int columns, int bound) {
        int[][] values = new int[rows][columns];
        for (int[] row : values) {
            Arrays.setAll(row, i -> random.nextInt(bound));
        }
        return values;
    }

    private static int[][] packDown(int[][] values, int bits) {
        int per = 32 / bits;
        int[][] words = new int[values.length / per][values[0].length];
        for (int k = 0; k < values.length; k++) {
            for (int o = 0; o < values[k].length; o++) {
                words[k / per][o] |= values[k][o] << bits * (k % per);
            }
        }
        return words;
    }

    private static int[][] packAcross(int[][] values, int bits, int[] order) {
        int per = 32 / bits;
        int[][] words = new int[values.length][values[0].length / per];
        for (int k = 0; k < values.length; k++) {
            for (int word = 0; word < words[k].length; word++) {
                for (int place = 0; place < per; place++) {
                    words[k][word] |= values[k][word * per + order[place]] << bits * place;
                }
            }
        }
        return words;
    }

    private static void put(EditedCheckpoint edited, String name, int[][] values) {
        int[] flat = Arrays.stream(values).flatMapToInt(Arrays::stream).toArray();
        Shape shape = Shape.of(values.length, values[0].length);
        edited.put(name, DType.I32, shape, MemorySegment.ofArray(flat));
    }

    private static MemorySegment flat(short[][] values) {
        short[] flat = new short[values.length * values[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = values[i / values[0].length][i % values[0].length];
        }
        return MemorySegment.ofArray(flat);
    }
}
