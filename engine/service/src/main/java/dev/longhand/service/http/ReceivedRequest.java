package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;

/**
 * A request as it came over a connection.
 *
 * @param client the address of the client
 * @param refusal what is wrong with it before its content matters; null if nothing is
 */
record ReceivedRequest(
        RequestHead head,
        RequestBody body,
        Response response,
        InetSocketAddress client,
        ClientWatch watch,
        @Nullable HttpFailure refusal) {}
