package dev.longhand.engine.generation;

import java.util.List;

/** What a generation continues. */
public sealed interface Prompt {
    /** Text that is tokenized as it stands; special tokens written in it count as such. */
    record Text(String text) implements Prompt {}

    /** Token ids; needs no tokenizer. */
    record Ids(List<Integer> ids) implements Prompt {
        public Ids {
            ids = List.copyOf(ids);
        }
    }

    /**
     * A conversation, rendered by the checkpoint's chat template with the answer's opening.
     *
     * @param messages oldest first
     * @param tools JSON function schemas, possibly none
     */
    record Chat(List<ChatMessage> messages, List<String> tools) implements Prompt {
        public Chat {
            messages = List.copyOf(messages);
            tools = List.copyOf(tools);
        }
    }
}
