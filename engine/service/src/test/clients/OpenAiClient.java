import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.FunctionDefinition;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption.Auto;
import com.openai.models.responses.ResponseCreateParams;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** openai's client for Java. */
class OpenAiClient {
    static ChatCompletionCreateParams.Builder ask(String script) {
        return ChatCompletionCreateParams.builder()
                .model("script")
                .addUserMessage("x")
                .putAdditionalBodyProperty(
                        "logit_bias", JsonValue.from(Map.of(System.getenv(script), 100)));
    }

    /** A shape of answers. */
    public static class Shape {
        public Colour colour;
        public int count;
        public double share;
        public List<String> notes;
        public Optional<Boolean> sure;
    }

    /** A colour. */
    public enum Colour {
        RED,
        BLUE
    }

    /** A function, whose arguments its fields are. */
    @JsonTypeName("other")
    @JsonClassDescription("Two.")
    public static class Other {
        public boolean sure;
    }

    /** A question whose answers end soon once they are JSON. */
    static ChatCompletionCreateParams.Builder formed() {
        return ChatCompletionCreateParams.builder()
                .model("script")
                .addUserMessage("x")
                .maxCompletionTokens(400)
                .putAdditionalBodyProperty("logit_bias", ends());
    }

    static JsonValue ends() {
        return JsonValue.from(
                Map.of(
                        System.getenv("quote"), 100,
                        System.getenv("bracket"), 100,
                        System.getenv("brace"), 100));
    }

    static void structured(OpenAIClient client) {
        var chats = client.chat().completions();
        var answer = chats.create(formed().responseFormat(Shape.class).build());
        Shape shape = answer.choices().getFirst().message().content().orElseThrow();
        require(shape.colour != null && shape.notes != null && shape.sure != null, shape);
        var response =
                client.responses()
                        .create(
                                ResponseCreateParams.builder()
                                        .model("script")
                                        .input("x")
                                        .putAdditionalBodyProperty("logit_bias", ends())
                                        .text(Shape.class)
                                        .build());
        Shape ordered =
                response.output().stream()
                        .flatMap(item -> item.message().stream())
                        .flatMap(message -> message.content().stream())
                        .flatMap(content -> content.outputText().stream())
                        .findFirst()
                        .orElseThrow();
        require(ordered.colour == shape.colour && ordered.count == shape.count, response);
        var function = FunctionDefinition.builder().name("only").build();
        var required = ChatCompletionToolChoiceOption.ofAuto(Auto.REQUIRED);
        var forced =
                chats.create(
                        formed().addFunctionTool(function)
                                .toolChoice(required)
                                .parallelToolCalls(false)
                                .build());
        require(calls(forced).getFirst().asFunction().function().name().equals("only"), forced);
        var choice =
                ChatCompletionNamedToolChoice.builder()
                        .function(
                                ChatCompletionNamedToolChoice.Function.builder()
                                        .name("other")
                                        .build())
                        .build();
        var named =
                chats.create(
                        formed().addFunctionTool(function)
                                .addTool(Other.class)
                                .toolChoice(choice)
                                .build());
        require(calls(named).size() == 1, named);
        var call = calls(named).getFirst().asFunction().function();
        require(call.name().equals("other") && call.arguments(Other.class) != null, named);
    }

    static List<ChatCompletionMessageToolCall> calls(ChatCompletion answer) {
        return answer.choices().getFirst().message().toolCalls().orElseThrow();
    }

    static void require(boolean right, Object given) {
        if (!right) {
            throw new AssertionError(given);
        }
    }

    static void refused(Class<? extends Exception> kind, Runnable request) {
        try {
            request.run();
        } catch (RuntimeException e) {
            require(kind.isInstance(e), e);
            return;
        }
        throw new AssertionError(kind);
    }

    public static void main(String[] arguments) {
        OpenAIClient client =
                OpenAIOkHttpClient.builder()
                        .baseUrl(arguments[0])
                        .apiKey("secret")
                        .maxRetries(0)
                        .build();
        var chats = client.chat().completions();
        ChatCompletion whole = chats.create(ask("hello").build());
        require(
                whole.choices()
                        .getFirst()
                        .message()
                        .content()
                        .orElse("")
                        .equals("Hello! I am scripted."),
                whole);
        StringBuilder streamed = new StringBuilder();
        try (StreamResponse<ChatCompletionChunk> chunks =
                chats.createStreaming(ask("hello").build())) {
            chunks.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .forEach(choice -> choice.delta().content().ifPresent(streamed::append));
        }
        require(streamed.toString().equals("Hello! I am scripted."), streamed);
        var function = FunctionDefinition.builder().name("only").build();
        ChatCompletion called = chats.create(ask("tool6").addFunctionTool(function).build());
        var call =
                called.choices()
                        .getFirst()
                        .message()
                        .toolCalls()
                        .orElseThrow()
                        .getFirst()
                        .asFunction();
        require(call.function().name().equals("only"), called);
        require(call.function().arguments().equals("{\"a\":[1,2]}"), called);
        var thought = chats.create(ask("think1").build()).choices().getFirst().message();
        String reasoning = String.valueOf(thought._additionalProperties().get("reasoning_content"));
        require(reasoning.equals("Let me check: ANSWER no"), thought);
        require(thought.content().orElse("").equals("\nFinal ANSWER: 42"), thought);
        structured(client);
        refused(NotFoundException.class, () -> chats.create(ask("hello").model("nobody").build()));
        refused(
                BadRequestException.class,
                () -> chats.create(ask("hello").temperature(-1.0).build()));
        OpenAIClient stranger =
                OpenAIOkHttpClient.builder().baseUrl(arguments[0]).apiKey("wrong").build();
        refused(UnauthorizedException.class, () -> stranger.models().list());
        System.out.println("ok");
        System.exit(0); // the client's threads go on for a minute
    }
}
