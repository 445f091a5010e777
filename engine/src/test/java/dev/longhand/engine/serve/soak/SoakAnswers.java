package dev.longhand.engine.serve.soak;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The requests of a soak, what each says alone under each content, and the count of the wrong. */
final class SoakAnswers {
    private static final int WRONG_SHOWN_MAX = 20;

    private final List<SoakRequest> requests = new ArrayList<>();
    private final Map<SoakRequest, Map<Integer, SoakRequest.Answer>> alone = new HashMap<>();
    private final SwappedNames names;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();

    SoakAnswers(SwappedNames names) {
        this.names = names;
    }

    /**
     * Adds a request after asking it, alone, of an engine that nobody else uses.
     *
     * @param contents adapters of that engine by content; null is the base
     */
    void learn(Engine engine, SoakRequest request, Map<Integer, String> contents) {
        Map<Integer, SoakRequest.Answer> answers = new HashMap<>();
        contents.forEach(
                (content, adapter) ->
                        answers.put(
                                content,
                                SoakRequest.answer(
                                        Completion.of(engine, request.request(adapter)))));
        requests.add(request);
        alone.put(request, answers);
    }

    SoakRequest any(Random random) {
        return requests.get(random.nextInt(requests.size()));
    }

    private List<SoakRequest.Answer> possible(SoakRequest request, long sent, long begun) {
        Map<Integer, SoakRequest.Answer> answers = alone.get(request);
        return names.during(request.model(), sent, begun).stream()
                .filter(answers::containsKey)
                .map(answers::get)
                .toList();
    }

    /** An answer that was read to its end must be one of those, to the bit. */
    void checkWhole(SoakRequest request, SoakRequest.Answer answer, long sent, long begun) {
        count("whole answers");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(possible.contains(answer), () -> request + " got " + answer + ", not " + possible);
    }

    /** As far as an answer was read it must be one of those. */
    void checkBegun(SoakRequest request, SoakRequest.Answer answer, long sent, long begun) {
        count("begun answers");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(
                answer.ids().isEmpty() || possible.stream().anyMatch(answer::begins),
                () -> request + " began with " + answer + ", not " + possible);
    }

    /** Errors are those of names that lead nowhere at the moment, and of a full queue. */
    void checkError(SoakRequest request, JsonNode event, long sent) {
        String code = event.path("code").asString("");
        count("errors " + code);
        boolean absent =
                names.during(request.model(), sent, System.nanoTime())
                        .contains(SwappedNames.NONE);
        require(
                code.equals("busy")
                        || absent && (code.equals("unknown_model") || code.equals("bad_request")),
                () -> request + " got " + event);
    }

    synchronized void require(boolean right, Supplier<String> otherwise) {
        if (!right) {
            counts.merge("wrong", 1, Integer::sum);
            if (wrong.size() < WRONG_SHOWN_MAX) {
                wrong.add(otherwise.get());
            }
        }
    }

    synchronized void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    synchronized Map<String, Integer> counts() {
        return new TreeMap<>(counts);
    }
}
