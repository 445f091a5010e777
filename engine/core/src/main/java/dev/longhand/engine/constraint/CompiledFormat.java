package dev.longhand.engine.constraint;

/**
 * The automaton of a format.
 *
 * @param first first node of the output: of a thought or of the answer
 * @param start first node of the answer
 * @param firstString first node of the JSON rules for strings
 * @param lastString last node of these rules
 * @param thoughtNode node within a thought before the answer; -1 if there is none
 */
record CompiledFormat(
        Automaton automaton,
        int first,
        int start,
        int firstString,
        int lastString,
        int thoughtNode) {}
