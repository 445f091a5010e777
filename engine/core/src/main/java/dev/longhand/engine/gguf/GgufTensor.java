package dev.longhand.engine.gguf;

import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/**
 * A tensor of a GGUF file.
 *
 * @param shape outermost extent first; the file has them in the opposite order
 * @param data its blocks, mapped
 * @param interleaved elements of a head if the rows of each head are stored in the order 0, n/2, 1,
 *     n/2 + 1 and so on, as llama.cpp has queries and keys of Llama; otherwise 0
 */
public record GgufTensor(GgufType type, Shape shape, MemorySegment data, int interleaved) {
    GgufTensor(GgufType type, Shape shape, MemorySegment data) {
        this(type, shape, data, 0);
    }

    /** Returns the same tensor, of whose heads the rows are stored interleaved. */
    GgufTensor ofHeads(int headDim) {
        return new GgufTensor(type, shape, data, headDim);
    }

    /** Returns the place in the file of a row of the model. */
    public long storedRow(long row) {
        if (interleaved == 0) {
            return row;
        }
        long in = row % interleaved;
        int half = interleaved / 2;
        return row - in + in % half * 2 + in / half;
    }
}
