package dev.longhand.engine.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.file.Sha256;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;

/** Every quantised type against the reference dequantisation of the gguf package, by hashes. */
class BlockReaderTest {
    private static final Path TYPES = Goldens.FOLDER.resolve("gguf/types.gguf");

    @ParameterizedTest
    @EnumSource(
            names = {"F32", "F16", "BF16"},
            mode = EnumSource.Mode.EXCLUDE)
    void valuesAreThoseOfTheReference(GgufType type) {
        try (Arena arena = Arena.ofShared()) {
            GgufFile file = GgufFile.open(TYPES, arena);
            GgufTensor tensor = file.tensors().get(type.name());
            assertNotNull(tensor);
            HostTensor packed = HostTensor.allocate(arena, type.dtype(), tensor.shape());
            repack(tensor, new QuantizedMatrix(packed));
            assertEquals(file.metadata().requiredString("golden." + type.name()), hash(packed));
        }
    }

    private static void repack(GgufTensor tensor, QuantizedMatrix matrix) {
        GgufType type = tensor.type();
        BlockReader reader = BlockReader.of(type);
        int blocks = Math.toIntExact(tensor.shape().width() / type.blockWeights());
        for (int row = 0; row < tensor.shape().rows(); row++) {
            for (int block = 0; block < blocks; block++) {
                long at = ((long) row * blocks + block) * type.blockBytes();
                assertTrue(reader.repack(tensor.data(), at, matrix, row, block));
            }
        }
    }

    private static String hash(HostTensor tensor) {
        MessageDigest digest = Sha256.digest();
        ByteBuffer value = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 0; i < tensor.shape().elements(); i++) {
            digest.update(value.putFloat(0, tensor.get(i) + 0f).array()); // -0 counts as 0
        }
        return Sha256.hex(digest);
    }

    @Test
    void everyQuantisedTypeHasItsGolden() {
        try (Arena arena = Arena.ofShared()) {
            GgufFile file = GgufFile.open(TYPES, arena);
            for (GgufType type : GgufType.values()) {
                assertEquals(type.quantized(), file.tensors().containsKey(type.name()));
            }
        }
    }
}
