package dev.longhand.kernels.cuda;

import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;

/** Writes the structs of {@code paged_kv.cuh}: the rows of a step and one layer of the KV cache. */
final class StepStructs {
    static final KernelStruct BATCH = new KernelStruct("Batch");
    static final KernelStruct PAGED_KV = new KernelStruct("PagedKv");

    private static final Int64 TOKENS = BATCH.int64("tokens");
    private static final Int64 POSITIONS = BATCH.int64("positions");
    private static final Int64 SEQUENCES = BATCH.int64("sequences");
    private static final Int64 PAGE_TABLES = BATCH.int64("pageTables");
    private static final Int32 PAGES_PER_SEQUENCE = BATCH.int32("pagesPerSequence");
    private static final Int32 ROWS = BATCH.int32("rows");

    private static final Int64 KEYS = PAGED_KV.int64("keys");
    private static final Int64 VALUES = PAGED_KV.int64("values");
    private static final Int32 KV_HEADS = PAGED_KV.int32("kvHeads");
    private static final Int32 HEAD_DIM = PAGED_KV.int32("headDim");

    private StepStructs() {}

    /** Writes the fields of the {@code Batch} parameter that the call has begun. */
    static void set(KernelCall call, CudaStepBatch batch) {
        call.set(TOKENS, batch.tokensAddress())
                .set(POSITIONS, batch.positionsAddress())
                .set(SEQUENCES, batch.sequencesAddress())
                .set(PAGE_TABLES, batch.pageTablesAddress())
                .set(PAGES_PER_SEQUENCE, batch.pagesPerSequence())
                .set(ROWS, batch.rows());
    }

    /** Writes the fields of the {@code PagedKv} parameter that the call has begun. */
    static void set(KernelCall call, CudaKv kv, int layer) {
        call.set(KEYS, kv.keys() + layer * kv.layerBytes())
                .set(VALUES, kv.values() + layer * kv.layerBytes())
                .set(KV_HEADS, kv.shape().kvHeads())
                .set(HEAD_DIM, kv.shape().headDim());
    }
}
