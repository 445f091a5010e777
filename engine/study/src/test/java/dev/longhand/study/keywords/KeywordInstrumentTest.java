package dev.longhand.study.keywords;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.kernels.Device;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.line.LineServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The counts of a generation equal those of its whole text, however the events cut it. */
class KeywordInstrumentTest {
    private static final String QUESTION =
            "Lena has 17 boxes with 24 pencils each. How many pencils does she have?";

    @TempDir private Path folder;

    private record Measured(String text, KeywordCounts counts) {}

    private static Engine demo() {
        return Engine.open(
                EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                        .withDevice(Device.CPU)
                        .withThreads(2)
                        .withContextTokensMax(512)
                        .withKvTokensMax(1024)
                        .withAdapter("long-cot", Goldens.DEMO.resolve("adapter")));
    }

    private static Measured measured(Engine engine, GenerationRequest request)
            throws InterruptedException {
        Generation generation = engine.submit(request);
        KeywordInstrument instrument = new KeywordInstrument();
        StringBuilder text = new StringBuilder();
        for (GenerationEvent event = generation.next(); event != null; event = generation.next()) {
            instrument.observe(event);
            switch (event) {
                case GenerationEvent.TokenEmitted token -> text.append(token.text());
                case GenerationEvent.Finished end -> text.append(end.rest());
                case GenerationEvent.Failed(RuntimeException cause) -> throw cause;
            }
        }
        return new Measured(text.toString(), instrument.counts());
    }

    @ParameterizedTest(name = "budget {0}")
    @ValueSource(ints = {0, 1, 12, 37, 200})
    void countsAreThoseOfTheText(int budget) throws InterruptedException {
        try (Engine engine = demo()) {
            GenerationRequest request =
                    GenerationRequest.chat(QUESTION)
                            .withAdapter("long-cot")
                            .withMaxTokens(budget + 60)
                            .withThinking(Thinking.budget(budget));
            Measured plain = measured(engine, request.withSpeculation(Speculation.OFF));
            assertEquals(ReflectionKeywords.count(plain.text), plain.counts.total(), plain.text);
            assertEquals(plain, measured(engine, request.withSpeculation(Speculation.ON)));
        }
    }

    @Test
    void withoutATokenizerThereAreNone() throws InterruptedException {
        try (Engine engine = Engine.open(EngineConfig.of(Goldens.LONG).withDevice(Device.CPU))) {
            GenerationRequest ids =
                    GenerationRequest.ids(List.of(1, 2, 3)).withMaxTokens(4).ignoringEos();
            assertEquals(new Measured("", KeywordCounts.NONE), measured(engine, ids));
        }
    }

    @Test
    void theLineProtocolReportsThem() throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        try (Engine engine = demo()) {
            Service service = new Service(engine, "demo", null);
            service.measure(KeywordInstrument::new);
            try (LineServer server = new LineServer(service, address, ServiceLimits.DEFAULT, null);
                    SocketChannel channel = SocketChannel.open(server.address());
                    BufferedReader lines =
                            new BufferedReader(
                                    Channels.newReader(channel, StandardCharsets.UTF_8))) {
                String request =
                        """
                        {"model":"long-cot","messages":[{"role":"user","content":"%s"}],\
                        "max_tokens":300,"temperature":0}
                        """
                                .formatted(QUESTION);
                channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
                StringBuilder text = new StringBuilder();
                JsonNode event;
                do {
                    event = new JsonMapper().readTree(lines.readLine());
                    text.append(event.path("text").asString(""));
                } while (event.path("event").asString("").equals("token"));
                assertEquals("done", event.path("event").asString(""), event.toString());
                int total = event.get("keywords").valueStream().mapToInt(JsonNode::asInt).sum();
                assertTrue(total > 0, text.toString());
                assertEquals(ReflectionKeywords.count(text.toString()), total);
            }
        }
    }
}
