package dev.longhand.engine.weights;

import dev.longhand.engine.error.FileChangedException;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Set;

/** A file of tensors, mapped read-only. Tensors are slices of the mapping. */
public sealed interface TensorFile permits SafetensorsFile, GgufTensors {
    /** Returns the path of the file. */
    Path path();

    /** The mapped file, header included. */
    MemorySegment whole();

    /** Returns the names of all tensors. */
    Set<String> names();

    /** Returns the total size of the tensor data, in bytes. */
    long bytes();

    /** Returns the bytes of an existing tensor, of any dtype. */
    MemorySegment slice(String name);

    /**
     * Returns an existing tensor, a view of the mapping.
     *
     * @throws dev.longhand.engine.error.InputException if it has an extent of 0 or a dtype that no
     *     kernel reads
     */
    HostTensor tensor(String name);

    /** Returns whether the file was changed in place since it was opened; any thread may call. */
    boolean changed();

    /**
     * Checks that everything read from the file so far is right.
     *
     * @throws FileChangedException if the file was changed in place since it was opened
     */
    default void requireUnchanged() {
        if (changed()) {
            throw new FileChangedException(path());
        }
    }
}
