package dev.longhand.training.run;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.Settings;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * A checkpoint of a run: its progress, then master and both moments of every tensor in f32, then
 * the CRC32C of all bytes before. With the data and settings it decides all later bits.
 *
 * @param step updates so far
 * @param total steps of the run
 * @param logBytes length of the log after this step
 * @param best the best evaluation so far; null before the first
 * @param worse evaluations since the best
 * @param settings the settings that decide the result, by name
 */
record TrainingState(
        long step,
        long total,
        long logBytes,
        @Nullable EvaluationRecord best,
        int worse,
        Map<String, String> settings) {
    private static final long MAGIC = 0x4c4f4e4748414e44L; // LONGHAND
    private static final int PREFIX_BYTES = Long.BYTES + Integer.BYTES;
    private static final long CHUNK_BYTES = 16L << 20;
    private static final JsonMapper JSON = new JsonMapper();

    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Returns the size of a checkpoint of a model in bytes, without its header. */
    static long bytes(TrainableModel model) {
        return model.tensors().stream().mapToLong(each -> 3 * each.master().byteSize()).sum();
    }

    private static List<MemorySegment> segments(TrainedTensor tensor) {
        return List.of(tensor.master(), tensor.firstMoment(), tensor.secondMoment());
    }

    /** Writes the checkpoint: beside the file, forced to the disk, then renamed. */
    void write(Path file, TrainableModel model) throws IOException {
        byte[] header = JSON.writeValueAsBytes(header(model));
        DurableFiles.replace(file, channel -> write(channel, header, model.tensors()));
    }

    private static void write(FileChannel channel, byte[] header, List<TrainedTensor> tensors)
            throws IOException {
        CRC32C sum = new CRC32C();
        ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        prefix.putLong(MAGIC).putInt(header.length).flip();
        write(channel, MemorySegment.ofBuffer(prefix), sum);
        write(channel, MemorySegment.ofArray(header), sum);
        for (TrainedTensor tensor : tensors) {
            for (MemorySegment segment : segments(tensor)) {
                write(channel, segment, sum);
            }
        }
        ByteBuffer end = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(channel, MemorySegment.ofBuffer(end.putLong(sum.getValue()).flip()), sum);
    }

    private static void write(FileChannel channel, MemorySegment bytes, CRC32C sum)
            throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
            long count = Math.min(CHUNK_BYTES, bytes.byteSize() - done);
            ByteBuffer chunk = bytes.asSlice(done, count).asByteBuffer();
            sum.update(chunk.duplicate());
            while (chunk.hasRemaining()) {
                channel.write(chunk);
            }
        }
    }

    private ObjectNode header(TrainableModel model) {
        ObjectNode header = JSON.createObjectNode();
        header.put("step", step).put("total", total).put("log_bytes", logBytes);
        header.put("worse", worse);
        if (best != null) {
            header.set("best", header(best));
        }
        ObjectNode written = header.putObject("settings");
        settings.forEach(written::put);
        ObjectNode tensors = header.putObject("tensors");
        model.tensors().forEach(each -> tensors.put(each.name(), each.shape().toString()));
        return header;
    }

    private static ObjectNode header(EvaluationRecord best) {
        ObjectNode header = JSON.createObjectNode().put("step", best.step());
        LabelScore labels = best.labels();
        if (labels != null) {
            header.put("loss", labels.loss()).put("accuracy", labels.tokenAccuracy());
        }
        AnswerScore answers = best.answers();
        if (answers != null) {
            header.put("correct", answers.correct()).put("answers", answers.answers());
        }
        return header;
    }

    private static EvaluationRecord best(JsonNode header) {
        return new EvaluationRecord(
                header.get("step").asLong(),
                header.has("loss")
                        ? new LabelScore(
                                header.get("loss").asDouble(), header.get("accuracy").asDouble())
                        : null,
                header.has("answers")
                        ? new AnswerScore(
                                header.get("correct").asInt(), header.get("answers").asInt())
                        : null,
                true);
    }

    /** A checkpoint file that is whole. */
    record Read(TrainingState state, Map<String, String> tensors, MemorySegment data) {
        /**
         * Copies the checkpoint into a model, without publishing it.
         *
         * @throws InputException if the model's tensors are others
         */
        void restore(Path file, TrainableModel model) {
            Map<String, String> shapes = new TreeMap<>();
            model.tensors().forEach(each -> shapes.put(each.name(), each.shape().toString()));
            if (!shapes.equals(tensors)) {
                throw new InputException(
                        file
                                + ": was written for other tensors; resume with the same model and"
                                + " method");
            }
            long at = 0;
            for (TrainedTensor tensor : model.tensors()) {
                for (MemorySegment segment : segments(tensor)) {
                    segment.copyFrom(data.asSlice(at, segment.byteSize()));
                    at += segment.byteSize();
                }
            }
        }
    }

    /**
     * Maps a checkpoint.
     *
     * @param arena keeps the mapping
     * @throws InputException if it is damaged
     * @throws IOException if it cannot be read
     */
    static Read read(Path file, Arena arena) throws IOException {
        MemorySegment whole;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
        long end = whole.byteSize() - Long.BYTES;
        if (end < PREFIX_BYTES || whole.get(LONG, 0) != MAGIC) {
            throw new InputException(file + ": is not a checkpoint of a training run");
        }
        CRC32C sum = new CRC32C();
        for (long done = 0; done < end; done += CHUNK_BYTES) {
            sum.update(whole.asSlice(done, Math.min(CHUNK_BYTES, end - done)).asByteBuffer());
        }
        if (sum.getValue() != whole.get(LONG, end)) {
            throw new InputException(file + ": is damaged; its CRC32C does not match");
        }
        int length = whole.get(INT, Long.BYTES);
        byte[] json = whole.asSlice(PREFIX_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        Settings header = Settings.parse(file.toString(), json);
        return new Read(
                parse(new String(json, StandardCharsets.UTF_8)),
                strings(header, "tensors"),
                whole.asSlice(PREFIX_BYTES + (long) length, end - PREFIX_BYTES - length));
    }

    private static TrainingState parse(String json) {
        ObjectNode header = (ObjectNode) JSON.readTree(json);
        Map<String, String> settings = new TreeMap<>();
        header.get("settings")
                .properties()
                .forEach(each -> settings.put(each.getKey(), each.getValue().asString()));
        return new TrainingState(
                header.get("step").asLong(),
                header.get("total").asLong(),
                header.get("log_bytes").asLong(),
                header.has("best") ? best(header.get("best")) : null,
                header.get("worse").asInt(),
                settings);
    }

    private static Map<String, String> strings(Settings header, String key) {
        Settings object = header.object(key).orElseThrow(() -> header.refuse(key, "is missing"));
        Map<String, String> strings = new TreeMap<>();
        for (String name : object.keys()) {
            strings.put(name, object.string(name).orElseThrow());
        }
        return strings;
    }
}
