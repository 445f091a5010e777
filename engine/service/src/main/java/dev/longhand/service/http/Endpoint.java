package dev.longhand.service.http;

import java.io.IOException;

/** What answers the requests for one path. */
interface Endpoint {
    /**
     * Answers a request.
     *
     * @throws RuntimeException told to the client as an error
     * @throws IOException if the client has gone
     */
    void answer(Exchange exchange) throws IOException;
}
