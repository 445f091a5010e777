package dev.longhand.service.http;

import dev.longhand.engine.tokenizer.StreamingDetokenizer;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/**
 * The text and bytes of single tokens in responses. Unlike in answers, control tokens appear by
 * name.
 */
final class TokenNames {
    private final @Nullable TokenTable table;

    TokenNames(Optional<Tokenizer> tokenizer) {
        table = tokenizer.map(Tokenizer::table).orElse(null);
    }

    /** The UTF-8 bytes of a token; empty if it has no text or the model has no tokenizer. */
    byte[] bytes(int id) {
        byte[] bytes = new byte[table == null ? 0 : table.length(id)];
        for (int i = 0; i < bytes.length && table != null; i++) {
            bytes[i] = table.byteAt(id, i);
        }
        return bytes;
    }

    /**
     * The bytes that a token adds to a text: none if it is a control token.
     *
     * @param controlText whether control tokens have text
     */
    byte[] textBytes(int id, boolean controlText) {
        boolean silent = table == null || (table.isSpecial(id) && !controlText);
        return silent ? new byte[0] : bytes(id);
    }

    /** The text of a token, or its id in vLLM's notation if it has no text. */
    String text(int id) {
        return table == null || table.length(id) == 0 ? "token_id:" + id : text(List.of(id));
    }

    /** A token with its text, its bytes and a log-probability. */
    ScoredToken scored(int id, float logprob) {
        return new ScoredToken(id, text(id), bytes(id), logprob, 0, List.of());
    }

    /** The bytes of several tokens together. */
    long length(List<Integer> ids) {
        long length = 0;
        for (int id : ids) {
            length += table == null ? 0 : table.length(id);
        }
        return length;
    }

    /** The text of several tokens. */
    String text(List<Integer> ids) {
        StreamingDetokenizer text = new StreamingDetokenizer();
        for (int id : ids) {
            for (byte each : bytes(id)) {
                text.append(each);
            }
        }
        return text.finish();
    }
}
