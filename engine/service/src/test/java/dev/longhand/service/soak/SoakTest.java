package dev.longhand.service.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.ProcessResources;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.kernels.Device;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.http.OpenAiServer;
import dev.longhand.service.line.LineServer;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Many clients use one service over both protocols while adapters are swapped: well-behaved ones
 * and others that cancel, disconnect, read slowly or send garbage. On the CPU a third of the
 * requests begin with a thought, and a third are held to a format. Each answer is compared bit by
 * bit with that of the same request alone. At the end all pages, adapters, files and threads are
 * released. It runs for a few seconds here; for ten minutes:
 *
 * <pre>
 * mvn test -pl engine/service -am -Dtest=SoakTest#onTheCpu -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dlonghand.soak.seconds=600 -Dlonghand.soak.clients=64</pre>
 */
class SoakTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final String BASE = "base";
    private static final int FIXED = 4;
    private static final int SWAPPED = 2;
    private static final int CONTENTS = FIXED + 4;
    private static final int BASE_CONTENT = CONTENTS;

    /** Referenced, so that its level stays: one log line per request would hide all others. */
    private static final Logger ACCESS_LOG = Logger.getLogger("dev.longhand.access");

    @TempDir private Path temporary;
    private Path adapters;
    private InetSocketAddress http;
    private final SwappedNames names = new SwappedNames();
    private final SoakAnswers answers = new SoakAnswers(names);

    /**
     * The plan of a soak.
     *
     * @param requests the number of different requests
     * @param promptMax the maximum number of prompt tokens
     * @param sequences the number of concurrent sequences; each may use a whole context
     */
    private record Plan(
            Path checkpoint,
            Device device,
            int context,
            int sequences,
            int requests,
            int promptMax,
            int tokensMax,
            int clients,
            long seconds) {
        EngineConfig engine() {
            return EngineConfig.of(checkpoint)
                    .withDevice(device)
                    .withContextTokensMax(context)
                    .withSequencesMax(sequences)
                    .withKvTokensMax(sequences * context);
        }
    }

    @BeforeAll
    static void silenceTheAccessLog() {
        ACCESS_LOG.setLevel(Level.OFF);
    }

    @Test
    void onTheCpu() throws Exception {
        int clients = Integer.getInteger("longhand.soak.clients", 24);
        long seconds = Long.getLong("longhand.soak.seconds", 6);
        int requests = seconds < 60 ? 18 : 49;
        int tokens = seconds < 60 ? 40 : 120;
        soak(new Plan(DEMO, Device.CPU, 320, 16, requests, 60, tokens, clients, seconds));
    }

    @Test
    void onThePtxDevice() throws Exception {
        Path checkpoint = Goldens.checkpoint("dim32-group8");
        soak(new Plan(checkpoint, TestDevices.PTX, 64, 4, 7, 6, 4, 6, 10));
    }

    private void soak(Plan plan) throws Exception {
        TestDevices.require(plan.device);
        adapters = Files.createDirectory(temporary.resolve("adapters"));
        for (int i = 0; i < CONTENTS; i++) {
            TestAdapter.allLinear(plan.checkpoint, 4 << i % 3, i).write(folder(i));
        }
        learn(plan);
        try (Engine engine = Engine.open(plan.engine())) {
            Service service = new Service(engine, BASE, adapters);
            SocketAddress address = UnixDomainSocketAddress.of(temporary.resolve("socket"));
            try (LineServer _ = new LineServer(service, address, ServiceLimits.DEFAULT, null);
                    OpenAiServer openAi =
                            new OpenAiServer(
                                    service,
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    ServiceLimits.DEFAULT,
                                    null);
                    LineClient operator = new LineClient(address)) {
                loadAll(operator);
                http = openAi.address();
                run(plan, address, 1, operator); // creates the threads and buffers that stay
                ProcessResources before = ProcessResources.now(temporary);
                long bytes = ProcessResources.nativeBytes();
                List<PauseTimes> pauses = run(plan, address, plan.seconds, operator);
                // The server notices a disconnect at the next token. An answer counts as running
                // until
                // its writer closes it, a moment after its client has read the end.
                for (int i = 0;
                        i < 1000 && engine.load().kvPagesHeld() + service.running() > 0;
                        i++) {
                    Thread.sleep(10);
                }
                assertEquals(0, engine.load().kvPagesHeld());
                assertEquals(0, engine.load().running() + engine.load().waiting());
                assertEquals(0, service.running());
                assertAllPagesFree(engine, plan);
                assertEquals(
                        engine.adapters().list().stream().mapToLong(AdapterInfo::bytes).sum(),
                        engine.adapters().residentBytes());
                before.assertNothingMoreNow(temporary);
                long more = ProcessResources.nativeBytes() - bytes;
                System.out.printf(
                        "%s, %d clients, %d s: %s; %d swaps; %s; %d B more native memory%n",
                        plan.device,
                        plan.clients,
                        plan.seconds,
                        answers.counts(),
                        names.changes(),
                        PauseTimes.summary(pauses),
                        more);
                assertEquals(List.of(), answers.wrong());
                assertTrue(answers.counts().get("whole answers") > plan.clients);
                assertTrue(answers.counts().get("whole answers over HTTP") > plan.clients);
                // Sockets leave some of Java's buffers; a leak would be hundreds of adapters of
                // over
                // 40 kB each.
                assertTrue(more < 1_000_000, more + " B of native memory are not back");
                unloadAll(operator);
            }
            assertEquals(0, engine.adapters().residentBytes());
        }
    }

    private Path folder(int content) {
        return adapters.resolve("content" + content);
    }

    private static String fixed(int index) {
        return "fixed" + index;
    }

    private static String swapped(int index) {
        return "swapped" + index;
    }

    /** Runs each request with each content that its name may have, alone, in a separate engine. */
    private void learn(Plan plan) {
        Random random = new Random(5);
        int vocabulary = ModelConfig.read(plan.checkpoint).vocabSize();
        EngineConfig config = plan.engine().withSequencesMax(1).withKvTokensMax(null);
        for (int i = 0; i < CONTENTS; i++) {
            config = config.withAdapter("c" + i, folder(i));
        }
        try (Engine engine = Engine.open(config)) {
            for (int i = 0; i < plan.requests; i++) {
                int which = i % (1 + FIXED + SWAPPED);
                Map<Integer, String> contents = new HashMap<>();
                String model = BASE;
                if (which == 0) {
                    contents.put(BASE_CONTENT, null);
                } else if (which <= FIXED) {
                    model = fixed(which - 1);
                    contents.put(which - 1, "c" + (which - 1));
                } else {
                    model = swapped(which - 1 - FIXED);
                    for (int content = FIXED; content < CONTENTS; content++) {
                        contents.put(content, "c" + content);
                    }
                }
                SoakRequest request =
                        SoakRequest.random(
                                random,
                                model,
                                vocabulary,
                                plan.promptMax,
                                plan.tokensMax,
                                plan.device.equals(Device.CPU));
                answers.learn(engine, request, contents);
            }
        }
        names.begin(BASE, BASE_CONTENT);
    }

    private void loadAll(LineClient operator) throws IOException {
        for (int i = 0; i < FIXED; i++) {
            load(operator, fixed(i), i);
        }
        for (int i = 0; i < SWAPPED; i++) {
            load(operator, swapped(i), FIXED + i);
        }
    }

    private void load(LineClient operator, String name, int content) throws IOException {
        names.begin(name, content);
        operator.send(
                "{\"id\":\"l\",\"load_adapter\":\"%s\",\"path\":\"content%d\"}"
                        .formatted(name, content));
        expect(operator, "adapter_loaded");
        names.end(name);
    }

    private void unload(LineClient operator, String name) throws IOException {
        names.begin(name, SwappedNames.NONE);
        operator.send("{\"id\":\"u\",\"unload_adapter\":\"%s\"}".formatted(name));
        expect(operator, "adapter_unloaded");
        names.end(name);
    }

    private static void expect(LineClient operator, String kind) throws IOException {
        JsonNode event = operator.next();
        assertEquals(kind, event.path("event").asString(""), event.toString());
    }

    private void unloadAll(LineClient operator) throws IOException {
        for (String name : names.names()) {
            if (!name.equals(BASE) && names.content(name) != SwappedNames.NONE) {
                unload(operator, name);
            }
        }
    }

    /** Runs clients and swaps for a time, until the last client has its answers. */
    private List<PauseTimes> run(
            Plan plan, SocketAddress address, long seconds, LineClient operator) throws Exception {
        long end = System.nanoTime() + seconds * 1_000_000_000;
        List<PauseTimes> pauses = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                HttpClient httpClient = HttpClient.newBuilder().executor(threads).build()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < plan.clients; i++) {
                long seed = seconds * 1000 + i;
                SoakClient client =
                        i % 2 == 0
                                ? new LineSoakClient(answers, address, seed)
                                : new HttpSoakClient(answers, httpClient, http, seed);
                pauses.add(client.pauses());
                all.add(threads.submit(callable(() -> client.run(end))));
            }
            all.add(threads.submit(callable(() -> swap(operator, end))));
            for (Future<?> each : all) {
                try {
                    each.get();
                } catch (ExecutionException e) {
                    throw new AssertionError("a client failed", e.getCause());
                }
            }
        }
        return pauses;
    }

    private interface Task {
        void run() throws Exception;
    }

    private static Callable<Void> callable(Task task) {
        return () -> {
            task.run();
            return null;
        };
    }

    /** Swaps the contents of names; sometimes a name has no content for a moment. */
    private void swap(LineClient operator, long end) throws Exception {
        Random random = new Random(end);
        while (System.nanoTime() < end) {
            String name = swapped(random.nextInt(SWAPPED));
            int content = FIXED + random.nextInt(CONTENTS - FIXED);
            if (random.nextInt(4) == 0) {
                unload(operator, name);
                Thread.sleep(random.nextInt(30));
            }
            load(operator, name, content);
            Thread.sleep(random.nextInt(200));
        }
    }

    /** As many requests as there are sequences, each with a whole context reserved, all begin. */
    private static void assertAllPagesFree(Engine engine, Plan plan) throws InterruptedException {
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < plan.sequences; i++) {
            generations.add(
                    engine.submit(
                            GenerationRequest.ids(List.of(1 + i))
                                    .ignoringEos()
                                    .withMaxTokens(plan.context - 1)));
        }
        for (Generation each : generations) {
            assertInstanceOf(GenerationEvent.TokenEmitted.class, each.next());
        }
        for (Generation each : generations) {
            each.cancel();
            GenerationEvent last = each.next();
            int tokens = 1;
            while (last instanceof GenerationEvent.TokenEmitted) {
                last = each.next();
                tokens++;
            }
            // A request that had waited for the end of another would follow all its tokens.
            assertTrue(tokens < plan.context - 1, "waited for pages");
        }
    }
}
