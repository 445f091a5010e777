package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.PtxEdit.ALL;
import static dev.longhand.kernels.cuda.PtxEdit.remove;
import static dev.longhand.kernels.cuda.PtxEdit.replace;
import static dev.longhand.kernels.cuda.SeededFault.ORACLE;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.cases.AttentionCase;
import dev.longhand.kernels.cases.EmbeddingCase;
import dev.longhand.kernels.cases.LinearCase;
import dev.longhand.kernels.cases.LoraCase;
import dev.longhand.kernels.cases.RmsNormCase;
import dev.longhand.kernels.cases.SwiGluCase;
import dev.longhand.kernels.tensor.DType;

import java.util.ArrayList;
import java.util.List;

/** The mistakes, by kernel. */
final class SeededFaults {
    static final String RACE = "shared race";
    private static final String GLOBAL_RACE = "global race";
    private static final String UNINITIALISED_SHARED = "uninitialised shared read";
    private static final String UNINITIALISED_GLOBAL = "uninitialised global read";
    static final String OUT_OF_BOUNDS = "out of bounds";
    private static final String EARLY_ACCESS = "early access";
    private static final String MISALIGNED = "misaligned";
    private static final String LANE_MASK = "lane mask";

    static final String BARRIER = "bar\\.sync 0;";
    private static final String AWAIT = "cp\\.async\\.wait_group (\\d);";
    private static final String COMMIT = "cp\\.async\\.commit_group;";
    private static final String ZERO = "mov\\.f32 %f\\d+, 0f00000000;";
    private static final String GUARD = "or\\.pred (%p\\d+), (%p\\d+), (%p\\d+);";

    /** 3 rows of 8 columns, 40 outputs of 3 blocks of 16, every slice of K two chunks. */
    private static final FaultDrive SKINNY =
            FaultDrive.of(new LinearCase("fault", DType.BF16, 3, 512, List.of(40), false, false));

    /** 20 rows and 70 outputs of tiles of 64 by 64. */
    private static final FaultDrive WIDE =
            FaultDrive.of(new LinearCase("fault", DType.BF16, 20, 512, List.of(70), false, false));

    /** q, k, v of three rows under two adapters and none; every warp has its run of K. */
    private static final FaultDrive LORA =
            FaultDrive.of(
                    new LoraCase(
                            "fault",
                            LoraCase.Place.NORMED,
                            DType.BF16,
                            DType.BF16,
                            2048,
                            List.of(40, 16, 24),
                            List.of(List.of(16, 16, 40), List.of(8, 0, 64)),
                            List.of(1, -1, 0)));

    private static final FaultDrive DECODE = FaultDrive.decoding(4, 2, 32, 600);
    private static final FaultDrive PREFILL =
            FaultDrive.of(new AttentionCase(6, 2, 32, 70, DType.BF16));
    private static final FaultDrive NORM = FaultDrive.of(new RmsNormCase(3, 896, 1, false));
    private static final FaultDrive GATE = FaultDrive.of(new SwiGluCase(1, 77, 1, Activation.SILU));
    private static final FaultDrive LOOK_UP =
            FaultDrive.of(new EmbeddingCase(DType.BF16, 9, 211, 77, 1));

    /** More tokens than a block has threads, and than its list has room for. */
    private static final FaultDrive SAMPLE = FaultDrive.sampling(5_001);

    private SeededFaults() {}

    /** Every shape that a fault is run on. */
    static List<FaultDrive> drives() {
        List<FaultDrive> drives = new ArrayList<>(QuantizedFaults.drives());
        drives.addAll(TrainingFaults.drives());
        drives.addAll(List.of(SKINNY, WIDE, LORA, DECODE, PREFILL, NORM, GATE, LOOK_UP, SAMPLE));
        return drives;
    }

    /** Every mistake. */
    static List<SeededFault> all() {
        List<SeededFault> faults = new ArrayList<>();
        faults.addAll(skinny());
        faults.addAll(wide());
        faults.addAll(QuantizedFaults.all());
        faults.addAll(lora());
        faults.addAll(decode());
        faults.addAll(attention());
        faults.addAll(others());
        faults.addAll(sample());
        faults.addAll(overlapped());
        faults.addAll(TrainingFaults.all());
        return faults;
    }

    private static SeededFault skinny(String name, String foundBy, PtxEdit... edits) {
        return SeededFault.of("linear: " + name, "linear_skinny", SKINNY, foundBy, edits);
    }

    private static List<SeededFault> skinny() {
        String kernel = "linear_skinny_8";
        return List.of(
                skinny("no barrier before the sum", RACE, remove(kernel, BARRIER, 1, 0)),
                skinny( // once for all and once for the loop
                        "sums not set to zero",
                        ORACLE,
                        remove(kernel, ZERO, 7, 0),
                        remove(kernel, ZERO, 6, 0)),
                skinny(
                        "registers 1 and 2 of A swapped",
                        ORACLE,
                        replace(
                                kernel,
                                "(mma\\S+ \\{.*?\\}, \\{%r\\d+),(%r\\d+),(%r\\d+)(,.*)",
                                8,
                                0,
                                "$1,$3,$2$4")),
                skinny(
                        "tail outputs stored",
                        OUT_OF_BOUNDS,
                        replace(kernel, GUARD, 1, 0, "or.pred $1, $2, $2;")),
                skinny(
                        "a partial sum stored one further",
                        UNINITIALISED_SHARED,
                        replace(
                                kernel,
                                "st\\.shared\\.f32 \\[(%r\\d+)\\+112\\], (%f\\d+);",
                                1,
                                0,
                                "st.shared.f32 [$1+116], $2;")),
                skinny(
                        "second half of x from one float before",
                        MISALIGNED,
                        replace(
                                kernel,
                                "(ld\\.global\\S*\\.v4\\.f32 .*)\\+16\\];",
                                1,
                                0,
                                "$1+12];")));
    }

    private static SeededFault wide(String name, String foundBy, PtxEdit edit) {
        return SeededFault.of("prefill linear: " + name, "linear_wide", WIDE, foundBy, edit);
    }

    private static List<SeededFault> wide() {
        String kernel = "linear_wide";
        return List.of(
                wide("copies not awaited", UNINITIALISED_SHARED, remove(kernel, AWAIT, 1, 0)),
                wide(
                        "one group more left open",
                        UNINITIALISED_SHARED,
                        replace(kernel, AWAIT, 1, 0, "cp.async.wait_group 2;")),
                wide("no commit in the loop", UNINITIALISED_SHARED, remove(kernel, COMMIT, 2, 1)),
                wide("no barrier in the loop", RACE, remove(kernel, BARRIER, 1, 0)),
                wide(
                        "always multiplies stage 0",
                        RACE,
                        replace(
                                kernel,
                                "mad\\.lo\\.s32 (%r\\d+), (%r\\d+), 13312, (%r\\d+);",
                                9,
                                8,
                                "mad.lo.s32 $1, $2, 0, $3;")));
    }

    private static List<SeededFault> lora() {
        String shrink = "lora_shrink_normed";
        return List.of(
                SeededFault.of(
                        "adapter: no barrier before the warps' sums are added",
                        "lora_shrink",
                        LORA,
                        RACE,
                        remove(shrink, BARRIER, 2, 1)),
                SeededFault.of(
                        "adapter: every part of A x left at part 0",
                        "lora_shrink",
                        LORA,
                        GLOBAL_RACE,
                        replace(shrink, "mov\\.u32 (%r\\d+), %ctaid\\.y;", 2, 1, "mov.u32 $1, 0;")),
                SeededFault.of(
                        "adapter: B times the first half of A x twice",
                        "linear_skinny",
                        LORA,
                        ORACLE,
                        replace(
                                "linear_skinny_lora_normed_8",
                                "(ld\\.v4\\.f32 .*)\\+16\\];",
                                4,
                                ALL,
                                "$1];")));
    }

    private static SeededFault decode(String name, String foundBy, PtxEdit... edits) {
        return SeededFault.of("decode: " + name, "attention", DECODE, foundBy, edits);
    }

    private static List<SeededFault> decode() {
        String kernel = "attention_decode_32";
        return List.of(
                decode(
                        "every split leaves its partial at split 0",
                        GLOBAL_RACE,
                        replace(kernel, "mov\\.u32 (%r\\d+), %ctaid\\.z;", 2, 1, "mov.u32 $1, 0;")),
                decode("no barrier before warps merge", RACE, remove(kernel, BARRIER, 1, 0)),
                decode(
                        "values neither awaited nor synchronised",
                        UNINITIALISED_SHARED,
                        remove(kernel, AWAIT, 1, 0),
                        remove(kernel, "bar\\.warp\\.sync -1;", 2, 0)),
                decode("no commit", UNINITIALISED_SHARED, remove(kernel, COMMIT, 1, 0)),
                decode(
                        "values beyond the last position copied",
                        UNINITIALISED_GLOBAL,
                        replace(
                                kernel,
                                "selp\\.b32 (%r\\d+), 0, 16, (%p\\d+);",
                                2,
                                0,
                                "selp.b32 $1, 16, 16, $2;")),
                decode(
                        "second ldmatrix 8 elements too low",
                        ORACLE,
                        replace(
                                kernel,
                                "add\\.s32 (%r\\d+), (%r\\d+), 32;",
                                1,
                                0,
                                "add.s32 $1, $2, 16;")),
                decode(
                        "scores not scaled for base 2",
                        ORACLE,
                        replace(
                                kernel,
                                "mul\\.f32 (%f\\d+), %f75, (%f\\d+);", // the factor of queries
                                8,
                                ALL,
                                "mul.f32 $1, $2, 0f3E3504F3;")),
                decode(
                        "shuffles name half of the warp",
                        LANE_MASK,
                        replace(kernel, "mov\\.u32 (%r\\d+), -1;", 2, 1, "mov.u32 $1, 65535;")),
                decode(
                        "last step of the maximum over 2 lanes, not 16",
                        ORACLE,
                        replace(kernel, "mov\\.u32 (%r\\d+), 16;", 1, 0, "mov.u32 $1, 2;")));
    }

    private static List<SeededFault> attention() {
        return List.of(
                SeededFault.of(
                        "merge: a split's sum taken for its maximum",
                        "attention",
                        DECODE,
                        ORACLE,
                        replace(
                                "attention_merge_32",
                                "(ld\\.global\\.f32 .*)\\+268\\];",
                                2,
                                0,
                                "$1+264];")),
                SeededFault.of(
                        "prompt: no barrier before the next split",
                        "attention",
                        PREFILL,
                        RACE,
                        remove("attention_prefill_32", BARRIER, 2, 1)),
                SeededFault.of(
                        "prompt: a position after the row's is seen",
                        "attention",
                        PREFILL,
                        ORACLE,
                        replace(
                                "attention_prefill_32",
                                "selp\\.f32 (%f\\d+), (%f\\d+), 0fFF800000, (%p\\d+);",
                                4,
                                0,
                                "mov.f32 $1, $2;")),
                SeededFault.of(
                        "rope: positions 32 apart appended to one place",
                        "rope_append",
                        DECODE,
                        GLOBAL_RACE,
                        replace(
                                "rope_append",
                                "and\\.b32 (%r\\d+), (%r\\d+), -64;",
                                1,
                                0,
                                "and.b32 $1, $2, -32;")),
                SeededFault.of(
                        "rope: rotates backwards",
                        "rope_append",
                        PREFILL,
                        ORACLE,
                        replace(
                                "rope_append",
                                "sub\\.f32 (%f\\d+), (%f\\d+), (%f\\d+);",
                                2,
                                ALL,
                                "add.f32 $1, $2, $3;")));
    }

    private static List<SeededFault> others() {
        return List.of(
                SeededFault.of(
                        "norm: no barrier between the warps' sums",
                        "rms_norm",
                        NORM,
                        RACE,
                        remove("rms_norm", BARRIER, 1, 0)),
                SeededFault.of(
                        "norm: first step over 8 lanes, not 16",
                        "rms_norm",
                        NORM,
                        ORACLE,
                        replace("rms_norm", "mov\\.u32 (%r\\d+), 16;", 1, 0, "mov.u32 $1, 8;")),
                SeededFault.of(
                        "swiglu: tail not guarded",
                        "swiglu",
                        GATE,
                        OUT_OF_BOUNDS,
                        remove("swiglu", "@%p\\d+ bra \\S+;", 2, 0)),
                SeededFault.of(
                        "embedding: a byte loaded for a bf16",
                        "embed",
                        LOOK_UP,
                        ORACLE,
                        replace("embed_bf16", "ld\\.global\\.u16 (.*)", 1, 0, "ld.global.u8 $1")),
                SeededFault.of(
                        "embedding: four bytes loaded for a bf16",
                        "embed",
                        LOOK_UP,
                        MISALIGNED,
                        replace("embed_bf16", "ld\\.global\\.u16 (.*)", 1, 0, "ld.global.u32 $1")));
    }

    private static SeededFault sample(String name, String foundBy, PtxEdit... edits) {
        return SeededFault.of("sample: " + name, "sample", SAMPLE, foundBy, edits);
    }

    private static List<SeededFault> sample() {
        String kernel = "sample";
        String store = "st\\.global\\.u32 .*";
        return List.of(
                sample(
                        "no barrier before the warps' masses",
                        RACE,
                        remove(kernel, BARRIER, 24, 22)),
                sample(
                        "no barrier behind the penalties",
                        GLOBAL_RACE,
                        remove(kernel, BARRIER, 24, 10)),
                sample(
                        "stride and rest read before they are found",
                        UNINITIALISED_SHARED,
                        remove(kernel, BARRIER, 24, 23)),
                sample(
                        "the drawn token not noted as seen",
                        ORACLE,
                        remove(kernel, store, 11, 8),
                        remove(kernel, store, 10, 8)),
                sample("the drawn token not counted", ORACLE, remove(kernel, store, 11, 10)));
    }

    /** On the device where a launch may start before the one in front has ended. */
    private static List<SeededFault> overlapped() {
        String wait = "griddepcontrol\\.wait;";
        return List.of(
                SeededFault.overlapped(
                        "overlapped linear: does not wait for x",
                        "linear_skinny",
                        SKINNY,
                        EARLY_ACCESS,
                        remove("linear_skinny_8", wait, 1, 0)),
                SeededFault.overlapped(
                        "overlapped merge: does not wait for the splits",
                        "attention",
                        DECODE,
                        EARLY_ACCESS,
                        remove("attention_merge_32", wait, 1, 0)));
    }
}
