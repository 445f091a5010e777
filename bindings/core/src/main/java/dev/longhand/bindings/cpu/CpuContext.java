package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The ops of the library, run on the context's own threads. Shapes and layouts are those of {@code
 * longhand_cpu.h}; the caller checks them. Used by one thread at a time. A call allocates nothing
 * on the heap.
 */
public final class CpuContext implements AutoCloseable {
    private final MemorySegment context;
    private final MemorySegment found = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    private boolean closed;

    CpuContext(@Nullable String isa, int threads) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment out = call.allocate(ValueLayout.ADDRESS);
            MemorySegment name = isa == null ? MemorySegment.NULL : call.allocateFrom(isa);
            CpuKernelException.check(
                    "starting %d CPU threads".formatted(threads),
                    LonghandCpu.lh_context_create(name, threads, out));
            context = out.get(ValueLayout.ADDRESS, 0);
        }
    }

    MemorySegment context() {
        if (closed) {
            throw new IllegalStateException("the CPU context is closed");
        }
        return context;
    }

    public void embed(
            MemorySegment table,
            CpuDtype dtype,
            int width,
            float scale,
            NativeBatch batch,
            MemorySegment out) {
        CpuKernelException.check(
                "embed",
                LonghandCpu.lh_embed(
                        context(), table, dtype.code(), width, scale, batch.struct(), out));
    }

    public void rmsNorm(
            MemorySegment x,
            MemorySegment weight,
            float eps,
            MemorySegment out,
            int rows,
            int width,
            boolean accumulate) {
        CpuKernelException.check(
                "rms_norm",
                LonghandCpu.lh_rms_norm(
                        context(), x, weight, eps, out, rows, width, accumulate ? 1 : 0));
    }

    public void linear(
            MemorySegment x,
            int rows,
            int inputs,
            NativeMatrices matrices,
            NativeLoraRows loras,
            MemorySegment out,
            boolean accumulate) {
        CpuKernelException.check(
                "linear",
                LonghandCpu.lh_linear(
                        context(),
                        x,
                        rows,
                        inputs,
                        matrices.structs(),
                        matrices.count(),
                        loras.structs(),
                        loras.count(),
                        out,
                        accumulate ? 1 : 0));
    }

    public void ropeAppend(
            MemorySegment qkv,
            int heads,
            MemorySegment rope,
            MemorySegment queryNorm,
            MemorySegment keyNorm,
            float normEps,
            NativeBatch batch,
            NativeKv kv,
            int layer) {
        CpuKernelException.check(
                "rope_append",
                LonghandCpu.lh_rope_append(
                        context(),
                        qkv,
                        heads,
                        rope,
                        queryNorm,
                        keyNorm,
                        normEps,
                        batch.struct(),
                        kv.struct(),
                        layer));
    }

    public void attention(
            MemorySegment qkv,
            int heads,
            float scale,
            float cap,
            int window,
            NativeBatch batch,
            NativeKv kv,
            int layer,
            MemorySegment out) {
        CpuKernelException.check(
                "attention",
                LonghandCpu.lh_attention(
                        context(),
                        qkv,
                        heads,
                        scale,
                        cap,
                        window,
                        batch.struct(),
                        kv.struct(),
                        layer,
                        out));
    }

    public void swiGlu(
            MemorySegment gateUp,
            CpuActivation activation,
            MemorySegment out,
            int rows,
            int width) {
        CpuKernelException.check(
                "swiglu",
                LonghandCpu.lh_swiglu(context(), gateUp, activation.code(), out, rows, width));
    }

    public void softCap(MemorySegment x, long count, float cap) {
        CpuKernelException.check("soft_cap", LonghandCpu.lh_soft_cap(context(), x, count, cap));
    }

    public void gatherRows(
            MemorySegment x, MemorySegment indices, MemorySegment out, int count, int width) {
        CpuKernelException.check(
                "gather_rows",
                LonghandCpu.lh_gather_rows(context(), x, indices, out, count, width));
    }

    public void quantize(
            MemorySegment weights,
            CpuDtype from,
            int outputs,
            int inputs,
            CpuDtype to,
            MemorySegment out) {
        CpuKernelException.check(
                "quantize",
                LonghandCpu.lh_quantize(
                        context(), weights, from.code(), outputs, inputs, to.code(), out));
    }

    /** The index of the first NaN or infinity, or -1. */
    public long findNonFinite(MemorySegment values, CpuDtype dtype, long count) {
        CpuKernelException.check(
                "find_nonfinite",
                LonghandCpu.lh_find_nonfinite(context(), values, dtype.code(), count, found));
        return found.get(ValueLayout.JAVA_LONG, 0);
    }

    public void copyPage(NativeKv kv, int from, int to) {
        CpuKernelException.check(
                "copy_page", LonghandCpu.lh_copy_page(context(), kv.struct(), from, to));
    }

    /** Ends the threads; idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LonghandCpu.lh_context_destroy(context);
        }
    }
}
