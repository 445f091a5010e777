package dev.longhand.engine;

import java.util.ArrayDeque;

/** What an engine has opened so far, to be closed last first, also if opening the next fails. */
final class OpenResources implements AutoCloseable {
    private final ArrayDeque<AutoCloseable> open = new ArrayDeque<>();

    void add(AutoCloseable resource) {
        open.push(resource);
    }

    /** Closes everything, each whatever became of the others; idempotent. */
    @Override
    public void close() {
        while (!open.isEmpty()) {
            AutoCloseable resource = open.pop();
            try {
                resource.close();
            } catch (Exception e) {
                System.getLogger(OpenResources.class.getName())
                        .log(System.Logger.Level.WARNING, "closing " + resource, e);
            }
        }
    }
}
