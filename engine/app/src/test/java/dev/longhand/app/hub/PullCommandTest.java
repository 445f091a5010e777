package dev.longhand.app.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.app.MainProcess;
import dev.longhand.engine.Goldens;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A model is fetched by its name, and then found by it. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PullCommandTest {
    @TempDir private Path folder;

    private record Outcome(int status, String out, String err) {}

    private Outcome run(HubServer server, String... arguments) throws Exception {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                MainProcess.builder(MainProcess.QUICK, List.of(arguments))
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile());
        builder.environment().keySet().removeIf(each -> each.startsWith("HF_"));
        builder.environment()
                .putAll(
                        Map.of(
                                "HF_ENDPOINT",
                                server.endpoint().toString(),
                                "HF_HOME",
                                folder.resolve("home").toString()));
        return new Outcome(builder.start().waitFor(), Files.readString(out), Files.readString(err));
    }

    private static HubServer demo() throws IOException {
        HubServer server = new HubServer();
        try (Stream<Path> files = Files.list(Goldens.DEMO.resolve("checkpoint"))) {
            for (Path file : files.toList()) {
                server.with(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return server;
    }

    @Test
    void aModelIsFetchedAndFoundByItsName() throws Exception {
        try (HubServer server = demo()) {
            String[] tokenize = {"tokenize", "--model", "org/model", "--text", "hello"};
            Outcome before = run(server, tokenize);
            assertEquals(2, before.status());
            assertEquals(
                    "longhand: org/model: there is no such folder; if this is a name on the Hugging"
                            + " Face Hub, \"longhand pull org/model\" fetches it\n",
                    before.err());
            assertEquals(List.of(), server.requests(), "nothing is fetched without being asked");
            Outcome pull = run(server, "pull", "org/model");
            assertEquals(0, pull.status(), pull.err());
            Path snapshot =
                    folder.resolve("home/hub/models--org--model/snapshots", HubServer.COMMIT);
            assertEquals(snapshot + "\n", pull.out());
            assertTrue(pull.err().startsWith("org/model: "), pull.err());
            Outcome after = run(server, tokenize);
            assertEquals(0, after.status(), after.err());
            assertTrue(after.out().matches("[0-9,]+\n"), after.out());
        }
    }

    /** A repository of one GGUF model in two parts, as its tools publish them. */
    @Test
    void aGgufModelIsFetchedAndOpenedByItsName() throws Exception {
        try (HubServer server = new HubServer()) {
            try (Stream<Path> files = Files.list(Goldens.FOLDER.resolve("gguf/dense"))) {
                for (Path file : files.filter(each -> each.toString().endsWith("gguf")).toList()) {
                    server.with(file.getFileName().toString(), Files.readAllBytes(file));
                }
            }
            server.with("README.md", "a model");
            Outcome pull = run(server, "pull", "org/model");
            assertEquals(0, pull.status(), pull.err());
            assertTrue(pull.err().startsWith("org/model: 2 files"), pull.err());
            Outcome generate =
                    run(
                            server,
                            "generate",
                            "--model",
                            "org/model",
                            "--prompt-ids",
                            "5,6,7",
                            "--max-tokens",
                            "3",
                            "--format",
                            "json");
            assertEquals(0, generate.status(), generate.err());
            assertTrue(
                    generate.out().matches("(?s).*\"ids\":\\[\\d+,\\d+,\\d+\\].*"), generate.out());
        }
    }

    @Test
    void whatIsNoName() {
        List<String> errors = new ArrayList<>();
        CommandLine command = new CommandLine(new PullCommand());
        command.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    errors.add(e.getMessage());
                    return 2;
                });
        assertEquals(2, command.execute("qwen"));
        assertEquals(2, command.execute("org/model", "--revision", "../x"));
        String form = " is no name on the Hub, which has the form ORGANISATION/REPOSITORY";
        assertEquals(List.of("\"qwen\"" + form, "\"org/model@../x\"" + form), errors);
    }
}
