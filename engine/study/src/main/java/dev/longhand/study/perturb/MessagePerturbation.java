package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;
import dev.longhand.study.perturb.Outcome.Fate;
import dev.longhand.study.segment.Segmentation;
import dev.longhand.study.segment.Step;
import dev.longhand.study.segment.TaggedAnswer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Applies the operator of some settings to messages. */
final class MessagePerturbation {
    private final PerturbSettings settings;
    private final DonorSteps donors;
    private final Rewritings rewritings;

    /** The messages that a model has rewritten. */
    interface Rewritings {
        /** Returns what the model wrote for a sample. */
        String of(String id);
    }

    /**
     * Prepares an operator.
     *
     * @param donors the steps to insert; unused by other operators
     * @param rewritings used only where a model removes keywords
     */
    MessagePerturbation(PerturbSettings settings, DonorSteps donors, Rewritings rewritings) {
        this.settings = settings;
        this.donors = donors;
        this.rewritings = rewritings;
    }

    Outcome apply(String id, String message) {
        return settings.operator().usesSteps()
                ? editSteps(id, message)
                : settings.operator() == Operator.DIGITS
                        ? editText(id, message)
                        : removeKeywords(id, message);
    }

    private Outcome removeKeywords(String id, String message) {
        return switch (settings.keywordMode()) {
            case WORD -> editText(id, message);
            case BLOCK -> dropReflections(id, message);
            case MODEL -> takeRewriting(id, message);
        };
    }

    private Outcome editText(String id, String message) {
        Span scope = new Span(0, message.length());
        if (settings.thoughtOnly()) {
            Optional<TaggedAnswer> answer = TaggedAnswer.parse(message);
            if (answer.isEmpty()) {
                return Outcome.unchanged(Fate.UNTAGGED, message);
            }
            int start = answer.get().bodyStart();
            scope = new Span(start, start + answer.get().body().length());
        }
        SeededStream random = settings.stream(id);
        return Outcome.applied(
                settings.operator() == Operator.DIGITS
                        ? DigitCorruption.apply(message, scope, settings.ratio(), random)
                        : KeywordDeletion.apply(
                                message, scope, settings.keywords(), settings.ratio(), random));
    }

    private Outcome dropReflections(String id, String message) {
        Optional<TaggedAnswer> answer = TaggedAnswer.parse(message);
        if (answer.isEmpty()) {
            return Outcome.unchanged(Fate.UNTAGGED, message);
        }
        Perturbed dropped = ReflectionBlocks.drop(answer.get());
        boolean chosen = settings.stream(id).uniform() < settings.ratio();
        return Outcome.applied(
                chosen && dropped.changed() > 0
                        ? dropped
                        : Perturbed.untouched(message, dropped.units()));
    }

    private Outcome takeRewriting(String id, String message) {
        if (!settings.rewrites(id)) {
            return Outcome.applied(Perturbed.untouched(message, 1));
        }
        String rewritten = rewritings.of(id).strip();
        return Rewriting.accepts(message, rewritten)
                ? Outcome.applied(Rewriting.change(message, rewritten))
                : Outcome.unchanged(Fate.REFUSED, message);
    }

    private Outcome editSteps(String id, String message) {
        Optional<TaggedAnswer> tagged = TaggedAnswer.parse(message);
        if (tagged.isEmpty()) {
            return Outcome.unchanged(Fate.UNTAGGED, message);
        }
        Optional<List<Step>> divided =
                settings.segmentation().division().steps(id, tagged.get().body());
        if (divided.isEmpty()) {
            return Outcome.unchanged(Fate.UNDIVIDED, message);
        }
        List<String> sources = new ArrayList<>();
        Perturbed edited = edit(id, tagged.get(), divided.get(), sources);
        boolean same =
                settings.ratio() == 0
                        || (edited.touched() == 0
                                && !settings.segmentation().equals(Segmentation.SEPARATOR));
        return new Outcome(
                Fate.APPLIED,
                same ? Perturbed.untouched(message, edited.units()) : edited,
                sources);
    }

    private Perturbed edit(String id, TaggedAnswer answer, List<Step> steps, List<String> sources) {
        SeededStream random = settings.stream(id);
        return switch (settings.operator()) {
            case DELETE -> StepEdits.delete(answer, steps, settings.ratio(), random);
            case SHUFFLE -> StepEdits.shuffle(answer, steps, settings.ratio(), random);
            default ->
                    StepEdits.insert(
                            answer,
                            steps,
                            settings.ratio(),
                            () -> {
                                DonorSteps.Donation donation = donors.draw(id, random);
                                sources.add(donation.id());
                                return donation.step();
                            },
                            random,
                            settings.keepsOriginal());
        };
    }
}
