package dev.longhand.study.instruction;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.text.PythonText;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * An instruction of IFEval (arXiv 2311.07911), checked strictly: the response as it is, without the
 * removals of the loose accuracy. The 25 kinds decide as lm-eval 0.4.13 does, with three
 * exceptions: the ends of sentences and the language are decided by {@link Sentences} and {@link
 * ResponseLanguage}, and an argument that lm-eval would draw at random must be there.
 *
 * @param id the name of its kind, for example {@code length_constraints:number_words}
 * @param check decides about a response that is not blank
 */
public record Instruction(String id, Predicate<String> check) {
    private static final Map<String, Function<InstructionArguments, Predicate<String>>> KINDS =
            new HashMap<>();

    static {
        KINDS.putAll(KeywordChecks.KINDS);
        KINDS.putAll(LengthChecks.KINDS);
        KINDS.putAll(FormatChecks.KINDS);
        KINDS.putAll(WholeChecks.KINDS);
    }

    /** The names of all kinds. */
    public static List<String> ids() {
        return KINDS.keySet().stream().sorted().toList();
    }

    /**
     * Reads the instructions of a problem: {@code {"instruction_id_list": [..], "kwargs": [..]}},
     * where {@code kwargs} has an object of arguments for each instruction.
     *
     * @param source names the problem in errors
     * @throws InputException if a kind is not known or an argument is missing
     */
    public static List<Instruction> of(String source, ObjectNode meta) {
        JsonLine line = new JsonLine(source, meta);
        List<String> ids = line.strings("instruction_id_list");
        List<JsonNode> arguments = line.list("kwargs");
        if (arguments.size() != ids.size()) {
            throw line.refuse("kwargs", "must have an object for each instruction");
        }
        List<Instruction> all = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            if (!(arguments.get(i) instanceof ObjectNode own)) {
                throw line.refuse("kwargs", "must have an object for each instruction");
            }
            all.add(of(ids.get(i), new JsonLine(source, own)));
        }
        return all;
    }

    /**
     * Prepares an instruction.
     *
     * @param arguments its arguments under lm-eval's names; null counts as absent
     * @throws InputException if the kind is not known or an argument is missing
     */
    public static Instruction of(String id, JsonLine arguments) {
        Function<InstructionArguments, Predicate<String>> kind = KINDS.get(id);
        if (kind == null) {
            throw arguments.refuse("instruction_id_list", "has the unknown kind " + id);
        }
        return new Instruction(id, kind.apply(new InstructionArguments(id, arguments)));
    }

    /** Whether a response follows the instruction; a blank one follows none. */
    public boolean followed(String response) {
        return !PythonText.strip(response).isEmpty() && check.test(response);
    }
}
