package dev.longhand.engine.file;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, the hash that identifies files, settings and adapters. */
public final class Sha256 {
    private Sha256() {}

    /** Creates an empty digest. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Returns the 32 bytes of the hash of a text in UTF-8. */
    public static byte[] bytes(String text) {
        return digest().digest(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the 64 hexadecimal digits of the hash of a text in UTF-8. */
    public static String hex(String text) {
        return HexFormat.of().formatHex(bytes(text));
    }

    /** Returns the 64 hexadecimal digits of a digest and resets it. */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
