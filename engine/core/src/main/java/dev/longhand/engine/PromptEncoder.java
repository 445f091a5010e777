package dev.longhand.engine;

import dev.longhand.engine.chat.ChatTemplate;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/**
 * Encoder of prompts into the token ids of one model. Its constructor reads the chat template; a
 * model without a supported template still takes text and token ids.
 */
final class PromptEncoder {
    private final Path folder;
    private final @Nullable Tokenizer tokenizer;
    private final int vocabularySize;
    private final @Nullable ChatTemplate template;
    private final @Nullable InputException templateFailure;

    /**
     * Reads the chat template of a model folder.
     *
     * @param tokenizer null if the folder has none
     * @param vocabularySize number of rows of the embedding
     */
    PromptEncoder(Path folder, @Nullable Tokenizer tokenizer, int vocabularySize) {
        this.folder = folder;
        this.tokenizer = tokenizer;
        this.vocabularySize = vocabularySize;
        ChatTemplate read = null;
        InputException failure = null;
        try {
            read = ChatTemplate.read(folder);
        } catch (InputException e) {
            failure = e;
        }
        template = read;
        templateFailure = failure;
    }

    private ChatTemplate chatTemplate() {
        if (template == null) {
            String message = templateFailure == null ? "" : templateFailure.getMessage();
            throw new InputException(String.valueOf(message), templateFailure);
        }
        return template;
    }

    /**
     * Returns the text of a prompt; the chat template renders a conversation.
     *
     * @throws InputException if the prompt is token ids, or the template cannot render it
     */
    String text(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Ids ids -> throw new InputException("a prompt of token ids has no text");
            case Prompt.Text text -> text.text();
            case Prompt.Chat chat -> chatTemplate().render(chat.messages(), chat.tools(), true);
        };
    }

    /**
     * Encodes a prompt.
     *
     * @throws InputException if it is empty, or the model cannot take it
     */
    int[] encode(Prompt prompt) {
        int[] tokens =
                switch (prompt) {
                    case Prompt.Ids ids -> ids.ids().stream().mapToInt(Integer::intValue).toArray();
                    case Prompt.Text text -> requireTokenizer().encode(text.text());
                    case Prompt.Chat chat -> requireTokenizer().encode(text(chat));
                };
        if (tokens.length == 0) {
            throw new InputException("the prompt has no tokens");
        }
        requireInVocabulary(tokens);
        return tokens;
    }

    /**
     * Checks that the embedding has a row for each token.
     *
     * @throws InputException if a token has no row
     */
    void requireInVocabulary(int[] tokens) {
        for (int token : tokens) {
            if (token < 0 || token >= vocabularySize) {
                throw new InputException(
                        "token id %d is out of range: the vocabulary has %d rows"
                                .formatted(token, vocabularySize));
            }
        }
    }

    private Tokenizer requireTokenizer() {
        if (tokenizer == null) {
            throw new InputException(
                    "%s has no tokenizer.json; give token ids instead".formatted(folder));
        }
        return tokenizer;
    }
}
