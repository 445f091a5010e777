package dev.longhand.service.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Reads the TCP connections to a port from {@code /proc} on Linux. The JDK's server does not read
 * from the socket while a request runs, so this table alone shows that a waiting client has
 * disconnected. On other systems a disconnect shows at the next write.
 *
 * <p>A line of the table is {@code sl local_address rem_address st …}; an address is hexadecimal,
 * in words of 32 bits of the machine's byte order (little endian where we run), a colon and the
 * port (Linux, Documentation/networking/proc_net_tcp.rst).
 */
final class PeerTable {
    private static final List<Path> FILES =
            List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

    private static final int ESTABLISHED = 1;

    private PeerTable() {}

    static boolean available() {
        return FILES.stream().anyMatch(Files::isReadable);
    }

    /** Maps each peer of a local port to whether its connection is open in both directions. */
    static Map<InetSocketAddress, Boolean> peers(int localPort) throws IOException {
        Map<InetSocketAddress, Boolean> peers = new HashMap<>();
        for (Path file : FILES) {
            if (Files.isReadable(file)) {
                try (Stream<String> lines = Files.lines(file)) {
                    lines.skip(1).forEach(line -> add(line, localPort, peers));
                }
            }
        }
        return peers;
    }

    private static void add(String line, int localPort, Map<InetSocketAddress, Boolean> peers) {
        String[] fields = line.strip().split("\\s+", 5);
        if (fields.length == 5 && port(fields[1]) == localPort) {
            boolean open = Integer.parseInt(fields[3], 16) == ESTABLISHED;
            peers.merge(address(fields[2]), open, Boolean::logicalOr);
        }
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
    }

    private static InetSocketAddress address(String text) {
        byte[] words = HexFormat.of().parseHex(text.substring(0, text.indexOf(':')));
        byte[] bytes = new byte[words.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = words[i ^ 3];
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port(text));
        } catch (IOException e) {
            throw new IllegalStateException("4 or 16 bytes: " + text, e);
        }
    }
}
