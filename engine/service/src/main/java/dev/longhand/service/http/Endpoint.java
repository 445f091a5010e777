package dev.longhand.service.http;

import java.io.IOException;

/** Handles the requests of one path. */
interface Endpoint {
    /**
     * Answers a request.
     *
     * @throws RuntimeException reported to the client as an error
     * @throws IOException if the client has disconnected
     */
    void answer(Exchange exchange) throws IOException;
}
