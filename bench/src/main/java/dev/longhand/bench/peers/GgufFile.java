package dev.longhand.bench.peers;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a Qwen2 checkpoint as a GGUF file, version 3, without a tokenizer. All matrices, the
 * embedding included, have one type, which therefore determines the bytes that a token reads.
 */
final class GgufFile {
    private static final int MAGIC = 0x46554747; // "GGUF", little-endian
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int HEADER_BYTES_MAX = 1 << 20;

    /** The ids of the types of metadata values. */
    private static final int U32 = 4;

    private static final int FLOAT32 = 6;
    private static final int STRING = 8;

    private final Checkpoint checkpoint;
    private final ModelConfig config;
    private final GgufType type;
    private final List<Entry> entries = new ArrayList<>();
    private final ByteBuffer header =
            ByteBuffer.allocate(HEADER_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    private int keys;

    /**
     * A tensor of the file.
     *
     * @param name the name in the GGUF file
     * @param source the name in the checkpoint
     */
    private record Entry(String name, String source, Shape shape, GgufType type) {
        long bytes() {
            return type.bytes(shape.elements());
        }
    }

    private GgufFile(Checkpoint checkpoint, ModelConfig config, GgufType type) {
        this.checkpoint = checkpoint;
        this.config = config;
        this.type = type;
    }

    /**
     * Returns the GGUF file beside a checkpoint folder; writes the file if it is absent.
     *
     * @param folder the checkpoint, with unquantised weights
     * @param type the type of all matrices
     */
    static Path cached(Path folder, GgufType type) throws IOException {
        Path file = folder.resolveSibling("%s-%s.gguf".formatted(folder.getFileName(), type));
        if (!Files.exists(file)) {
            Path partial = file.resolveSibling(file.getFileName() + ".partial");
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                new GgufFile(checkpoint, ModelConfig.read(folder), type).write(partial);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return file;
    }

    private void write(Path file) throws IOException {
        list();
        header.putInt(MAGIC).putInt(VERSION).putLong(entries.size());
        int keysAt = header.position();
        header.putLong(0);
        metadata();
        header.putLong(keysAt, keys);
        long offset = 0;
        for (Entry entry : entries) {
            string(entry.name);
            int rank = entry.shape.rank();
            header.putInt(rank);
            for (int i = rank - 1; i >= 0; i--) { // the contiguous extent comes first
                header.putLong(entry.shape.extent(i));
            }
            header.putInt(entry.type.id()).putLong(offset);
            offset += aligned(entry.bytes());
        }
        while (header.position() % ALIGNMENT != 0) {
            header.put((byte) 0);
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(header.array(), 0, header.position());
            for (Entry entry : entries) {
                write(entry, out);
            }
        }
    }

    private void list() {
        ModelLayout layout = config.layout();
        linear("token_embd", layout.embedding());
        for (int i = 0; i < layout.layers().size(); i++) {
            LayerLayout layer = layout.layers().get(i);
            String to = "blk." + i + ".";
            norm(to + "attn_norm", layer.inputNorm());
            linear(to + "attn_q", layer.linear(Projection.Q));
            linear(to + "attn_k", layer.linear(Projection.K));
            linear(to + "attn_v", layer.linear(Projection.V));
            linear(to + "attn_output", layer.linear(Projection.O));
            norm(to + "ffn_norm", layer.mlpNorm());
            linear(to + "ffn_gate", layer.linear(Projection.GATE));
            linear(to + "ffn_up", layer.linear(Projection.UP));
            linear(to + "ffn_down", layer.linear(Projection.DOWN));
        }
        norm("output_norm", layout.finalNorm());
        if (!layout.tied()) {
            linear("output", layout.head());
        }
    }

    private void linear(String to, LinearModule from) {
        entries.add(new Entry(to + ".weight", from.weight(), from.shape(), type));
        if (from.biased()) {
            vector(to + ".bias", from.bias(), from.outputs());
        }
    }

    private void norm(String to, NormModule from) {
        vector(to + ".weight", from.weight(), from.width());
    }

    private void vector(String to, String from, int length) {
        entries.add(new Entry(to, from, Shape.of(length), GgufType.F32));
    }

    private void metadata() {
        key("general.architecture", STRING);
        string("qwen2");
        key("general.quantization_version", U32).putInt(2);
        key("qwen2.context_length", U32).putInt(config.maxPositions());
        key("qwen2.embedding_length", U32).putInt(config.hiddenSize());
        key("qwen2.block_count", U32).putInt(config.layers());
        key("qwen2.feed_forward_length", U32).putInt(config.intermediateSize());
        key("qwen2.attention.head_count", U32).putInt(config.heads());
        key("qwen2.attention.head_count_kv", U32).putInt(config.kvHeads());
        key("qwen2.attention.layer_norm_rms_epsilon", FLOAT32).putFloat(config.rmsNormEps());
        key("qwen2.rope.freq_base", FLOAT32).putFloat((float) config.rope().theta());
        key("qwen2.vocab_size", U32).putInt(config.vocabSize());
        key("tokenizer.ggml.model", STRING);
        string("no_vocab");
    }

    private ByteBuffer key(String name, int valueType) {
        keys++;
        string(name);
        return header.putInt(valueType);
    }

    private void string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header.putLong(bytes.length).put(bytes);
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void write(Entry entry, OutputStream out) throws IOException {
        HostTensor tensor = checkpoint.tensor(entry.source, entry.shape);
        int blockWeights = entry.type.blockWeights();
        float[] block = new float[blockWeights];
        int rowBytes = Math.toIntExact(entry.type.bytes(entry.shape.width()));
        ByteBuffer row = ByteBuffer.allocate(rowBytes).order(ByteOrder.LITTLE_ENDIAN);
        for (long begin = 0; begin < entry.shape.elements(); begin += blockWeights) {
            for (int i = 0; i < blockWeights; i++) {
                block[i] = tensor.get(begin + i);
            }
            entry.type.encode(block, row);
            if (!row.hasRemaining()) {
                out.write(row.array());
                row.clear();
            }
        }
        out.write(new byte[(int) (aligned(entry.bytes()) - entry.bytes())]);
    }
}
