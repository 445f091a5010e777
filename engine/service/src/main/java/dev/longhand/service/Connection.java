package dev.longhand.service;

/**
 * One client of {@link Connections}.
 *
 * <p>{@link #serve} or {@link #refuse} is called once, by a thread of the connection's own; the
 * other methods by any thread.
 */
public interface Connection {
    /** Serves the client until one of both ends the connection. */
    void serve();

    /** Tells the client that there is no place for it, and ends the connection. */
    void refuse();

    /** Ends this connection, which idles, since another one needs its place. May block. */
    void giveWay();

    /** The time since which the connection is of no use; {@link Long#MAX_VALUE} if it is of use. */
    long idleSinceNanos();

    /** Disconnects a client that exceeds a time limit. */
    void giveUpIfStuck(long nowNanos);

    /** Closes the connection and cancels its generations. */
    void close();
}
