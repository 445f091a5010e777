package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers the answers of a run in the order of its output: by problem, then by sample. */
final class RunPlan implements AnswerOrder {
    private static final JsonMapper JSON = new JsonMapper();

    private final List<Problem> problems;
    private final int samples;
    private final long seed;
    private final Map<String, Integer> problemOf = new HashMap<>();

    RunPlan(List<Problem> problems, RunConfig config) {
        this.problems = problems;
        samples = config.samples();
        seed = config.seed();
        if ((long) problems.size() * samples > Integer.MAX_VALUE) {
            throw new InputException("more than 2^31 answers are asked for");
        }
        for (int i = 0; i < problems.size(); i++) {
            problemOf.put(problems.get(i).idText(), i);
        }
    }

    int total() {
        return problems.size() * samples;
    }

    Problem problem(int index) {
        return problems.get(index / samples);
    }

    int sample(int index) {
        return index % samples;
    }

    /**
     * Returns the seed of an answer: the first 52 bits of the SHA-256 of {@code SEED:generate:ID},
     * plus the sample. It depends on the run's seed, the problem's id and the sample only, so that
     * an answer is independent of the other problems. Consecutive seeds let the samples of a
     * problem be one request, whose prompt the engine computes once. Seeds stay below 2^53, so that
     * JSON readers keep them exactly.
     */
    long seed(int index) {
        String name = "%d:generate:%s".formatted(seed, problem(index).idText());
        byte[] first = Arrays.copyOf(Sha256.bytes(name), Long.BYTES);
        return new BigInteger(1, first).shiftRight(Long.SIZE - 52).longValueExact() + sample(index);
    }

    /** The number of samples of the same problem from this answer on. */
    int samplesFrom(int index) {
        return samples - sample(index);
    }

    /** Parses a line of a run's files; null if it is not JSON. */
    static @Nullable JsonNode parse(byte[] line) {
        try {
            return JSON.readTree(line);
        } catch (JacksonException e) {
            return null;
        }
    }

    @Override
    public boolean isAnswer(int index, JsonNode line) {
        return index >= 0
                && index < total()
                && line.path("id").asString("").equals(problem(index).idText())
                && line.path("sample").asInt(-1) == sample(index)
                && line.path("seed").asLong(-1) == seed(index);
    }

    @Override
    public ObjectNode name(int index) {
        ObjectNode name = JSON.createObjectNode();
        name.set("id", problem(index).id());
        return name.put("sample", sample(index));
    }

    /** The index of the answer with the id and the sample of a line; -1 if there is none. */
    @Override
    public int index(JsonNode line) {
        Integer problem = problemOf.get(line.path("id").asString(""));
        int sample = line.path("sample").asInt(-1);
        return problem == null || sample < 0 || sample >= samples ? -1 : problem * samples + sample;
    }
}
