import com.fasterxml.jackson.annotation.JsonProperty;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.api.OpenAiApi;
import org.springframework.ai.openai.api.ResponseFormat;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/** Spring AI, without Spring Boot. */
class SpringAiClient {
    /** A shape of answers. */
    record Shape(
            @JsonProperty(required = true) Colour colour,
            @JsonProperty(required = true) int count,
            @JsonProperty(required = true) double share,
            @JsonProperty(required = true) List<String> notes,
            @JsonProperty(required = true) Inner inner,
            @JsonProperty(required = true) LocalDate day) {}

    /** A colour. */
    enum Colour {
        RED,
        BLUE
    }

    /** A part of the shape. */
    record Inner(@JsonProperty(required = true) boolean sure) {}

    static void structured(OpenAiChatModel model) {
        var converter = new BeanOutputConverter<>(Shape.class);
        var format =
                ResponseFormat.builder()
                        .type(ResponseFormat.Type.JSON_SCHEMA)
                        .jsonSchema(converter.getJsonSchema())
                        .build();
        var formed = formed().responseFormat(format).build();
        Shape shape = ChatClient.create(model).prompt("x").options(formed).call().entity(converter);
        require(shape.colour() != null && shape.notes() != null && shape.day() != null, shape);
        var object = ResponseFormat.builder().type(ResponseFormat.Type.JSON_OBJECT).build();
        var any = formed().logitBias(ends()).responseFormat(object).build();
        String text = ChatClient.create(model).prompt("x").options(any).call().content();
        require(text.startsWith("{") && text.endsWith("}"), text);
        var other =
                FunctionToolCallback.builder("other", (Inner input) -> 4)
                        .inputType(Inner.class)
                        .build();
        var forced = formed().toolCallbacks(other).toolChoice("required");
        requireCall(model, forced.parallelToolCalls(false).build());
        var choice = OpenAiApi.ChatCompletionRequest.ToolChoiceBuilder.function("other");
        requireCall(model, formed().toolCallbacks(only(), other).toolChoice(choice).build());
    }

    static void requireCall(OpenAiChatModel model, OpenAiChatOptions options) {
        ChatResponse called =
                model.call(Prompt.builder().content("x").chatOptions(options).build());
        var calls = called.getResult().getOutput().getToolCalls();
        require(calls.size() == 1 && calls.getFirst().name().equals("other"), called);
        require(calls.getFirst().arguments().contains("\"sure\""), called);
    }

    /** Options with which answers in a schema end soon, with all its properties. */
    static OpenAiChatOptions.Builder formed() {
        return OpenAiChatOptions.builder()
                .model("script")
                .maxCompletionTokens(400)
                .internalToolExecutionEnabled(false)
                .logitBias(Map.of(System.getenv("quote"), 100, System.getenv("bracket"), 100));
    }

    static Map<String, Integer> ends() {
        return Map.of(
                System.getenv("quote"), 100,
                System.getenv("bracket"), 100,
                System.getenv("brace"), 100);
    }

    static void require(boolean right, Object given) {
        if (!right) {
            throw new AssertionError(given);
        }
    }

    public static void main(String[] arguments) {
        String url = arguments[0].replace("/v1", "");
        OpenAiChatModel model = model(url, "secret");
        String text = "Hello! I am scripted.";
        ChatResponse whole = model.call(ask("hello").build());
        require(text.equals(whole.getResult().getOutput().getText()), whole);
        require(whole.getMetadata().getUsage().getCompletionTokens() > 0, whole);
        List<ChatResponse> chunks = model.stream(ask("hello").build()).collectList().block();
        StringBuilder streamed = new StringBuilder();
        for (ChatResponse chunk : chunks) {
            String delta =
                    chunk.getResult() == null ? null : chunk.getResult().getOutput().getText();
            streamed.append(delta == null ? "" : delta);
        }
        require(text.contentEquals(streamed), streamed);
        ChatResponse thought = model.call(ask("think1").build());
        require("\nFinal ANSWER: 42".equals(thought.getResult().getOutput().getText()), thought);
        StringBuilder reasoning = new StringBuilder(); // which it gives in streams only
        for (ChatResponse chunk : model.stream(ask("think1").build()).collectList().block()) {
            if (chunk.getResult() != null) {
                var more = chunk.getResult().getOutput().getMetadata();
                reasoning.append(more.getOrDefault("reasoningContent", ""));
            }
        }
        require("Let me check: ANSWER no".contentEquals(reasoning), reasoning);
        ChatResponse called = model.call(tools());
        var call = called.getResult().getOutput().getToolCalls().getFirst();
        require(call.name().equals("only") && call.arguments().equals("{\"a\":[1,2]}"), called);
        structured(model);
        refused("nobody", () -> model.call(ask("hello", options -> options.model("nobody"))));
        refused(
                "temperature",
                () -> model.call(ask("hello", options -> options.temperature(-1.0))));
        refused("token", () -> model(url, "wrong").call(ask("hello").build()));
        System.out.println("ok");
        System.exit(0);
    }

    static OpenAiChatModel model(String url, String key) {
        OpenAiApi api = OpenAiApi.builder().baseUrl(url).apiKey(key).build();
        return OpenAiChatModel.builder().openAiApi(api).build();
    }

    static OpenAiChatOptions.Builder options(String script) {
        return OpenAiChatOptions.builder()
                .model("script")
                .logitBias(Map.of(System.getenv(script), 100));
    }

    static Prompt.Builder ask(String script) {
        return Prompt.builder().content("x").chatOptions(options(script).build());
    }

    static Prompt ask(
            String script, java.util.function.UnaryOperator<OpenAiChatOptions.Builder> more) {
        return Prompt.builder()
                .content("x")
                .chatOptions(more.apply(options(script)).build())
                .build();
    }

    static Prompt tools() {
        return ask(
                "tool6",
                options -> options.toolCallbacks(only()).internalToolExecutionEnabled(false));
    }

    static ToolCallback only() {
        return FunctionToolCallback.builder("only", (Map<?, ?> input) -> 3)
                .inputType(Map.class)
                .build();
    }

    static void refused(String word, Runnable request) {
        try {
            request.run();
        } catch (RuntimeException e) {
            require(String.valueOf(e.getMessage()).contains(word), e);
            return;
        }
        throw new AssertionError(word);
    }
}
