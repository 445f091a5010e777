package dev.longhand.engine.chat;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.ToolCall;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * ChatML of Qwen2.5, with tool calls.
 *
 * @param defaultSystem system message for a conversation that does not start with one
 */
record Qwen25ChatTemplate(String defaultSystem) implements ChatTemplate {
    private static final String TOOLS_HEAD =
            """


            # Tools

            You may call one or more functions to assist with the user query.

            You are provided with function signatures within <tools></tools> XML tags:
            <tools>\
            """;

    private static final String TOOLS_TAIL =
            """

            </tools>

            For each function call, return a json object with function name and arguments within \
            <tool_call></tool_call> XML tags:
            <tool_call>
            {"name": <function-name>, "arguments": <args-json-object>}
            </tool_call><|im_end|>
            """;

    @Override
    public String render(List<ChatMessage> messages, List<String> tools, boolean openAnswer) {
        if (messages.isEmpty()) {
            throw new InputException("a conversation has at least one message");
        }
        StringBuilder out = new StringBuilder();
        boolean ownSystem = messages.getFirst().role().equals("system");
        String system = ownSystem ? content(messages.getFirst()) : defaultSystem;
        out.append("<|im_start|>system\n").append(system);
        if (tools.isEmpty()) {
            out.append("<|im_end|>\n");
        } else {
            out.append(TOOLS_HEAD);
            tools.forEach(tool -> out.append('\n').append(PythonJson.rewrite(tool)));
            out.append(TOOLS_TAIL);
        }
        for (int i = ownSystem ? 1 : 0; i < messages.size(); i++) {
            append(out, messages, i);
        }
        if (openAnswer) {
            out.append("<|im_start|>assistant\n");
        }
        return out.toString();
    }

    private static void append(StringBuilder out, List<ChatMessage> messages, int index) {
        ChatMessage message = messages.get(index);
        switch (message.role()) {
            case "system", "user" -> appendPlain(out, message);
            case "assistant" -> {
                if (message.toolCalls().isEmpty()) {
                    appendPlain(out, message);
                } else {
                    appendCalls(out, message);
                }
            }
            case "tool" -> {
                boolean first = index == 0 || !isTool(messages.get(index - 1));
                boolean last = index == messages.size() - 1 || !isTool(messages.get(index + 1));
                out.append(first ? "<|im_start|>user" : "")
                        .append("\n<tool_response>\n")
                        .append(content(message))
                        .append("\n</tool_response>")
                        .append(last ? "<|im_end|>\n" : "");
            }
            default -> throw new InputException("there is no role " + message.role());
        }
    }

    private static boolean isTool(ChatMessage message) {
        return message.role().equals("tool");
    }

    private static void appendPlain(StringBuilder out, ChatMessage message) {
        out.append("<|im_start|>")
                .append(message.role())
                .append('\n')
                .append(content(message))
                .append("<|im_end|>\n");
    }

    private static void appendCalls(StringBuilder out, ChatMessage message) {
        out.append("<|im_start|>assistant");
        @Nullable String content = message.content();
        if (content != null && !content.isEmpty()) {
            out.append('\n').append(content);
        }
        for (ToolCall call : message.toolCalls()) {
            out.append("\n<tool_call>\n{\"name\": \"")
                    .append(call.name())
                    .append("\", \"arguments\": ")
                    .append(PythonJson.rewrite(call.arguments()))
                    .append("}\n</tool_call>");
        }
        out.append("<|im_end|>\n");
    }

    private static String content(ChatMessage message) {
        String content = message.content();
        if (content == null) {
            throw new InputException("a message of role " + message.role() + " needs content");
        }
        return content;
    }
}
