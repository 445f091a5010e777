package dev.longhand.app.stories;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLinesWriter;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code longhand stories}: word problems for the demo's models and the small study. */
@Command(
        name = "stories",
        description = {
            "Writes arithmetic word problems, or samples of training with their answers.",
            "A story is never both in training data and among held-out problems."
        })
public final class StoriesCommand implements Callable<Integer> {
    /** What is written of a story. */
    enum Kind {
        /** A problem in the study's format. */
        PROBLEMS,
        /** A problem with four answers for {@code evaluate --plain --chat}. */
        ANSWER_CHOICES,
        /** A plain text with four results of its last equation for {@code evaluate --plain}. */
        STEP_CHOICES,
        /** A sample in ShareGPT's layout with the answer alone. */
        ANSWERS,
        /** A sample with a long thought and the answer. */
        THOUGHTS,
        /** The same as plain text without a chat template, as texts of pre-training have it. */
        DOCUMENTS;

        private boolean problem() {
            return this == PROBLEMS || this == ANSWER_CHOICES || this == STEP_CHOICES;
        }
    }

    private static final int ATTEMPTS_MAX = 1000; // for each story

    @Option(
            names = "--kind",
            required = true,
            paramLabel = "KIND",
            description = "What to write: ${COMPLETION-CANDIDATES}.")
    private Kind kind = Kind.PROBLEMS;

    @Option(names = "--count", required = true, paramLabel = "N", description = "How many.")
    private int count;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "The seed.")
    private long seed;

    @Option(
            names = "--lengths",
            paramLabel = "N,N",
            split = ",",
            defaultValue = "1,1,2,2,3",
            description = "Numbers of steps, of which each story draws one.")
    private List<Integer> lengths = List.of();

    @Option(names = "--held-out", description = "Only stories that training data never has.")
    private boolean heldOut;

    @Option(
            names = "--benchmark",
            paramLabel = "NAME",
            defaultValue = "stories",
            description = "The benchmark of the problems, also the beginning of their ids.")
    private String benchmark = "";

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSONL.")
    private Path out = Path.of("");

    @Override
    public Integer call() {
        if (lengths.stream().anyMatch(each -> each < 1 || each > 20)) {
            throw new InputException("--lengths are from 1 to 20");
        }
        StoryTeller teller = new StoryTeller(seed, lengths);
        Set<String> told = new HashSet<>();
        int written = 0;
        try (JsonLinesWriter writer = JsonLinesWriter.create(out)) {
            for (long attempt = 0; written < count; attempt++) {
                if (attempt > (long) count * ATTEMPTS_MAX) {
                    throw new InputException("--count: there are not that many stories");
                }
                Story story = teller.next();
                boolean fresh = !kind.problem() || told.add(story.question());
                if (story.heldOut() == heldOut && fresh) {
                    writer.write(JsonLine.format(json(story, written++)));
                }
            }
            writer.commit();
        }
        return 0;
    }

    private ObjectNode json(Story story, int number) {
        ObjectNode json = JsonLine.newObject();
        if (kind.problem()) {
            json.put("id", benchmark + "-" + number);
            json.put("benchmark", benchmark);
            return problem(json, story);
        }
        if (kind == Kind.DOCUMENTS) {
            json.put("prompt", story.documentPrompt());
            json.put("completion", story.thoughtAndAnswer());
            return json;
        }
        String answer = kind == Kind.ANSWERS ? story.directAnswer() : story.thoughtAndAnswer();
        var turns = json.putArray("conversations");
        turns.addObject().put("from", "user").put("value", story.question());
        turns.addObject().put("from", "assistant").put("value", answer);
        json.putObject("meta").put("source", "stories").put("correct", true);
        return json;
    }

    private ObjectNode problem(ObjectNode json, Story story) {
        if (kind == Kind.PROBLEMS) {
            json.put("question", story.question());
            json.putArray("answers").add(Integer.toString(story.answer()));
            json.putObject("meta").put("steps", story.steps().size());
            return json;
        }
        Choices choices =
                kind == Kind.ANSWER_CHOICES ? Choices.ofAnswer(story) : Choices.ofStep(story);
        json.put("question", choices.question());
        json.putArray("answers").add(choices.letter());
        ObjectNode meta = json.putObject("meta").put("steps", story.steps().size());
        choices.options().forEach(meta.putArray("choices")::add);
        return json;
    }
}
