package dev.longhand.training.output;

import dev.longhand.engine.weights.SafetensorsWriter;
import dev.longhand.kernels.tensor.BFloat16;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** The element type of written tensors. */
public enum Elements {
    F32(4),
    BF16(2);

    private static final int CHUNK = 1 << 20;

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int bytes;

    Elements(int bytes) {
        this.bytes = bytes;
    }

    /** Returns the size of an element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Writes f32 values, rounded to nearest even for BF16. */
    void write(WritableByteChannel channel, MemorySegment values) throws IOException {
        write(channel, values, 0);
    }

    /** Writes f32 values less {@code base}. */
    void write(WritableByteChannel channel, MemorySegment values, float base) throws IOException {
        if (this == F32 && base == 0) {
            SafetensorsWriter.write(channel, values);
            return;
        }
        long count = values.byteSize() / Float.BYTES;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment written = arena.allocate(Math.min(count, CHUNK) * bytes);
            for (long from = 0; from < count; from += CHUNK) {
                int length = (int) Math.min(CHUNK, count - from);
                for (int i = 0; i < length; i++) {
                    float value = values.getAtIndex(ValueLayout.JAVA_FLOAT, from + i) - base;
                    set(written, (long) i * bytes, value);
                }
                SafetensorsWriter.write(channel, written.asSlice(0, (long) length * bytes));
            }
        }
    }

    private void set(MemorySegment written, long at, float value) {
        switch (this) {
            case F32 -> written.set(FLOAT, at, value);
            case BF16 -> written.set(SHORT, at, BFloat16.bits(value));
        }
    }
}
