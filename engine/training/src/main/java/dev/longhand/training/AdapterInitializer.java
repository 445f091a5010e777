package dev.longhand.training;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** Initial values of the matrices A and B of an adapter. */
public final class AdapterInitializer {
    private static final String A = ".lora_A.weight";
    private static final String PREFIX = "base_model.model.";

    private AdapterInitializer() {}

    /**
     * Draws A uniformly from -1/sqrt(in) to 1/sqrt(in), as PEFT does (Kaiming-uniform with a =
     * sqrt(5)), and sets B to zero, so that the model begins as its base. The values of a matrix
     * depend on seed and name only.
     */
    public static void random(TrainableModel model, long seed) {
        for (TrainedTensor tensor : model.tensors()) {
            MemorySegment master = tensor.master();
            master.fill((byte) 0);
            if (tensor.name().endsWith(A)) {
                byte[] key = Sha256.bytes(seed + ":lora:" + tensor.name());
                SplittableRandom random = new SplittableRandom(ByteBuffer.wrap(key).getLong());
                double limit = 1 / Math.sqrt((double) tensor.shape().extent(1));
                for (long i = 0; i < tensor.shape().elements(); i++) {
                    double uniform = (random.nextLong() >>> 11) * 0x1p-53;
                    master.setAtIndex(
                            ValueLayout.JAVA_FLOAT, i, (float) ((2 * uniform - 1) * limit));
                }
            }
        }
        model.publishMasters();
    }

    /**
     * Reads all matrices from a PEFT folder, in f32, f16 or bf16.
     *
     * @throws InputException if the folder has other matrices than the model
     */
    public static void read(TrainableModel model, Path folder) {
        Path path = folder.resolve("adapter_model.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(path, arena);
            Set<String> unused = new HashSet<>(file.names());
            for (TrainedTensor tensor : model.tensors()) {
                String name = PREFIX + tensor.name();
                if (!unused.remove(name)) {
                    throw new InputException("%s: has no tensor %s".formatted(path, name));
                }
                HostTensor values = file.tensor(name);
                if (!values.shape().equals(tensor.shape())) {
                    throw new InputException(
                            "%s: the tensor %s has shape %s, the run asks for %s"
                                    .formatted(path, name, values.shape(), tensor.shape()));
                }
                copy(values, tensor.master());
            }
            if (!unused.isEmpty()) {
                throw new InputException(
                        "%s: the tensor %s is not trained by this run"
                                .formatted(path, unused.iterator().next()));
            }
        }
        model.publishMasters();
    }

    private static void copy(HostTensor from, MemorySegment to) {
        long count = from.shape().elements();
        DType dtype = from.dtype();
        for (long i = 0; i < count; i++) {
            float value =
                    switch (dtype) {
                        case F32 -> from.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
                        case F16 ->
                                Float.float16ToFloat(
                                        from.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i));
                        case BF16 ->
                                Float.intBitsToFloat(
                                        from.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i)
                                                << 16);
                        default -> throw new InputException("adapters in " + dtype);
                    };
            to.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
    }
}
