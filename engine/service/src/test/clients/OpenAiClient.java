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

import java.util.Map;

/** openai's client for Java. */
class OpenAiClient {
    static ChatCompletionCreateParams.Builder ask(String script) {
        return ChatCompletionCreateParams.builder()
                .model("script")
                .addUserMessage("x")
                .putAdditionalBodyProperty(
                        "logit_bias", JsonValue.from(Map.of(System.getenv(script), 100)));
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
