package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.status.AdapterInfo;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A chat: reads messages and commands of the user until it ends, and answers them. */
final class ChatSession {
    /** Share of the context that is kept free for an answer, by forgetting old exchanges. */
    private static final int ANSWER_SHARE = 4;

    private static final String NONE = "none";

    private final Engine engine;
    private final ChatUser user;
    private final UnaryOperator<GenerationRequest> settings;
    private final Conversation conversation;
    private final AnswerView view;
    private @Nullable String adapter;

    /**
     * Starts a conversation.
     *
     * @param settings applies sampling options to a request
     * @param adapter name of the adapter to apply, or null
     * @param system system message, or null
     * @throws InputException if the model has no chat template
     */
    ChatSession(
            Engine engine,
            ChatUser user,
            UnaryOperator<GenerationRequest> settings,
            @Nullable String adapter,
            @Nullable String system) {
        this.engine = engine;
        this.user = user;
        this.settings = settings;
        this.adapter = adapter;
        conversation = new Conversation(system);
        view = new AnswerView(user);
        tokens(conversation.messages("")); // finds out whether the model can chat
    }

    /** Runs until the user ends the chat. */
    void run() throws InterruptedException, IOException {
        String line = user.read();
        while (line != null) {
            ChatCommands.Call call = ChatCommands.parse(line).orElse(null);
            if (call != null) {
                if (call.command().equals(Optional.of(ChatCommands.EXIT))) {
                    return;
                }
                obey(call);
            } else if (!line.isBlank()) {
                answer(line, 0);
            }
            line = user.read();
        }
    }

    private void obey(ChatCommands.Call call) throws InterruptedException {
        ChatCommands command = call.command().orElse(null);
        switch (command) {
            case null ->
                    user.note("there is no command /%s; /help lists them".formatted(call.name()));
            case HELP -> help();
            case RESET -> {
                conversation.reset();
                user.note("the conversation is forgotten");
            }
            case SYSTEM -> instruct(call.argument());
            case ADAPTER -> useAdapter(call.argument());
            case REGENERATE -> regenerate();
            case SAVE -> save(call.argument());
            case THOUGHTS -> view.toggleThoughts();
            case EXIT -> throw new IllegalStateException("run ends the chat");
        }
    }

    private void help() {
        for (ChatCommands each : ChatCommands.values()) {
            user.note(each.help());
        }
        user.note("Ctrl-C stops an answer; Alt-Enter begins a new line of the message");
    }

    private void instruct(String text) {
        if (!text.isEmpty()) {
            conversation.instruct(text.equals(NONE) ? null : text);
        }
        String system = conversation.system();
        user.note(system == null ? "there is no system message" : "system message: " + system);
    }

    private void useAdapter(String name) {
        List<String> known = engine.adapters().list().stream().map(AdapterInfo::name).toList();
        if (name.equals(NONE)) {
            adapter = null;
        } else if (known.contains(name)) {
            adapter = name;
        } else if (!name.isEmpty()) {
            user.note("there is no adapter " + name);
        }
        user.note(
                "adapters: %s; applied: %s"
                        .formatted(
                                known.isEmpty() ? NONE : String.join(", ", known),
                                adapter == null ? NONE : adapter));
    }

    private void regenerate() throws InterruptedException {
        String question = conversation.takeLast();
        if (question == null) {
            user.note("there is no answer yet");
        } else {
            answer(question, view.answers());
        }
    }

    private void save(String file) {
        if (file.isEmpty()) {
            user.note("name a file: /save FILE");
            return;
        }
        ArrayNode messages = new JsonMapper().createArrayNode();
        for (ChatMessage each : conversation.messages()) {
            messages.addObject().put("role", each.role()).put("content", each.content());
        }
        try {
            Path path = Utf8Arguments.path(file);
            Files.writeString(path, messages.toPrettyString(), StandardOpenOption.CREATE_NEW);
            user.note("%d messages written to %s".formatted(messages.size(), path));
        } catch (FileAlreadyExistsException e) {
            user.note(file + " exists; name another file");
        } catch (IOException e) {
            user.note("%s cannot be written: %s".formatted(file, e.getMessage()));
        } catch (InputException e) {
            user.note(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Answers a question. A question that cannot be answered is forgotten, and the chat goes on.
     *
     * @param seedShift added to the seed, if the user has set one
     */
    private void answer(String question, int seedShift) throws InterruptedException {
        try {
            if (!makeRoom(question)) {
                return;
            }
            GenerationRequest request =
                    settings.apply(GenerationRequest.chat(conversation.messages(question)))
                            .withAdapter(adapter);
            Long seed = request.sampling().seed();
            if (seed != null) {
                request = request.withSampling(request.sampling().withSeed(seed + seedShift));
            }
            CollectedAnswer answer = new CollectedAnswer(engine.submit(request));
            view.show(answer);
            conversation.add(question, answer.result().text());
            user.note(answer.summary());
            if (answer.result().reason() == FinishReason.CONTEXT) {
                user.note(
                        "the context of %d tokens is full; the next message makes the chat forget"
                                        .formatted(engine.contextTokensMax())
                                + " its oldest exchanges");
            }
        } catch (InputException e) {
            user.note(OptionNames.reword(String.valueOf(e.getMessage())));
        }
    }

    /** Forgets old exchanges until a question leaves room for an answer; false if none does. */
    private boolean makeRoom(String question) {
        int context = engine.contextTokensMax();
        int promptMax = context - context / ANSWER_SHARE;
        if (tokens(conversation.messages(question)) <= promptMax) {
            return true;
        }
        int alone = tokens(conversation.alone(question));
        if (alone >= context) {
            user.note(
                    "the message has %d tokens, the context holds %d; it is not asked"
                            .formatted(alone, context));
            return false;
        }
        int forgotten = 0;
        while (tokens(conversation.messages(question)) > promptMax && conversation.forgetOldest()) {
            forgotten++;
        }
        if (forgotten > 0) {
            user.note(
                    "the context of %d tokens is full; the oldest exchanges are forgotten: %d"
                            .formatted(context, forgotten));
        }
        return true;
    }

    private int tokens(List<ChatMessage> messages) {
        return engine.tokens(settings.apply(GenerationRequest.chat(messages)).prompt()).length;
    }
}
