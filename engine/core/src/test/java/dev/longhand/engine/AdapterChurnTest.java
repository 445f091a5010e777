package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Random loads, replacements, merges, unmerges and unloads of adapters while other requests
 * generate. A model of the content behind each name predicts every answer bit for bit. At the end
 * all memory is freed.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AdapterChurnTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");
    private static final int CYCLES = 200;
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final int CONTENTS = 5;
    private static final int RANK = 256;

    @TempDir private Path temporary;
    private final List<Path> folders = new ArrayList<>();
    private final Map<String, Completion> answers = new HashMap<>();
    private final Random random = new Random(11);

    private record Expected(Generation generation, Completion completion, String what) {}

    /** The expected state of the engine: the content of each name, and the merged name. */
    private final Map<String, Integer> contents = new HashMap<>();

    private @Nullable String merged;
    private final ArrayDeque<Expected> underWay = new ArrayDeque<>();

    private static GenerationRequest request(@Nullable String adapter) {
        GenerationRequest request =
                GenerationRequest.ids(Goldens.prompt(CHECKPOINT, 33))
                        .withMaxTokens(40)
                        .withSampling(SamplingOptions.greedy().withLogprobs(5))
                        .ignoringEos();
        return adapter == null ? request : request.withAdapter(adapter);
    }

    private static EngineConfig config() {
        return EngineConfig.of(CHECKPOINT)
                .withDevice(Device.CPU)
                .withThreads(2)
                .withContextTokensMax(128)
                .withKvTokensMax(1024);
    }

    /**
     * Records the answers of the base and of each content, applied and merged, from engines of
     * their own.
     */
    private void learnTheAnswers() throws InterruptedException {
        for (int i = 0; i < CONTENTS; i++) {
            Path folder = temporary.resolve("content" + i);
            folders.add(TestAdapter.allLinear(CHECKPOINT, RANK, i).write(folder));
            try (Engine engine = Engine.open(config())) {
                answers.put("base", Completion.of(engine, request(null)));
                engine.adapters().load("it", folder);
                answers.put("applied " + i, Completion.of(engine, request("it")));
                engine.adapters().merge("it");
                answers.put("merged " + i, Completion.of(engine, request("it")));
            }
        }
        assertEquals(2 * CONTENTS + 1, answers.values().stream().distinct().count());
    }

    @Test
    void everyAnswerIsRightAndAllMemoryComesBack() throws InterruptedException {
        TestDevices.require(Device.CPU);
        learnTheAnswers();
        try (Engine engine = Engine.open(config())) {
            cycles(engine, 20); // the first cycles create lasting threads and buffers
            ProcessResources before = ProcessResources.now(temporary);
            long bytes = ProcessResources.nativeBytes();
            cycles(engine, CYCLES);
            long more = ProcessResources.nativeBytes() - bytes;
            System.out.printf("%d cycles: %d B more native memory%n", CYCLES, more);
            // Java's own file read buffers take 8 kB each. A leak would take more: one adapter has
            // over 300 kB, and the tables of 50 adapters on the backend exceed the limit, too.
            assertTrue(more < 20_000, more + " B of native memory are not back");
            assertEquals(answers.get("base"), Completion.of(engine, request(null)));
            before.assertNothingMoreNow(temporary);
        }
    }

    /** Runs {@code count} random changes during generation, then unloads everything. */
    private void cycles(Engine engine, int count) throws InterruptedException {
        for (int cycle = 0; cycle < count; cycle++) {
            change(engine);
            submit(engine);
            while (underWay.size() > 6) {
                check(underWay.remove());
            }
        }
        while (!underWay.isEmpty()) {
            check(underWay.remove());
        }
        engine.adapters().unmerge();
        merged = null;
        for (String name : List.copyOf(contents.keySet())) {
            engine.adapters().unload(name);
            contents.remove(name);
        }
        assertEquals(0, engine.adapters().residentBytes());
    }

    private void change(Engine engine) throws InterruptedException {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        switch (random.nextInt(4)) {
            case 0 -> {
                if (!name.equals(merged)) { // merged weights would keep the old content
                    int content = random.nextInt(CONTENTS);
                    engine.adapters().load(name, folders.get(content));
                    contents.put(name, content);
                }
            }
            case 1 -> {
                if (contents.containsKey(name)) {
                    engine.adapters().merge(name);
                    merged = name;
                }
            }
            case 2 -> {
                engine.adapters().unmerge();
                merged = null;
            }
            default -> {
                if (contents.containsKey(name) && !name.equals(merged)) {
                    engine.adapters().unload(name);
                    contents.remove(name);
                }
            }
        }
    }

    private void submit(Engine engine) {
        for (int i = 0; i < 2; i++) {
            List<String> loaded = List.copyOf(contents.keySet());
            String name = merged;
            if (name == null && !loaded.isEmpty() && random.nextInt(4) > 0) {
                name = loaded.get(random.nextInt(loaded.size()));
            }
            String what =
                    name == null
                            ? "base"
                            : (merged == null ? "applied " : "merged ") + contents.get(name);
            Completion answer = answers.get(what);
            underWay.add(new Expected(engine.submit(request(name)), answer, what));
        }
    }

    private static void check(Expected expected) {
        assertEquals(expected.completion, Completion.of(expected.generation), expected.what);
    }
}
