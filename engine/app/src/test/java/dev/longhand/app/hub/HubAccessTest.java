package dev.longhand.app.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The variables of the Hub's own tools. */
class HubAccessTest {
    @TempDir private Path home;

    private HubAccess access(String... variables) {
        Map<String, String> environment = new HashMap<>(Map.of("HF_HOME", home.toString()));
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        return HubAccess.of(environment);
    }

    @Test
    void theTokenComesFromAVariableOrAFile() throws IOException {
        assertNull(access().token());
        Files.writeString(home.resolve("token"), "hf_file\n");
        assertEquals("hf_file", access().token());
        assertEquals("hf_variable", access("HF_TOKEN", " hf_variable ").token());
        assertNull(access("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").token());
        Path other = Files.writeString(home.resolve("other"), "hf_other");
        assertEquals("hf_other", access("HF_TOKEN_PATH", other.toString()).token());
    }

    /** A token must not become a second header, and an error must not show it. */
    @ParameterizedTest
    @ValueSource(strings = {"hf_a\r\nHost: x", "hf_\u00e4", "hf a"})
    void tokensThatAreNone(String token) {
        String message =
                assertThrows(InputException.class, () -> access("HF_TOKEN", token)).getMessage();
        assertEquals("HF_TOKEN: holds characters that no token has", message);
    }

    @Test
    void theEndpoint() {
        assertEquals(URI.create("https://huggingface.co"), access().endpoint());
        assertEquals(
                URI.create("http://mirror:8080/hf"),
                access("HF_ENDPOINT", "http://mirror:8080/hf/").endpoint());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "huggingface.co",
                "file:///x",
                "http://",
                "http://a:b@c",
                "http://c?d",
                "::"
            })
    void endpointsThatAreNone(String endpoint) {
        assertThrows(InputException.class, () -> access("HF_ENDPOINT", endpoint));
    }

    @Test
    void onlyTheHubSeesTheToken() {
        HubAccess access = access("HF_ENDPOINT", "https://hub.example");
        assertTrue(access.isHub(URI.create("https://HUB.example:443/x")));
        assertFalse(access.isHub(URI.create("http://hub.example/x")));
        assertFalse(access.isHub(URI.create("https://hub.example:444/x")));
        assertFalse(access.isHub(URI.create("https://hub.example.org/x")));
        assertFalse(access.isHub(URI.create("https://cdn.hub.example/x")));
    }

    @Test
    void offline() {
        String message =
                assertThrows(InputException.class, () -> access("HF_HUB_OFFLINE", "1"))
                        .getMessage();
        assertTrue(message.contains("HF_HUB_OFFLINE is set"), message);
    }
}
