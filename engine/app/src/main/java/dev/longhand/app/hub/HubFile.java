package dev.longhand.app.hub;

import dev.longhand.engine.file.Sha256;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file of a repository.
 *
 * @param path relative to the repository, with slashes
 * @param bytes its size
 * @param hash the name of its blob: the SHA-256 of a large file, or git's SHA-1 of a small one
 */
record HubFile(String path, long bytes, String hash) {
    private static final int SHA_256_DIGITS = 64;

    /** Creates the digest that ends as the hash once it has seen the content. */
    MessageDigest digest() {
        if (hash.length() == SHA_256_DIGITS) {
            return Sha256.digest();
        }
        try {
            MessageDigest git = MessageDigest.getInstance("SHA-1");
            git.update(("blob " + bytes + "\0").getBytes(StandardCharsets.US_ASCII));
            return git;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** Whether a digest that has seen the content is right. */
    boolean matches(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).equals(hash);
    }
}
