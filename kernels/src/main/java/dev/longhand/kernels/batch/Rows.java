package dev.longhand.kernels.batch;

import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/** The leading rows of tensors that an op processes, and the adapter of each row. */
public interface Rows {
    /** The number of rows. */
    int rows();

    /** The adapter that changes the linear layers for a row, or null. */
    @Nullable LoraAdapter adapter(int row);

    /**
     * The first row after {@code first} with a different adapter, or {@link #rows} if there is
     * none.
     */
    default int adapterEnd(int first) {
        LoraAdapter adapter = adapter(first);
        int end = first + 1;
        while (end < rows() && Objects.equals(adapter(end), adapter)) {
            end++;
        }
        return end;
    }

    /** Rows without adapters. */
    static Rows of(int count) {
        return new PlainRows(count);
    }

    /** Rows without adapters. */
    record PlainRows(int rows) implements Rows {
        @Override
        public @Nullable LoraAdapter adapter(int row) {
            return null;
        }
    }
}
