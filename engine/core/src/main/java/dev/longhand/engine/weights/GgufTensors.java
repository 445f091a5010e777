package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.gguf.GgufFile;
import dev.longhand.engine.gguf.GgufTensor;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The tensors of one GGUF file, by their names in transformers or PEFT. */
public final class GgufTensors implements TensorFile {
    private final GgufFile file;
    private final Map<String, GgufTensor> tensors;
    private final Map<String, HostTensor> reordered = new ConcurrentHashMap<>();

    /**
     * Creates a view of a file.
     *
     * @param tensors all its tensors, under their other names
     */
    public GgufTensors(GgufFile file, Map<String, GgufTensor> tensors) {
        this.file = file;
        this.tensors = Map.copyOf(tensors);
    }

    @Override
    public Path path() {
        return file.path();
    }

    @Override
    public MemorySegment whole() {
        return file.whole();
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public long bytes() {
        return file.bytes();
    }

    @Override
    public MemorySegment slice(String name) {
        return stored(name).data();
    }

    /** Returns an existing tensor as it is stored. */
    GgufTensor stored(String name) {
        GgufTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(name + " is in another file");
        }
        return tensor;
    }

    @Override
    public HostTensor tensor(String name) {
        GgufTensor tensor = stored(name);
        if (tensor.type().quantized()) {
            throw new InputException(
                    "%s: tensor %s is of type %s, which is read for linear layers only"
                            .formatted(path(), ErrorText.quote(name), tensor.type()));
        }
        HostTensor stored = new HostTensor(tensor.type().dtype(), tensor.shape(), tensor.data());
        return tensor.interleaved() == 0
                ? stored
                : reordered.computeIfAbsent(name, _ -> copy(tensor, stored));
    }

    /** Returns a copy with the rows in the order of the model. */
    private static HostTensor copy(GgufTensor tensor, HostTensor stored) {
        HostTensor copy = HostTensor.allocate(Arena.ofAuto(), stored.dtype(), stored.shape());
        long rows = stored.shape().extent(0);
        long rowBytes = stored.bytes() / rows;
        for (long row = 0; row < rows; row++) {
            MemorySegment.copy(
                    stored.data(),
                    tensor.storedRow(row) * rowBytes,
                    copy.data(),
                    row * rowBytes,
                    rowBytes);
        }
        return copy;
    }

    @Override
    public boolean changed() {
        return file.changed();
    }
}
