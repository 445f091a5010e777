package dev.longhand.service.http;

import dev.longhand.service.Connection;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One connection of an HTTP/1 client, whose requests are answered one after the other. Without a
 * place, it is answered one request, for health or readiness.
 */
final class HttpConnection implements Connection {
    private static final Set<String> PROBES = Set.of(StateEndpoints.HEALTH, StateEndpoints.READY);
    private static final int WRITE_BYTES = 64 << 10;
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** The time for a client to read the last response and to close. */
    private static final long LINGER_MILLIS = 2000;

    private static final long RETRY_MILLIS = 1000;

    private final SocketChannel channel;
    private final ServiceLimits limits;
    private final Consumer<ReceivedRequest> handler;
    private final InetSocketAddress client;
    private final HttpInput in;
    private final OutputStream out;
    private boolean asked; // a first request has come
    private volatile @Nullable ReceivedRequest current;
    private volatile long idleSinceNanos = System.nanoTime(); // MAX_VALUE while of use
    private volatile long dueNanos; // the request must have come, or the client have closed
    private volatile long writingSinceNanos; // 0 while no thread writes

    /**
     * Takes a connected channel, which {@link #close} closes.
     *
     * @param handler answers a request, and returns when it has
     */
    HttpConnection(SocketChannel channel, ServiceLimits limits, Consumer<ReceivedRequest> handler)
            throws IOException {
        this.channel = channel;
        this.limits = limits;
        this.handler = handler;
        client = (InetSocketAddress) channel.getRemoteAddress();
        in = new HttpInput(channel.socket());
        out = channel.socket().getOutputStream();
        setDue(limits.requestMillisMax());
    }

    private void setDue(long millis) {
        dueNanos = System.nanoTime() + millis * NANOS_PER_MILLI;
    }

    @Override
    public void serve() {
        try {
            while (answerNext(true)) {}
            linger();
        } catch (IOException e) {
            // the client has left, or was disconnected
        }
    }

    @Override
    public void refuse() {
        try {
            answerNext(false);
            linger();
        } catch (IOException e) {
            // the client has left, or was disconnected
        }
    }

    /** Answers a request; returns whether another one may follow. */
    private boolean answerNext(boolean hasPlace) throws IOException {
        if (!in.awaitByte()) {
            return false;
        }
        if (asked) {
            setDue(limits.requestMillisMax());
        }
        asked = true;
        ReceivedRequest request = receive(hasPlace);
        current = request;
        idleSinceNanos = Long.MAX_VALUE;
        try {
            handler.accept(request);
        } finally {
            request.watch().end();
        }
        boolean more = request.response().persists() && request.body().skip();
        setDue(limits.idleMillisMax());
        idleSinceNanos = System.nanoTime();
        current = null;
        return more;
    }

    private ReceivedRequest receive(boolean hasPlace) throws IOException {
        RequestBody.Source source =
                new RequestBody.Source(in, limits.headerBytesMax(), this::write);
        RequestHead head = RequestHead.NONE;
        RequestBody body = RequestBody.of(head, source);
        HttpFailure refusal = null;
        try {
            head = RequestHead.read(in, limits.headerBytesMax());
            body = RequestBody.of(head, source);
            if (!hasPlace && !PROBES.contains(head.uri().getPath())) {
                refusal = HttpFailure.noPlace("too many connections", RETRY_MILLIS);
            }
        } catch (HttpFailure e) {
            refusal = e;
        }
        Response response = new Response(head, body, this::write);
        if (refusal != null || !hasPlace) {
            response.endConnection();
        }
        return new ReceivedRequest(head, body, response, client, new ClientWatch(in), refusal);
    }

    /** Writes in pieces, each of which has its time. */
    private void write(byte[] bytes) throws IOException {
        try {
            for (int from = 0; from < bytes.length; from += WRITE_BYTES) {
                writingSinceNanos = System.nanoTime() | 1;
                out.write(bytes, from, Math.min(WRITE_BYTES, bytes.length - from));
            }
        } finally {
            writingSinceNanos = 0;
        }
    }

    /**
     * Lets the client read the last response: the system drops it if the connection is closed while
     * there are bytes that nobody has read.
     */
    private void linger() throws IOException {
        setDue(LINGER_MILLIS);
        channel.shutdownOutput();
        in.discard();
    }

    @Override
    public void giveWay() {
        close();
    }

    @Override
    public long idleSinceNanos() {
        return idleSinceNanos;
    }

    @Override
    public void giveUpIfStuck(long nowNanos) {
        long writing = writingSinceNanos;
        ReceivedRequest request = current;
        boolean sending = request == null || !request.body().ended();
        if ((writing != 0 && nowNanos - writing > limits.writeMillisMax() * NANOS_PER_MILLI)
                || (sending && nowNanos - dueNanos > 0)) {
            close();
        }
    }

    @Override
    public void close() {
        ReceivedRequest request = current;
        if (request != null) {
            request.watch().gone();
        }
        try {
            channel.close();
        } catch (IOException e) {
            // already closed
        }
    }
}
