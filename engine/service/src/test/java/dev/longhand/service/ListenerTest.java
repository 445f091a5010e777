package dev.longhand.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** M6: the files of Unix domain sockets, and the errors of addresses that are taken. */
class ListenerTest {
    @TempDir private Path folder;

    private UnixDomainSocketAddress address() {
        return UnixDomainSocketAddress.of(folder.resolve("s"));
    }

    @Test
    void aKilledServersFileIsReplaced() throws IOException {
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(address());
        }
        assertTrue(Files.exists(folder.resolve("s")));
        try (Listener listener = Listener.bind(address())) {
            assertEquals(address(), listener.address());
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(folder.resolve("s"))));
        }
        assertFalse(Files.exists(folder.resolve("s")));
    }

    @Test
    void aLiveServersFileIsNot() throws IOException {
        try (Listener _ = Listener.bind(address())) {
            assertFails("another server listens on it", address().getPath());
            assertTrue(Files.exists(folder.resolve("s")));
        }
    }

    @Test
    void errorsNameTheAddress() throws IOException {
        Files.writeString(folder.resolve("s"), "notes");
        assertFails("the file exists and is no socket", folder.resolve("s"));
        assertEquals("notes", Files.readString(folder.resolve("s")));
        assertFails("No such file", folder.resolve("none/s"));
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Listener first = Listener.bind(any)) {
            IOException error =
                    assertThrows(IOException.class, () -> Listener.bind(first.address()));
            assertTrue(error.getMessage().contains("" + first.address()), error.getMessage());
            assertTrue(error.getMessage().contains("in use"), error.getMessage());
        }
    }

    private static void assertFails(String reason, Path file) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(file);
        IOException error = assertThrows(IOException.class, () -> Listener.bind(address));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
        assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
    }
}
