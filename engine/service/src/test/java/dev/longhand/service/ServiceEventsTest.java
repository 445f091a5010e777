package dev.longhand.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.kernels.Device;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The events of a service in a flight recording. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ServiceEventsTest {
    private static final String PREFIX = "dev.longhand.";
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");

    private static final List<String> FIELDS =
            List.of(
                    "startTime",
                    "duration",
                    "eventThread",
                    "stackTrace",
                    "id",
                    "model",
                    "promptTokens",
                    "sinceRequest",
                    "finish",
                    "outputTokens");

    @TempDir private Path temporary;
    private Engine engine;
    private Service service;

    /** The client's requests during the recording. */
    private interface Work {
        void run() throws InterruptedException;
    }

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        TestAdapter.allLinear(CHECKPOINT, 8, 1).write(temporary.resolve("adapter"));
        engine =
                Engine.open(
                        EngineConfig.of(CHECKPOINT)
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withKvTokensMax(4096));
        service = new Service(engine, "base", temporary);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    /** Events by name without prefix, in the order of time. */
    private Map<String, List<RecordedEvent>> recorded(Work work) throws Exception {
        Path file = temporary.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String name :
                    List.of("RequestAdmitted", "FirstToken", "RequestFinished", "AdapterLoaded")) {
                recording.enable(PREFIX + name);
            }
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .sorted((a, b) -> a.getStartTime().compareTo(b.getStartTime()))
                .collect(
                        Collectors.groupingBy(
                                each -> each.getEventType().getName().substring(PREFIX.length())));
    }

    private void generate(String model, int tokens, int readMax) throws InterruptedException {
        GenerationRequest request =
                GenerationRequest.ids(List.of(3, 1, 4, 1, 5)).withMaxTokens(tokens).ignoringEos();
        try (ServedGeneration generation = service.submit(model, request, 1).getFirst()) {
            for (int i = 0; i < readMax && generation.next() != null; i++) {}
        }
    }

    @Test
    void aRequestIsAdmittedSpeaksAndEnds() throws Exception {
        Map<String, List<RecordedEvent>> events =
                recorded(
                        () -> {
                            service.loadAdapter("math", "adapter");
                            generate("base", 7, Integer.MAX_VALUE);
                            generate("math", 400, 2);
                        });
        List<RecordedEvent> admitted = events.get("RequestAdmitted");
        List<RecordedEvent> first = events.get("FirstToken");
        List<RecordedEvent> finished = events.get("RequestFinished");
        assertEquals(List.of("base", "math"), strings(admitted, "model"));
        assertEquals(List.of(5, 5), ints(admitted, "promptTokens"));
        assertEquals(List.of("base", "math"), strings(finished, "model"));
        assertEquals(List.of("length", "cancelled"), strings(finished, "finish"));
        assertEquals(List.of(5, 5), ints(finished, "promptTokens"));
        assertEquals(List.of(7, 2), ints(finished, "outputTokens"));
        for (int i = 0; i < 2; i++) {
            long id = admitted.get(i).getLong("id");
            assertEquals(id, first.get(i).getLong("id"));
            assertEquals(id, finished.get(i).getLong("id"));
            long firstNanos = first.get(i).getDuration("sinceRequest").toNanos();
            long allNanos = finished.get(i).getDuration("sinceRequest").toNanos();
            assertTrue(0 < firstNanos && firstNanos <= allNanos, firstNanos + " " + allNanos);
        }
        assertTrue(admitted.get(0).getLong("id") != admitted.get(1).getLong("id"));
    }

    @Test
    void anAdapterOfAClientsIsLoaded() throws Exception {
        AdapterInfo[] info = new AdapterInfo[1];
        Map<String, List<RecordedEvent>> events =
                recorded(() -> info[0] = service.loadAdapter("math", "adapter"));
        assertEquals(1, events.size(), events.toString());
        RecordedEvent loaded = events.get("AdapterLoaded").getFirst();
        assertEquals("math", loaded.getString("name"));
        assertEquals(info[0].identity(), loaded.getString("identity"));
        assertEquals(info[0].bytes(), loaded.getLong("size"));
        assertTrue(loaded.getDuration().toNanos() > 0);
    }

    /** Events report that a request ran, but never its prompt or answer. */
    @Test
    void textsAreNoPartOfIt() throws Exception {
        Map<String, List<RecordedEvent>> events =
                recorded(() -> generate("base", 3, Integer.MAX_VALUE));
        assertEquals(3, events.size(), events.toString());
        for (List<RecordedEvent> each : events.values()) {
            for (RecordedEvent event : each) {
                for (var field : event.getFields()) {
                    assertTrue(FIELDS.contains(field.getName()), field.getName());
                }
            }
        }
    }

    private static List<String> strings(List<RecordedEvent> events, String field) {
        return events.stream().map(each -> each.getString(field)).toList();
    }

    private static List<Integer> ints(List<RecordedEvent> events, String field) {
        return events.stream().map(each -> each.getInt(field)).toList();
    }
}
