package dev.longhand.service.soak;

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

/** The requests of a soak with their expected answers by content, and the number of errors. */
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
     * Adds a request and runs it alone, in an engine without other requests.
     *
     * @param contents the adapters of that engine by content; null is the base
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

    /** Checks that a complete answer equals one of the expected answers, bit by bit. */
    void checkWhole(SoakRequest request, SoakRequest.Answer answer, long sent, long begun) {
        count("whole answers");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(possible.contains(answer), () -> request + " got " + answer + ", not " + possible);
    }

    /** Checks that an incomplete answer is a prefix of an expected answer. */
    void checkBegun(SoakRequest request, SoakRequest.Answer answer, long sent, long begun) {
        count("begun answers");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(
                answer.ids().isEmpty() || possible.stream().anyMatch(answer::begins),
                () -> request + " began with " + answer + ", not " + possible);
    }

    /** Checks an error: only names without content and a full queue may cause one. */
    void checkError(SoakRequest request, JsonNode event, long sent) {
        String code = event.path("code").asString("");
        count("errors " + code);
        boolean absent =
                names.during(request.model(), sent, System.nanoTime()).contains(SwappedNames.NONE);
        require(
                code.equals("busy")
                        || absent && (code.equals("unknown_model") || code.equals("bad_request")),
                () -> request + " got " + event);
    }

    /** Checks a rejected request. */
    void checkStatus(SoakRequest request, int status, String body, long sent) {
        count("errors HTTP " + status);
        boolean absent =
                names.during(request.model(), sent, System.nanoTime()).contains(SwappedNames.NONE);
        require(
                status == 429 || status == 503 || absent && (status == 404 || status == 400),
                () -> request + " got " + status + ": " + body);
    }

    /** Checks a complete answer over HTTP, which has the log-probabilities of the tokens alone. */
    void checkOverHttp(
            SoakRequest request,
            List<Integer> ids,
            List<Float> logprobs,
            String text,
            String finish,
            long sent,
            long begun) {
        count("whole answers over HTTP");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(
                possible.stream()
                        .anyMatch(
                                each ->
                                        each.ids().equals(ids)
                                                && each.text().equals(text)
                                                && each.finish().equals(finish)
                                                && sameLogprobs(request, each, logprobs)),
                () -> request + " got " + ids + finish + logprobs + text + ", not " + possible);
    }

    /** Checks an incomplete answer over HTTP. */
    void checkBegunOverHttp(
            SoakRequest request, List<Integer> ids, List<Float> logprobs, long sent, long begun) {
        count("begun answers over HTTP");
        List<SoakRequest.Answer> possible = possible(request, sent, begun);
        require(
                possible.stream()
                        .anyMatch(
                                each ->
                                        ids.size() <= each.ids().size()
                                                && each.ids().subList(0, ids.size()).equals(ids)
                                                && sameLogprobs(request, each, logprobs)),
                () -> request + " began with " + ids + logprobs + ", not " + possible);
    }

    /** Known for requests with log-probabilities: the sampled token's own is among them. */
    private static boolean sameLogprobs(
            SoakRequest request, SoakRequest.Answer alone, List<Float> logprobs) {
        if (request.logprobs() == 0) {
            return true;
        }
        for (int i = 0; i < logprobs.size(); i++) {
            String sampled = alone.ids().get(i) + ":" + logprobs.get(i);
            if (!List.of(alone.logprobs().get(i).split(" ")).contains(sampled)) {
                return false;
            }
        }
        return true;
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
