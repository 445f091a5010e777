package dev.longhand.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Recipe m3: no connection can be accepted for a while. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AcceptFaultsTest {
    private static final int FAULTS = 5;

    /** The least pause between two attempts, with the inaccuracy of a sleep. */
    private static final long PAUSE_MILLIS = 90;

    /** A channel whose first attempts to accept fail. */
    private static final class Exhausted extends ServerSocketChannel {
        private final ServerSocketChannel channel;
        private final AtomicInteger attempts = new AtomicInteger();

        Exhausted(ServerSocketChannel channel) {
            super(SelectorProvider.provider());
            this.channel = channel;
        }

        @Override
        public SocketChannel accept() throws IOException {
            if (attempts.incrementAndGet() <= FAULTS) {
                throw new IOException("Too many open files");
            }
            return channel.accept();
        }

        @Override
        public ServerSocketChannel bind(SocketAddress local, int backlog) throws IOException {
            channel.bind(local, backlog);
            return this;
        }

        @Override
        public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
            channel.setOption(name, value);
            return this;
        }

        @Override
        public <T> T getOption(SocketOption<T> name) throws IOException {
            return channel.getOption(name);
        }

        @Override
        public Set<SocketOption<?>> supportedOptions() {
            return channel.supportedOptions();
        }

        @Override
        public ServerSocket socket() {
            return channel.socket();
        }

        @Override
        public SocketAddress getLocalAddress() throws IOException {
            return channel.getLocalAddress();
        }

        @Override
        protected void implCloseSelectableChannel() throws IOException {
            channel.close();
        }

        @Override
        protected void implConfigureBlocking(boolean block) throws IOException {
            channel.configureBlocking(block);
        }
    }

    /** Keeps the records of a logger. */
    private static final class Records extends Handler {
        private final ConcurrentLinkedQueue<LogRecord> records = new ConcurrentLinkedQueue<>();

        @Override
        public void publish(LogRecord record) {
            records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** A connection whose client gets one byte. */
    private record Greeting(SocketChannel channel) implements Connection {
        @Override
        public void serve() {
            try {
                channel.write(ByteBuffer.wrap(new byte[] {'a'}));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void refuse() {}

        @Override
        public void giveWay() {}

        @Override
        public long idleSinceNanos() {
            return Long.MAX_VALUE;
        }

        @Override
        public void giveUpIfStuck(long nowNanos) {}

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void theServerPausesAndLogsOnceAndRecovers() throws IOException {
        Logger logger = Logger.getLogger(Connections.class.getName());
        Records log = new Records();
        logger.addHandler(log);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Exhausted channel = new Exhausted(ServerSocketChannel.open().bind(any))) {
            Listener listener = new Listener(channel, channel.getLocalAddress());
            long began = System.nanoTime();
            try (Connections _ = new Connections(listener, 1, Greeting::new);
                    SocketChannel client = SocketChannel.open(listener.address())) {
                assertEquals('a', client.socket().getInputStream().read());
                long millis = (System.nanoTime() - began) / 1_000_000;
                assertTrue(millis >= FAULTS * PAUSE_MILLIS, millis + " ms");
                assertTrue(channel.attempts.get() > FAULTS, "" + channel.attempts);
            }
        } finally {
            logger.removeHandler(log);
        }
        List<String> messages = new ArrayList<>();
        log.records.forEach(each -> messages.add(each.getThrown().getMessage()));
        assertEquals(List.of("Too many open files"), messages);
    }
}
