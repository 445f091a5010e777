package dev.longhand.engine.file;

import java.util.ArrayDeque;

/** Stack of open resources that closes them in reverse order. */
public final class OpenResources implements AutoCloseable {
    private final ArrayDeque<AutoCloseable> open = new ArrayDeque<>();

    /** Adds a resource and returns it. */
    public <T extends AutoCloseable> T add(T resource) {
        open.push(resource);
        return resource;
    }

    /** Closes every resource even if closing another fails; idempotent. */
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
