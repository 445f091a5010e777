package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code serve} refuses before it looks at the model, which does not exist here. */
class ServeCommandTest {
    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

    @TempDir private Path folder;

    private void refused(int status, String message, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("serve", "--model", folder.resolve("model").toString()));
        arguments.addAll(List.of(more));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(said, true));
        try {
            assertEquals(status, Main.run(arguments.toArray(String[]::new)), "" + said);
        } finally {
            System.setErr(err);
        }
        assertTrue(said.toString().contains(message), "" + said);
        assertEquals(1, said.toString().lines().count(), "" + said);
    }

    /** S26: another interface than loopback needs a token. */
    @Test
    void otherMachinesNeedAToken() {
        for (String host : List.of("0.0.0.0", "::", "192.0.2.1")) {
            refused(BAD_INPUT, "--token-env", "--http", "0", "--host", host);
            refused(BAD_INPUT, "--token-env", "--port", "0", "--host", host);
        }
        refused(BAD_INPUT, "--token-env", "--http", "0", "--allow-origin", "*");
        refused(BAD_INPUT, "NONE_SUCH", "--http", "0", "--token-env", "NONE_SUCH");
    }

    /** S26: all interfaces are bound, so that a port taken on one of them is a fault. */
    @Test
    void allInterfacesAreBoundWithAToken() throws IOException {
        String[] all = {"--host", "0.0.0.0", "--token-env", "PATH"};
        refused(BAD_INPUT, "model", all[0], all[1], all[2], all[3], "--http", "0", "--port", "0");
        InetAddress one = InetAddress.getByName("127.0.0.2");
        try (ServerSocket taken = new ServerSocket(0, 9, one)) {
            String port = Integer.toString(taken.getLocalPort());
            for (String face : List.of("--http", "--port")) {
                String message = "0.0.0.0:" + port + ": Address already in use";
                refused(FAILURE, message, all[0], all[1], all[2], all[3], face, port);
            }
        }
    }

    @Test
    void addressesAreBoundBeforeTheModelIsRead() throws IOException {
        String missing = folder.resolve("none/s").toString();
        refused(FAILURE, "cannot listen on " + missing, "--socket", missing);
        UnixDomainSocketAddress live = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                ServerSocket port = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
            other.bind(live);
            refused(FAILURE, "another server listens on it", "--socket", "" + live.getPath());
            String taken = Integer.toString(port.getLocalPort());
            refused(FAILURE, taken + ": Address already in use", "--port", taken);
            refused(FAILURE, taken + ": Address already in use", "--http", taken);
        }
    }

    /** The file of a killed server goes; then the model is missing, and our own file goes too. */
    @Test
    void aDeadSocketIsReplaced() throws IOException {
        Path file = folder.resolve("s");
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(file));
        }
        assertTrue(Files.exists(file));
        refused(BAD_INPUT, "model", "--socket", file.toString());
        assertTrue(Files.notExists(file));
    }
}
