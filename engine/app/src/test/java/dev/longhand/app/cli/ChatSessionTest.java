package dev.longhand.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Chats of a scripted user with the demo's model. */
class ChatSessionTest {
    private static final int CONTEXT = 400;
    private static Engine engine;

    @TempDir private Path folder;
    private final User user = new User();
    private int maxTokens = 20;
    private boolean endless;

    /** A user who says prepared lines and remembers what is printed. */
    private static final class User implements ChatUser {
        private final Deque<String> lines = new ArrayDeque<>();
        private final List<String> notes = new ArrayList<>();
        private final StringBuilder answers = new StringBuilder();
        private final StringBuilder thoughts = new StringBuilder();
        private int piecesUntilCancel = Integer.MAX_VALUE;
        private Runnable cancel;

        @Override
        public String read() {
            return lines.poll();
        }

        @Override
        public void answer(String piece) {
            answers.append(piece);
            if (--piecesUntilCancel == 0) {
                cancel.run();
            }
        }

        @Override
        public void thought(String piece) {
            thoughts.append(piece);
        }

        @Override
        public void note(String line) {
            notes.add(line);
        }

        @Override
        public void answerBegins(Runnable cancel) {
            this.cancel = cancel;
        }

        @Override
        public void answerEnds() {
            answers.append('\n');
        }

        @Override
        public void close() {}

        private boolean noted(String part) {
            return notes.stream().anyMatch(note -> note.contains(part));
        }

        private long ends(String reason) {
            return notes.stream().filter(note -> note.endsWith("finish: " + reason)).count();
        }
    }

    @BeforeAll
    static void open() {
        TestDevices.require(Device.CPU);
        engine =
                Engine.open(
                        EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                                .withDevice(Device.CPU)
                                .withContextTokensMax(CONTEXT)
                                .withAdapter("cot", Goldens.DEMO.resolve("adapter")));
    }

    @AfterAll
    static void close() {
        if (engine != null) {
            engine.close();
        }
    }

    private GenerationRequest settings(GenerationRequest request) {
        return request.withMaxTokens(maxTokens)
                .withIgnoreEos(endless)
                .withSampling(SamplingOptions.greedy())
                .withThinking(new Thinking(10, null));
    }

    private void chat(String adapter, String... lines) throws Exception {
        user.lines.addAll(List.of(lines));
        new ChatSession(engine, user, this::settings, adapter, null).run();
        assertTrue(user.lines.isEmpty());
    }

    @Test
    void commands() throws Exception {
        Path saved = folder.resolve("chat.json");
        chat(
                null,
                "/help",
                "/regenerate",
                "/system Be brief.",
                "Mia has 3 pens.",
                "/adapter",
                "/adapter nobody",
                "/adapter cot",
                "/regenerate",
                "/etc/passwd is a file",
                "/save",
                "/save " + saved,
                "/save " + saved,
                "/nope",
                "/reset",
                "/exit");
        assertTrue(user.noted("/regenerate") && user.noted("there is no answer yet"));
        assertTrue(user.noted("system message: Be brief."));
        assertTrue(user.noted("adapters: cot; applied: none"));
        assertTrue(user.noted("there is no adapter nobody"));
        assertTrue(user.noted("adapters: cot; applied: cot"));
        assertTrue(user.noted("there is no command /nope"));
        assertTrue(user.noted("exists; name another file"));
        assertEquals(3, user.notes.stream().filter(note -> note.contains("tokens/s")).count());
        JsonNode messages = new JsonMapper().readTree(Files.readString(saved));
        assertEquals(5, messages.size(), "a regenerated answer replaces the first");
        assertEquals("system", messages.get(0).get("role").asString());
        assertEquals("Mia has 3 pens.", messages.get(1).get("content").asString());
        assertEquals("/etc/passwd is a file", messages.get(3).get("content").asString());
    }

    @Test
    void aFullContextIsSaidAndTheChatGoesOn() throws Exception {
        maxTokens = 1000;
        endless = true;
        String tooLong = "pen ".repeat(CONTEXT);
        chat(null, "Mia has 3 pens.", tooLong, "Leo has 4 pens.", "And now?");
        assertTrue(user.noted("the context of 400 tokens is full; the next message"));
        assertTrue(user.noted("the context holds 400; it is not asked"));
        assertTrue(user.noted("the oldest exchanges are forgotten: 1"), user.notes.toString());
        assertEquals(3, user.ends("context"));
    }

    @Test
    void anInterruptStopsTheAnswerOnly() throws Exception {
        maxTokens = 300;
        endless = true;
        user.piecesUntilCancel = 3;
        chat(null, "Mia has 3 pens.", "/reset", "Leo has 4 pens.");
        assertEquals(1, user.ends("cancelled"), user.notes.toString());
        assertEquals(1, user.ends("length"), user.notes.toString());
    }

    @Test
    void thoughtsAreShownOrFolded() throws Exception {
        String question = "Anna has 4 coins. Anna finds 9 more coins. How many coins?";
        maxTokens = 90;
        chat("cot", question);
        String shown = user.thoughts.toString();
        assertTrue(shown.length() > 20, shown);
        assertFalse(user.answers.toString().contains("end_of_thought"), "marker of the thought");
        user.thoughts.setLength(0);
        chat("cot", "/thoughts", question, "/reset");
        assertEquals("(thinking)\n", user.thoughts.toString());
        assertTrue(user.noted("/thoughts shows it"));
        chat("cot", "/thoughts", question, "/thoughts");
        assertTrue(user.thoughts.toString().endsWith(shown), "unfolded: " + user.thoughts);
    }
}
