package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.PtxEdit.replace;
import static dev.longhand.kernels.cuda.SeededFault.ORACLE;

import dev.longhand.kernels.cases.LinearCase;
import dev.longhand.kernels.tensor.DType;

import java.util.List;

/** Mistakes in the kernels of quantised weights: what differs from those in bf16. */
final class QuantizedFaults {
    /** 3 rows of 8 columns, 40 outputs of 3 tiles of 16, four blocks of K. */
    private static final FaultDrive INT8 = skinny(DType.INT8);

    private static final FaultDrive INT4 = skinny(DType.INT4);
    private static final FaultDrive FP8 = skinny(DType.FP8);

    /** 20 rows and 70 outputs of tiles of 64 by 64. */
    private static final FaultDrive WIDE_INT4 =
            FaultDrive.of(new LinearCase("fault", DType.INT4, 20, 512, List.of(70), false, false));

    private QuantizedFaults() {}

    private static FaultDrive skinny(DType dtype) {
        return FaultDrive.of(new LinearCase("fault", dtype, 3, 512, List.of(40), false, false));
    }

    /** Every shape that a fault is run on. */
    static List<FaultDrive> drives() {
        return List.of(INT8, INT4, FP8, WIDE_INT4);
    }

    /** Every mistake. */
    static List<SeededFault> all() {
        return List.of(
                SeededFault.of(
                        "int8: a pair's upper bits taken for set",
                        "linear_skinny_int8",
                        INT8,
                        ORACLE,
                        replace(
                                "linear_skinny_int8_8",
                                "and\\.b32 (%r\\d+), (%r\\d+), 8388736;",
                                32,
                                0,
                                "and.b32 $1, $2, 0;")),
                SeededFault.of(
                        "int4: a pair of codes taken for the next",
                        "linear_skinny_int4",
                        INT4,
                        ORACLE,
                        replace(
                                "linear_skinny_int4_8",
                                "shr\\.u32 (%r\\d+), (%r\\d+), 4;",
                                9,
                                0,
                                "shr.u32 $1, $2, 8;")),
                SeededFault.of(
                        "int4: the scales of two groups exchanged",
                        "linear_skinny_int4",
                        INT4,
                        ORACLE,
                        replace(
                                "linear_skinny_int4_8",
                                "(ld\\.global\\.nc\\.L1::no_allocate\\.v4\\.u32) "
                                        + "\\{(%r\\d+),(%r\\d+),(.*)",
                                11,
                                2,
                                "$1 {$3,$2,$4")),
                SeededFault.of(
                        "fp8: the exponent's bias of bf16 left",
                        "linear_skinny_fp8",
                        FP8,
                        ORACLE,
                        replace(
                                "linear_skinny_fp8_8",
                                "mov\\.u32 (%r\\d+), 2072017792;",
                                4,
                                0,
                                "mov.u32 $1, 1065369472;")),
                SeededFault.of(
                        "prefill int4: the next block's scales over those that are read",
                        "linear_wide_int4",
                        WIDE_INT4,
                        SeededFaults.RACE,
                        replace(
                                "linear_wide_int4",
                                "and\\.b32 (%r\\d+), (%r\\d+), 512;",
                                5,
                                1,
                                "and.b32 $1, $2, 0;")));
    }
}
