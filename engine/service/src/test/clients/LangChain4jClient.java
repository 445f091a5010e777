import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** LangChain4j. */
class LangChain4jClient {
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
