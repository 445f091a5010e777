package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.kernels.tensor.Shape;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The tensors of a checkpoint in AutoGPTQ's format, 4 bits with symmetric groups. Each linear layer
 * has codes, zero points of 8, scales, the group index of each input, and a bias, which is zero if
 * the architecture has none; all other tensors are f16. Nothing is quantised: codes are sampled
 * from the distribution that normally distributed weights would produce, and scales give the
 * weights their standard deviation.
 */
final class GptqTensors {
    /** The number of inputs that share a scale. */
    static final int GROUP_INPUTS = 128;

    /** Four packed zero points of 8; the format stores each minus 1. */
    static final short FOUR_ZEROS = 0x7777;

    private static final int CODES_PER_WORD = 8;
    private static final int ZERO = 8;

    /**
     * The standard deviation of the codes. The largest of 128 normal weights is about 2.7
     * deviations, and AutoGPTQ maps it to a code 7.5 away from the zero point.
     */
    private static final double CODE_DEVIATION = 7.5 / 2.7;

    private static final double SCALE_SPREAD = 0.1;
    private static final short[] FOUR_CODES = fourCodes();

    private GptqTensors() {}

    /**
     * Returns four packed codes, one of 65,536 entries. Entries 32,768 apart mirror each other, so
     * that the mean weight is 0.
     */
    static short fourCodes(int index) {
        return FOUR_CODES[index];
    }

    private static short[] fourCodes() {
        Random random = new Random(2);
        short[] table = new short[1 << 16];
        for (int i = 0; i < table.length / 2; i++) {
            int codes = 0;
            int mirrored = 0;
            for (int place = 0; place < 4; place++) {
                double sample = ZERO + CODE_DEVIATION * random.nextGaussian();
                int code = Math.clamp(Math.round(sample), 1, 15);
                codes |= code << (4 * place);
                mirrored |= (2 * ZERO - code) << (4 * place);
            }
            table[i] = (short) codes;
            table[i + table.length / 2] = (short) mirrored;
        }
        return table;
    }

    /**
     * Returns the tensors of a checkpoint.
     *
     * @param layout the layout of its model
     * @param dense the tensors of the same checkpoint in bf16
     */
    static List<RandomTensor> of(ModelLayout layout, List<RandomTensor> dense) {
        Map<String, LinearModule> linears = layout.matrices();
        linears.remove(layout.head().weight());
        List<RandomTensor> all = new ArrayList<>();
        for (RandomTensor tensor : dense) {
            LinearModule linear = linears.get(tensor.name());
            if (linear != null) {
                all.addAll(packed(linear.name(), tensor));
                if (!linear.biased()) {
                    Shape outputs = Shape.of(linear.outputs());
                    all.add(filled(linear.bias(), outputs, RandomTensor.Filling.F16, 0, 0));
                }
            } else {
                all.add(tensor.as(RandomTensor.Filling.F16));
            }
        }
        return all;
    }

    private static List<RandomTensor> packed(String module, RandomTensor weights) {
        long outputs = weights.shape().extent(0);
        long inputs = weights.shape().extent(1);
        long groups = Math.ceilDiv(inputs, GROUP_INPUTS);
        double scale = weights.deviation() / CODE_DEVIATION;
        return List.of(
                filled(
                        module + ".qweight",
                        Shape.of(inputs / CODES_PER_WORD, outputs),
                        RandomTensor.Filling.CODES,
                        0,
                        0),
                filled(
                        module + ".qzeros",
                        Shape.of(groups, outputs / CODES_PER_WORD),
                        RandomTensor.Filling.ZEROS,
                        0,
                        0),
                filled(
                        module + ".scales",
                        Shape.of(groups, outputs),
                        RandomTensor.Filling.F16,
                        scale,
                        SCALE_SPREAD * scale),
                filled(module + ".g_idx", Shape.of(inputs), RandomTensor.Filling.GROUPS, 0, 0));
    }

    private static RandomTensor filled(
            String name, Shape shape, RandomTensor.Filling filling, double mean, double deviation) {
        return new RandomTensor(name, shape, filling, mean, deviation);
    }
}
