package dev.longhand.kernels.cases;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.cases.LoraCase.Place;
import dev.longhand.kernels.tensor.DType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The table itself: layer shapes of the family, and 1, odd and tail sizes. */
public final class OpCases {
    private OpCases() {}

    /**
     * Shapes of one model of the family.
     *
     * @param label its size
     */
    private record Model(
            String label, int hidden, int heads, int kvHeads, int headDim, int inter, int vocab) {}

    private static final List<Model> FAMILY =
            List.of(
                    new Model("0.5B", 896, 14, 2, 64, 4864, 151_936),
                    new Model("1.5B", 1536, 12, 2, 128, 8960, 151_936),
                    new Model("3B", 2048, 16, 2, 128, 11_008, 151_936),
                    new Model("7B", 3584, 28, 4, 128, 18_944, 152_064),
                    new Model("32B", 5120, 40, 8, 128, 27_648, 152_064));

    /** One in so many rows of a head is tested, where another case has them all. */
    private static final int HEAD_DIVISOR = 8;

    /** Every case. */
    public static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (Model model : FAMILY) {
            addLayer(cases, model);
        }
        addOddLinears(cases);
        addQuantized(cases);
        addQuantizedFused(cases);
        addNormed(cases);
        addGelu(cases);
        addLora(cases);
        for (int width : new int[] {1, 7, 64, 77, 896, 5120}) {
            cases.add(new RmsNormCase(1, width, 1, false));
            cases.add(new RmsNormCase(3, width, 1e-3f, false));
            cases.add(new RmsNormCase(3, width, 1, true));
            for (Activation activation : Activation.values()) {
                cases.add(new SwiGluCase(1, width, 1, activation));
                cases.add(new SwiGluCase(5, width, 30, activation));
            }
            cases.add(new SoftCapCase(3, width, 4));
        }
        cases.add(new SoftCapCase(2, 9000, 30));
        for (DType dtype : new DType[] {DType.BF16, DType.F16, DType.F32}) {
            cases.add(new EmbeddingCase(dtype, 1, 5, 1, 1));
            cases.add(new EmbeddingCase(dtype, 9, 211, 77, 1));
            cases.add(new EmbeddingCase(dtype, 3, 1000, 896, 29.933259f));
        }
        addAttention(cases);
        return List.copyOf(cases);
    }

    private static void addLayer(List<OpCase> cases, Model m) {
        int queries = m.heads() * m.headDim();
        int keys = m.kvHeads() * m.headDim();
        List<Integer> qkv = List.of(queries, keys, keys);
        List<Integer> gateUp = List.of(m.inter(), m.inter());
        // One row is decode; 3 and 19 rows reach the skinny and the blocked matmul. Their cost
        // grows with the model, so the larger models keep to decode.
        int[] rowCounts = m.hidden() <= 1536 ? new int[] {1, 3, 19} : new int[] {1};
        for (int rows : rowCounts) {
            cases.add(linear(m, "qkv", rows, m.hidden(), qkv, true, false));
            cases.add(linear(m, "o", rows, queries, List.of(m.hidden()), false, true));
            cases.add(linear(m, "gate, up", rows, m.hidden(), gateUp, false, false));
            cases.add(linear(m, "down", rows, m.inter(), List.of(m.hidden()), false, true));
        }
        boolean whole = m.label().equals("0.5B") || m.label().equals("32B");
        int vocab = whole ? m.vocab() : m.vocab() / HEAD_DIVISOR;
        cases.add(linear(m, "head", 1, m.hidden(), List.of(vocab), false, false));
    }

    private static LinearCase linear(
            Model model,
            String layer,
            int rows,
            int inputs,
            List<Integer> outputs,
            boolean bias,
            boolean accumulate) {
        return new LinearCase(
                model.label() + " " + layer, DType.BF16, rows, inputs, outputs, bias, accumulate);
    }

    private static void addOddLinears(List<OpCase> cases) {
        for (DType dtype : new DType[] {DType.BF16, DType.F16, DType.F32}) {
            for (int rows : new int[] {1, 2, 7, 16, 17, 65}) {
                for (int inputs : new int[] {1, 15, 16, 77, 203}) {
                    cases.add(
                            new LinearCase(
                                    "odd", dtype, rows, inputs, List.of(1, 5, 33), true, false));
                }
                cases.add(new LinearCase("odd", dtype, rows, 40, List.of(211), false, true));
            }
        }
    }

    private static void addQuantized(List<OpCase> cases) {
        for (DType dtype : DType.quantizableTypes()) {
            int group = dtype.format().group();
            int block = dtype.format().blockWeights();
            int[] borders = {1, group - 1, group + 1, block - 1, block, block + 1, 203};
            for (int rows : new int[] {1, 2, 7, 9, 65}) {
                for (int inputs : IntStream.of(borders).distinct().toArray()) {
                    List<Integer> outputs = List.of(1, 5, 33);
                    cases.add(new LinearCase("odd", dtype, rows, inputs, outputs, true, false));
                }
            }
            for (int rows : new int[] {1, 3, 9, 19, 65}) {
                List<Integer> qkv = List.of(896, 128, 128);
                cases.add(new LinearCase("0.5B qkv", dtype, rows, 896, qkv, true, false));
            }
            for (int rows : new int[] {1, 3, 19}) {
                List<Integer> down = List.of(896);
                cases.add(new LinearCase("0.5B down", dtype, rows, 4864, down, false, true));
            }
            List<Integer> head = List.of(151_936 / HEAD_DIVISOR);
            cases.add(new LinearCase("1.5B head", dtype, 1, 1536, head, false, false));
        }
    }

    /** What backends fuse with a product, and slices of the largest layers. */
    private static void addQuantizedFused(List<OpCase> cases) {
        for (DType dtype : DType.quantizableTypes()) {
            cases.add(new LinearCase("32B o slice", dtype, 8, 5120, List.of(96), false, true));
            cases.add(new LinearCase("32B down slice", dtype, 1, 27_648, List.of(64), false, true));
            for (boolean gated : new boolean[] {false, true}) {
                cases.add(new NormedLinearCase("32B slice", dtype, 1, 5120, 256, gated));
                for (int rows : new int[] {9, 65}) {
                    cases.add(new NormedLinearCase("odd", dtype, rows, 77, 21, gated));
                    cases.add(new NormedLinearCase("tail", dtype, rows, 288, 100, gated));
                }
            }
            List<List<Integer>> ranks = List.of(List.of(8, 64, 0), List.of(16, 5, 33));
            List<List<Integer>> pairs = List.of(List.of(8, 64), List.of(16, 33));
            List<Integer> outputs = List.of(33, 16, 100);
            Integer[] few = {0, 1, -1};
            Integer[] many = new Integer[20];
            Arrays.setAll(many, row -> row < 7 ? 1 : row < 12 ? -1 : 0);
            for (Integer[] rows : new Integer[][] {few, many}) {
                for (Place place : Place.values()) {
                    boolean gated = place == Place.GATED;
                    cases.add(
                            new LoraCase(
                                    "mixed",
                                    place,
                                    dtype,
                                    DType.BF16,
                                    288,
                                    gated ? List.of(90, 90) : outputs,
                                    gated ? pairs : ranks,
                                    List.of(rows)));
                }
            }
        }
    }

    private static void addNormed(List<OpCase> cases) {
        for (boolean gated : new boolean[] {false, true}) {
            cases.add(new NormedLinearCase("32B slice", DType.BF16, 1, 5120, 1024, gated));
            cases.add(new NormedLinearCase("0.5B", DType.BF16, 5, 896, 4864, gated));
            // 16 and 17 rows are the border of the skinny kernel, 64 and 65 of a wide tile
            for (int rows : new int[] {1, 8, 9, 16, 17, 65}) {
                cases.add(new NormedLinearCase("odd", DType.BF16, rows, 77, 21, gated));
                cases.add(new NormedLinearCase("tail", DType.BF16, rows, 288, 100, gated));
            }
        }
    }

    /** Every kernel with a gate computes both activations by one branch. */
    private static void addGelu(List<OpCase> cases) {
        for (int rows : new int[] {1, 9, 65}) {
            for (int inputs : new int[] {77, 288}) {
                cases.add(gelu(DType.BF16, rows, inputs));
            }
        }
        for (DType dtype : DType.quantizableTypes()) {
            cases.add(gelu(dtype, 9, 288));
        }
    }

    private static NormedLinearCase gelu(DType dtype, int rows, int inputs) {
        return new NormedLinearCase("", dtype, rows, inputs, 100, true, Activation.GELU_TANH);
    }

    private static void addLora(List<OpCase> cases) {
        List<Integer> qkv = List.of(896, 128, 128);
        List<List<Integer>> one = List.of(List.of(64, 64, 64));
        cases.add(lora("0.5B", Place.NORMED, DType.BF16, 896, qkv, one, 0));
        List<List<Integer>> down = List.of(List.of(256));
        cases.add(lora("0.5B", Place.RESIDUAL, DType.BF16, 4864, List.of(896), down, 0, -1));
        List<List<Integer>> pair = List.of(List.of(64, 64));
        cases.add(lora("32B slice", Place.GATED, DType.BF16, 5120, List.of(512, 512), pair, 0));
        // Five adapters and none, of all kinds of rank, over few rows, a border of paths, and many.
        List<List<Integer>> mixed =
                List.of(
                        List.of(8, 0, 8),
                        List.of(16, 16, 16),
                        List.of(0, 5, 33),
                        List.of(256, 64, 1),
                        List.of(0, 0, 40));
        Integer[] eight = {0, 1, 1, -1, 2, 3, -1, 4};
        Integer[] nine = {-1, 4, 4, 4, 3, 3, 3, 0, 0};
        Integer[] many = new Integer[70];
        Arrays.setAll(many, row -> row < 20 ? 1 : row < 21 ? 2 : row < 60 ? 3 : row < 66 ? -1 : 4);
        for (DType dtype : new DType[] {DType.BF16, DType.F16, DType.F32}) {
            for (Integer[] rows : new Integer[][] {eight, nine, many}) {
                for (int inputs : new int[] {77, 288}) {
                    List<Integer> outputs = List.of(33, 16, 100);
                    cases.add(lora("mixed", Place.NORMED, dtype, inputs, outputs, mixed, rows));
                    cases.add(lora("mixed", Place.RESIDUAL, dtype, inputs, outputs, mixed, rows));
                    List<Integer> gateUp = List.of(90, 90);
                    List<List<Integer>> pairs =
                            mixed.stream().map(ranks -> ranks.subList(1, 3)).toList();
                    cases.add(lora("mixed", Place.GATED, dtype, inputs, gateUp, pairs, rows));
                }
            }
        }
    }

    private static LoraCase lora(
            String label,
            Place place,
            DType dtype,
            int inputs,
            List<Integer> outputs,
            List<List<Integer>> ranks,
            Integer... adapters) {
        return new LoraCase(
                label, place, DType.BF16, dtype, inputs, outputs, ranks, List.of(adapters));
    }

    private static AttentionCase attention(
            int heads, int dim, int positions, DType kv, int window, float cap, boolean normed) {
        AttentionOptions options = new AttentionOptions(1.5f / dim, cap, window);
        return new AttentionCase(heads, 1, dim, positions, kv, options, normed);
    }

    private static void addAttention(List<OpCase> cases) {
        for (DType kvDtype : new DType[] {DType.F32, DType.BF16, DType.INT8}) {
            // Every group size of the family, page borders at 64, split borders at 512.
            for (int group : new int[] {1, 3, 5, 6, 7, 8}) {
                cases.add(new AttentionCase(2 * group, 2, 32, 70, kvDtype));
                cases.add(new AttentionCase(group, 1, 128, 63, kvDtype));
            }
            for (int positions : new int[] {1, 2, 64, 65, 128, 513, 700}) {
                cases.add(new AttentionCase(7, 1, 64, positions, kvDtype));
            }
            cases.add(new AttentionCase(4, 2, 80, 67, kvDtype));
            cases.add(new AttentionCase(40, 8, 128, 66, kvDtype));
            // Windows that begin in a page and at its border, below one beyond a split; a cap that
            // binds.
            for (int window : new int[] {1, 64, 70}) {
                cases.add(attention(3, 64, 140, kvDtype, window, 0, false));
            }
            cases.add(attention(2, 32, 130, kvDtype, 0, 2, false));
            cases.add(attention(2, 128, 130, kvDtype, 33, 50, true));
            cases.add(attention(4, 80, 67, kvDtype, 5, 1, true));
        }
        cases.add(attention(3, 64, 700, DType.BF16, 520, 0, false));
    }
}
