import com.fasterxml.jackson.annotation.JsonProperty;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.service.AiServices;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** LangChain4j. */
class LangChain4jClient {
    /** A shape of answers. */
    record Shape(
            @JsonProperty(required = true) Colour colour,
            @JsonProperty(required = true) int count,
            @JsonProperty(required = true) double share,
            @JsonProperty(required = true) List<String> notes,
            @JsonProperty(required = true) Inner inner) {}

    /** A colour. */
    enum Colour {
        RED,
        BLUE
    }

    /** A part of the shape. */
    record Inner(@JsonProperty(required = true) boolean sure) {}

    /** A service, which the client implements by chats. */
    interface Shapes {
        Shape shape(String question);
    }

    static void structured(String url) {
        Shape shape = AiServices.create(Shapes.class, formed(url).build()).shape("x");
        require(shape.colour() != null && shape.notes() != null && shape.inner() != null, shape);
        OpenAiChatModel model = formed(url).logitBias(ends()).strictTools(true).build();
        ChatRequest.Builder ask = ChatRequest.builder().messages(UserMessage.from("x"));
        ResponseFormat any = ResponseFormat.builder().type(ResponseFormatType.JSON).build();
        String object = model.chat(ask.responseFormat(any).build()).aiMessage().text();
        require(object.startsWith("{") && object.endsWith("}"), object);
        var arguments =
                JsonObjectSchema.builder().addBooleanProperty("sure").required("sure").build();
        var only = ToolSpecification.builder().name("only").parameters(arguments).build();
        ChatResponse forced =
                model.chat(
                        ChatRequest.builder()
                                .messages(UserMessage.from("x"))
                                .toolSpecifications(only)
                                .toolChoice(ToolChoice.REQUIRED)
                                .build());
        var calls = forced.aiMessage().toolExecutionRequests();
        require(calls.size() == 1 && calls.getFirst().name().equals("only"), forced);
        require(calls.getFirst().arguments().contains("\"sure\""), forced);
    }

    /** A model whose answers in a schema end soon, with all its properties. */
    static OpenAiChatModel.OpenAiChatModelBuilder formed(String url) {
        return OpenAiChatModel.builder()
                .baseUrl(url)
                .apiKey("secret")
                .modelName("script")
                .maxRetries(0)
                .maxCompletionTokens(400)
                .parallelToolCalls(false)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
                .strictJsonSchema(true)
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

    static void refused(Class<? extends Exception> kind, Runnable request) {
        try {
            request.run();
        } catch (RuntimeException e) {
            require(kind.isInstance(e), e);
            return;
        }
        throw new AssertionError(kind);
    }

    public static void main(String[] arguments) throws Exception {
        ChatRequest.Builder ask = ChatRequest.builder().messages(UserMessage.from("x"));
        ChatResponse whole = chat(arguments[0], "hello", "secret", "script").chat(ask.build());
        require(whole.aiMessage().text().equals("Hello! I am scripted."), whole);
        require(whole.tokenUsage().outputTokenCount() > 0, whole);
        StringBuilder streamed = new StringBuilder();
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(arguments[0])
                .apiKey("secret")
                .modelName("script")
                .logitBias(Map.of(System.getenv("hello"), 100))
                .build()
                .chat(
                        ask.build(),
                        new StreamingChatResponseHandler() {
                            @Override
                            public void onPartialResponse(String text) {
                                streamed.append(text);
                            }

                            @Override
                            public void onCompleteResponse(ChatResponse response) {
                                end.complete(response);
                            }

                            @Override
                            public void onError(Throwable error) {
                                end.completeExceptionally(error);
                            }
                        });
        end.get();
        require(streamed.toString().equals("Hello! I am scripted."), streamed);
        ChatResponse thought = chat(arguments[0], "think1", "secret", "script").chat(ask.build());
        require("Let me check: ANSWER no".equals(thought.aiMessage().thinking()), thought);
        require(thought.aiMessage().text().equals("\nFinal ANSWER: 42"), thought);
        ask.toolSpecifications(ToolSpecification.builder().name("only").build());
        ChatResponse called = chat(arguments[0], "tool6", "secret", "script").chat(ask.build());
        var call = called.aiMessage().toolExecutionRequests().getFirst();
        require(call.name().equals("only") && call.arguments().equals("{\"a\":[1,2]}"), called);
        structured(arguments[0]);
        refused(
                ModelNotFoundException.class,
                () -> chat(arguments[0], "hello", "secret", "nobody").chat("x"));
        refused(
                AuthenticationException.class,
                () -> chat(arguments[0], "hello", "wrong", "script").chat("x"));
        System.out.println("ok");
    }

    static OpenAiChatModel chat(String url, String script, String key, String model) {
        return OpenAiChatModel.builder()
                .baseUrl(url)
                .apiKey(key)
                .modelName(model)
                .maxRetries(0)
                .returnThinking(true)
                .logitBias(Map.of(System.getenv(script), 100))
                .build();
    }
}
