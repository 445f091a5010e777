package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Eight sequences in one batch, with five adapters of different ranks and target modules and with
 * none. Each has the same bits as when it runs alone, at any chunking of its prompt.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AdapterBatchTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim64-group7-tied");

    /** The adapter of each sequence, in the order in which they begin. */
    private static final List<@Nullable String> ADAPTERS =
            Arrays.asList("r1", null, "r8", "r64", "r256", "r8", null, "r16");

    private static final int TOKENS = 12;

    @TempDir private Path temporary;
    private final Map<String, Path> folders = new LinkedHashMap<>();

    @BeforeEach
    void writeAdapters() {
        add("r1", 1, List.of(Projection.values()));
        add("r8", 8, List.of(Projection.Q, Projection.V));
        add("r16", 16, List.of(Projection.O, Projection.DOWN));
        add("r64", 64, List.of(Projection.values()));
        add("r256", 256, List.of(Projection.values()));
    }

    private void add(String name, int rank, List<Projection> projections) {
        folders.put(
                name,
                TestAdapter.of(CHECKPOINT, rank, rank, projections).write(temporary.resolve(name)));
    }

    @Test
    void cpu() {
        sameBitsTogether(Device.CPU);
    }

    @Test
    void ptx() {
        sameBitsTogether(TestDevices.PTX);
        assertEquals(List.of(), TestDevices.ptx().findings());
    }

    @Tag("gpu")
    @Test
    void gpu() {
        sameBitsTogether(Device.CUDA);
    }

    private void sameBitsTogether(Device device) {
        TestDevices.require(device);
        List<Completion> alone = new ArrayList<>();
        for (int i = 0; i < ADAPTERS.size(); i++) {
            try (Engine engine = open(device, 512)) {
                alone.add(Completion.of(engine, request(i)));
            }
        }
        assertEquals(ADAPTERS.size(), alone.stream().distinct().count());
        for (int prefillRows : new int[] {5, 64, 512}) {
            try (Engine engine = open(device, prefillRows)) {
                List<Generation> together = new ArrayList<>();
                for (int i = 0; i < ADAPTERS.size(); i++) {
                    together.add(engine.submit(request(i)));
                }
                for (int i = 0; i < ADAPTERS.size(); i++) {
                    assertEquals(
                            alone.get(i),
                            Completion.of(together.get(i)),
                            "sequence %d, steps of %d".formatted(i, prefillRows));
                }
            }
        }
    }

    private Engine open(Device device, int prefillRows) {
        EngineConfig config =
                EngineConfig.of(CHECKPOINT)
                        .withDevice(device)
                        .withSequencesMax(ADAPTERS.size())
                        .withPrefillRowsMax(prefillRows)
                        .withSteadyDecoding(false)
                        .withContextTokensMax(128)
                        .withKvTokensMax(1024)
                        .withAdapters(folders);
        return Engine.open(config);
    }

    private static GenerationRequest request(int sequence) {
        List<Integer> prompt = Goldens.prompt(CHECKPOINT, 33).subList(0, 5 + 4 * sequence);
        GenerationRequest request =
                GenerationRequest.ids(prompt)
                        .withMaxTokens(TOKENS)
                        .withSampling(SamplingOptions.greedy().withLogprobs(20))
                        .ignoringEos();
        String adapter = ADAPTERS.get(sequence);
        return adapter == null ? request : request.withAdapter(adapter);
    }
}
