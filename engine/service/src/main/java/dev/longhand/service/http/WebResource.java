package dev.longhand.service.http;

/**
 * A resource for browsers.
 *
 * @param type the media type, for example {@code text/html; charset=utf-8}
 * @param bytes the body; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, and large
public record WebResource(String type, byte[] bytes) {}
