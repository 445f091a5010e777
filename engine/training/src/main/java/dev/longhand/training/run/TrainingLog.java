package dev.longhand.training.run;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of a run, {@code train.jsonl}: an object for each step and each evaluation. A resumed run
 * cuts it to the length of the checkpoint and writes the same lines again, times apart.
 */
final class TrainingLog implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final FileChannel channel;
    private final List<StepRecord> steps = new ArrayList<>();
    private final List<EvaluationRecord> evaluations = new ArrayList<>();

    private TrainingLog(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens the log and keeps its first bytes. */
    @SuppressWarnings("MustBeClosedChecker") // the log closes it
    static TrainingLog open(Path file, long keptBytes) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel.truncate(keptBytes);
        channel.position(channel.size());
        TrainingLog log = new TrainingLog(channel);
        for (String line : Files.readAllLines(file)) {
            log.read(JSON.readTree(line));
        }
        return log;
    }

    private void read(JsonNode line) {
        long step = line.get("step").asLong();
        if (line.has("eval_loss") || line.has("eval_accuracy")) {
            evaluations.add(new EvaluationRecord(step, labels(line), answers(line), false));
        } else {
            steps.add(
                    new StepRecord(
                            step,
                            line.get("epoch").asDouble(),
                            line.get("loss").asDouble(),
                            line.get("grad_norm").asDouble(),
                            line.get("lr").asDouble(),
                            line.get("tokens").asLong(),
                            line.get("label_tokens").asLong(),
                            line.get("tokens_per_second").asDouble(),
                            line.get("peak_bytes").asLong(),
                            line.get("eta_seconds").asDouble()));
        }
    }

    private static @Nullable LabelScore labels(JsonNode line) {
        return line.has("eval_loss")
                ? new LabelScore(
                        line.get("eval_loss").asDouble(),
                        line.get("eval_token_accuracy").asDouble())
                : null;
    }

    private static @Nullable AnswerScore answers(JsonNode line) {
        return line.has("eval_accuracy")
                ? new AnswerScore(
                        line.get("eval_correct").asInt(), line.get("eval_answers").asInt())
                : null;
    }

    void add(StepRecord step) throws IOException {
        steps.add(step);
        ObjectNode line = JSON.createObjectNode();
        line.put("step", step.step())
                .put("epoch", step.epoch())
                .put("loss", step.loss())
                .put("grad_norm", step.gradientNorm())
                .put("lr", step.learningRate())
                .put("tokens", step.tokens())
                .put("label_tokens", step.labelTokens())
                .put("tokens_per_second", Math.round(step.tokensPerSecond() * 10) / 10.0)
                .put("peak_bytes", step.peakBytes())
                .put("eta_seconds", Math.round(step.secondsLeft()));
        write(line);
    }

    void add(EvaluationRecord evaluation) throws IOException {
        evaluations.add(evaluation);
        ObjectNode line = JSON.createObjectNode();
        line.put("step", evaluation.step());
        putScores(line, evaluation);
        write(line);
    }

    /** Adds the fields of the scores that an evaluation has. */
    static void putScores(ObjectNode json, EvaluationRecord evaluation) {
        LabelScore labels = evaluation.labels();
        if (labels != null) {
            json.put("eval_loss", labels.loss());
            json.put("eval_token_accuracy", labels.tokenAccuracy());
        }
        AnswerScore answers = evaluation.answers();
        if (answers != null) {
            json.put("eval_accuracy", answers.accuracy());
            json.put("eval_correct", answers.correct());
            json.put("eval_answers", answers.answers());
        }
    }

    private void write(ObjectNode line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Forces the log to the disk and returns its length. */
    long force() throws IOException {
        channel.force(true);
        return channel.position();
    }

    List<StepRecord> steps() {
        return steps;
    }

    List<EvaluationRecord> evaluations() {
        return evaluations;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
