package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Chats without a limit on a KV pool that holds the longest chat once. */
class UndeclaredChatsTest extends ScriptedTest {
    private static final int EVENTS = 20;

    @Override
    int kvTokensMax() {
        return 32_768;
    }

    /** S02: both advance, and others are answered meanwhile, though each may fill the pool. */
    @Test
    void s02ChatsWithoutALimitAdvanceTogether() throws Exception {
        try (Socket first = endless();
                Socket second = endless()) {
            readEvents(first);
            readEvents(second);
            for (int i = 0; i < 3; i++) {
                assertEquals(
                        "Hello! I am scripted.",
                        choice(CHAT, chat("hello", "")).at("/message/content").asString());
            }
            readEvents(second);
            assertEquals(2, served.service().running(), "the endless chats still run");
        }
        served.awaitIdle();
    }

    private Socket endless() throws IOException {
        String body = chat("loop", "\"stream\":true");
        String head =
                "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                        .formatted(CHAT, body.length());
        Socket socket = served.connect();
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static void readEvents(Socket socket) throws IOException {
        BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        for (int events = 0; events < EVENTS; ) {
            String line = lines.readLine();
            assertNotNull(line, "the stream ended");
            events += line.contains("\" la\"") ? 1 : 0;
        }
    }
}
