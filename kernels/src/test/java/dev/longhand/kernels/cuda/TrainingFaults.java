package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.PtxEdit.ALL;
import static dev.longhand.kernels.cuda.PtxEdit.remove;
import static dev.longhand.kernels.cuda.PtxEdit.replace;
import static dev.longhand.kernels.cuda.SeededFault.ORACLE;
import static dev.longhand.kernels.cuda.SeededFaults.BARRIER;
import static dev.longhand.kernels.cuda.SeededFaults.OUT_OF_BOUNDS;
import static dev.longhand.kernels.cuda.SeededFaults.RACE;

import java.util.List;
import java.util.stream.Stream;

/** Mistakes in the kernels of training. */
final class TrainingFaults {
    private static final FaultDrive PRODUCTS = TrainingDrive.products();
    private static final FaultDrive ATTENTION = TrainingDrive.attention();
    private static final FaultDrive LAYERS = TrainingDrive.layers();
    private static final FaultDrive STEP = TrainingDrive.step();

    private static final String DIFFERENCE = "sub\\.f32 (%f\\d+), (%f\\d+), (%f\\d+);";

    private TrainingFaults() {}

    /** Every shape that a fault is run on. */
    static List<FaultDrive> drives() {
        return List.of(PRODUCTS, ATTENTION, LAYERS, STEP);
    }

    /** Every mistake. */
    static List<SeededFault> all() {
        return Stream.of(products(), attention(), layers(), step()).flatMap(List::stream).toList();
    }

    private static SeededFault product(String name, String foundBy, PtxEdit edit) {
        String module = "linear_training";
        return SeededFault.of("training product: " + name, module, PRODUCTS, foundBy, edit);
    }

    private static List<SeededFault> products() {
        return List.of(
                product("no barrier", RACE, remove("linear_forward_bf16", BARRIER, 1, 0)),
                product(
                        "one buffer for all of k",
                        RACE,
                        replace(
                                "linear_forward_bf16",
                                "and\\.b32 (%r\\d+), (%r\\d+), 1;",
                                1,
                                0,
                                "and.b32 $1, $2, 0;")),
                product(
                        "the last k read in full",
                        OUT_OF_BOUNDS,
                        replace(
                                "linear_backward_input_bf16",
                                "setp\\.gt\\.s32 (%p\\d+), (%r\\d+), 7;",
                                8,
                                ALL,
                                "setp.gt.s32 $1, $2, -100;")),
                product(
                        "registers 1 and 2 of A swapped",
                        ORACLE,
                        replace(
                                "linear_backward_weight",
                                "(mma\\S+ \\{.*?\\}, \\{%r\\d+),(%r\\d+),(%r\\d+)(,.*)",
                                16,
                                0,
                                "$1,$3,$2$4")));
    }

    private static SeededFault attention(String name, String foundBy, PtxEdit edit) {
        String module = "attention_training";
        return SeededFault.of("training attention: " + name, module, ATTENTION, foundBy, edit);
    }

    private static List<SeededFault> attention() {
        String queries = "attention_backward_queries_32";
        String keys = "attention_backward_keys_32";
        return List.of(
                attention(
                        "tiles loaded over those in use",
                        RACE,
                        remove("attention_forward_32", BARRIER, 2, 0)),
                attention(
                        "tiles used before they are loaded", RACE, remove(queries, BARRIER, 2, 1)),
                attention("queries used before they are loaded", RACE, remove(keys, BARRIER, 2, 1)),
                attention(
                        "delta not subtracted",
                        ORACLE,
                        replace(queries, DIFFERENCE, 96, 65, "mov.f32 $1, $2;")),
                attention(
                        "later keys seen",
                        ORACLE,
                        replace(
                                keys,
                                "setp\\.lt\\.s32 (%p\\d+), (%r\\d+), (%r\\d+);",
                                46,
                                18,
                                "setp.lt.s32 $1, 1, 0;")));
    }

    private static List<SeededFault> layers() {
        return List.of(
                SeededFault.of(
                        "norm's gradient: no barrier before the warps' products are added",
                        "rms_norm_training",
                        LAYERS,
                        RACE,
                        remove("rms_norm_backward", BARRIER, 2, 1)),
                SeededFault.of(
                        "norm's gradient: no barrier before the rows' sums are added",
                        "rms_norm_training",
                        LAYERS,
                        RACE,
                        remove("rms_norm_backward_weight", BARRIER, 1, 0)),
                SeededFault.of(
                        "SwiGLU's gradient: the derivative of the sigmoid missing",
                        "swiglu_training",
                        LAYERS,
                        ORACLE,
                        replace("swiglu_backward", DIFFERENCE, 1, 0, "mov.f32 $1, $2;")),
                SeededFault.of(
                        "rotation: forward instead of back",
                        "rope_training",
                        LAYERS,
                        ORACLE,
                        replace(
                                "rope_rotate",
                                "mul\\.f32 (%f\\d+), (%f\\d+), %f1;",
                                5,
                                ALL,
                                "mov.f32 $1, $2;")),
                SeededFault.of(
                        "embedding's gradient: the rows of an id left out",
                        "embed_training",
                        LAYERS,
                        ORACLE,
                        replace(
                                "embed_backward",
                                "ld\\.global\\.u32 (%r\\d+), \\[(%rd\\d+)\\+4\\];",
                                2,
                                0,
                                "ld.global.u32 $1, [$2];")));
    }

    private static List<SeededFault> step() {
        return List.of(
                SeededFault.of(
                        "loss: no barrier before the largest logits meet",
                        "loss_training",
                        STEP,
                        RACE,
                        remove("cross_entropy", BARRIER, 3, 0)),
                SeededFault.of(
                        "loss: no barrier before the exponentials are added",
                        "loss_training",
                        STEP,
                        RACE,
                        remove("cross_entropy", BARRIER, 3, 1)),
                SeededFault.of(
                        "AdamW: the second moment not kept",
                        "optimizer_training",
                        STEP,
                        ORACLE,
                        remove("adamw", "st\\.global\\.f32 .*", 3, 1)),
                SeededFault.of(
                        "sum of squares: no barrier before the warps' sums are added",
                        "optimizer_training",
                        STEP,
                        RACE,
                        remove("sum_of_squares", BARRIER, 1, 0)),
                SeededFault.of(
                        "dropout: 23 bits of the mask instead of 24",
                        "dropout_training",
                        STEP,
                        ORACLE,
                        replace(
                                "dropout",
                                "shr\\.u64 (%rd\\d+), (%rd\\d+), 40;",
                                1,
                                0,
                                "shr.u64 $1, $2, 41;")));
    }
}
