package dev.longhand.engine.generation;

import java.util.List;

/** Prompt that a generation continues. */
public sealed interface Prompt {
    /**
     * Text without a chat template. Special tokens written in it are encoded as special tokens.
     *
     * @param begins whether BOS comes before the text, where the model's tokenizer puts it there; a
     *     text that spells it out gets no second one
     */
    record Text(String text, boolean begins) implements Prompt {
        /** Creates a text that begins a sequence. */
        public Text(String text) {
            this(text, true);
        }
    }

    /** Token ids; they need no tokenizer. */
    record Ids(List<Integer> ids) implements Prompt {
        public Ids {
            ids = List.copyOf(ids);
        }
    }

    /**
     * Conversation. The chat template of the checkpoint renders it.
     *
     * @param messages oldest first
     * @param tools JSON function schemas, possibly none
     * @param options further values for the template
     */
    record Chat(List<ChatMessage> messages, List<String> tools, TemplateOptions options)
            implements Prompt {
        /** Creates a conversation whose answer the template opens. */
        public Chat(List<ChatMessage> messages, List<String> tools) {
            this(messages, tools, TemplateOptions.DEFAULT);
        }

        public Chat {
            messages = List.copyOf(messages);
            tools = List.copyOf(tools);
        }
    }
}
