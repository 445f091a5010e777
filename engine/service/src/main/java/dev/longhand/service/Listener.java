package dev.longhand.service;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A bound address. Clients may connect at once, and are answered when a server takes the listener
 * over; a process can so bind its addresses before it loads a model.
 */
public final class Listener implements AutoCloseable {
    /** The clients that may wait for their connection, at most. */
    private static final int BACKLOG = 128;

    private final ServerSocketChannel channel;
    private final SocketAddress address;

    /** Takes a bound channel, which {@link #close} closes. */
    Listener(ServerSocketChannel channel, SocketAddress address) {
        this.channel = channel;
        this.address = address;
    }

    /**
     * Binds an address. The file of a Unix domain socket is for this user only (mode 0600); one
     * that a killed server has left behind is replaced.
     *
     * @throws IOException if the address cannot be bound; the message names it
     */
    @SuppressWarnings("AddressSelection") // the address is given
    public static Listener bind(SocketAddress address) throws IOException {
        try {
            return address instanceof UnixDomainSocketAddress unix ? file(unix) : port(address);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException file ? file.getReason() : null;
            throw new IOException(
                    "cannot listen on %s: %s"
                            .formatted(address, reason == null ? e.getMessage() : reason),
                    e);
        }
    }

    private static Listener port(SocketAddress address) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.bind(address, BACKLOG);
            return new Listener(channel, channel.getLocalAddress());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static Listener file(UnixDomainSocketAddress address) throws IOException {
        Path file = address.getPath();
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            removeDead(address);
        }
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(address, BACKLOG);
            if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
            return new Listener(channel, address);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Removes a socket on which nobody listens. */
    private static void removeDead(UnixDomainSocketAddress address) throws IOException {
        Path file = address.getPath();
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new IOException("the file exists and is no socket");
        }
        try (SocketChannel _ = SocketChannel.open(address)) {
            throw new IOException("another server listens on it");
        } catch (ConnectException e) {
            Files.delete(file);
        }
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public SocketAddress address() {
        return address;
    }

    ServerSocketChannel channel() {
        return channel;
    }

    /** Frees the address, and removes the file of a Unix domain socket. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (address instanceof UnixDomainSocketAddress unix) {
            Files.deleteIfExists(unix.getPath());
        }
    }
}
